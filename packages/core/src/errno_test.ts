import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { itRequires } from "@netmap/test-support";
import { compileAndRun } from "./abi/cc_fixture.ts";
import * as errno from "./errno.ts";

const CONSTANTS: readonly [string, number][] = Object.entries(errno).flatMap(([name, value]) =>
  typeof value === "number" ? [[name, value] as [string, number]] : []
);
/** Second names of a number; errnoName() gives the first. */
const ALIASES: Readonly<Record<string, string>> = { EWOULDBLOCK: "EAGAIN", ENOTSUP: "EOPNOTSUPP" };

describe("errno", () => {
  const compare = (os: errno.ErrnoOs) => () => {
    const names = CONSTANTS.map(([name]) => name).filter((name) => !(name in ALIASES));
    const prints = names.map((name) => `printf("${name} %d\\n", ${name});`).join("\n");
    const source = `#include <errno.h>\n#include <stdio.h>\nint main(void) {\n${prints}\n}\n`;
    const ours = names.map((name) => [name, String(errno.errnoNumber(name, os))]);
    assertEquals(compileAndRun(source), ours);
  };
  const os = process.platform;
  if (os === "linux" || os === "freebsd") {
    itRequires({ programs: ["cc"] }, "has the numbers of the system's errno.h", compare(os));
  } else {
    it.skip("has the numbers of the system's errno.h: needs Linux or FreeBSD", () => {});
  }

  it("names every constant", () => {
    assert(CONSTANTS.length > 50);
    for (const [name, value] of CONSTANTS) {
      assertEquals(errno.errnoName(value), ALIASES[name] ?? name);
      assertEquals(errno.errnoName(-value), ALIASES[name] ?? name);
      if (!(name in ALIASES)) assertEquals(errno.errnoNumber(name), value);
    }
    assertEquals(errno.errnoName(999), "E999");
    assertEquals(errno.errnoNumber("ENONSENSE"), undefined);
    assertEquals(errno.errnoNumber("toString"), undefined);
  });

  it("translates FreeBSD's numbers, where EAGAIN and EDEADLK are the other way round", () => {
    assertEquals(errno.errnoName(35, "freebsd"), "EAGAIN");
    assertEquals(errno.errnoName(11, "freebsd"), "EDEADLK");
    assertEquals(errno.errnoFromOs(45, "freebsd"), errno.EOPNOTSUPP);
    assertEquals(errno.errnoFromOs(16, "freebsd"), errno.EBUSY);
    assertEquals(errno.errnoFromOs(9999, "freebsd"), 9999);
    assertEquals(errno.errnoFromOs(errno.ENOBUFS, "linux"), errno.ENOBUFS);
    for (const [name, value] of CONSTANTS) {
      if (name in ALIASES) continue;
      assertEquals(errno.errnoFromOs(errno.errnoNumber(name, "freebsd")!, "freebsd"), value, name);
    }
  });
});
