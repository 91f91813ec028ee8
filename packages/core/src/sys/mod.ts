/**
 * The system: libc, shared memory, wake-ups, waiting, copies.
 *
 * @module
 */

export * from "../runtime/mod.ts";
export * from "./constants.ts";
export * from "./copy.ts";
export * from "./file_stat.ts";
export * from "./host.ts";
export * from "./libc.ts";
export * from "./linux.ts";
export { findMapping } from "./live_mappings.ts";
export * from "./mapping.ts";
export * from "./system.ts";
