/**
 * The system: libc, shared memory, wake-ups, waiting, copies.
 *
 * @module
 */

export * from "./constants.ts";
export * from "./copy.ts";
export * from "./libc.ts";
export * from "./linux.ts";
export * from "./mapping.ts";
export * from "./system.ts";
