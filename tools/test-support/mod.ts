// What tests share that `@std` does not have: tests that need a privilege, a program or a device file.
//
// Such a test is never silently absent: without its need it is listed as skipped with the reason, which
// names the Debian package, and where NETMAP_NO_SKIP=1 is set (CI) the missing need is a failure.

export { itRequires, type Needs, requires } from "./requires.ts";
export { packageOf } from "./programs.ts";
