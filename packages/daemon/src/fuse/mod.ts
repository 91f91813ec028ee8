/**
 * An engine as a device file for programs that nobody changed.
 *
 * @module
 */

export type { FuseCounters } from "./fuse_server.ts";
export * from "./serve_fuse.ts";
