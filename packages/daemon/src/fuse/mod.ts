/**
 * An engine as a device file for programs that nobody changed.
 *
 * @module
 */

export * from "./mount_point.ts";
export * from "./serve_fuse.ts";
