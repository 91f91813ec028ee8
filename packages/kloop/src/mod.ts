/**
 * CSB mode and the sync kloop: rings that are exchanged through shared memory, and the loop that
 * serves them.
 *
 * @module
 */

export * from "./attached.ts";
export * from "./client/mod.ts";
export { entryCount, hasCsb, type MappedCsb, mapRecordedCsb } from "./csb_area.ts";
export * from "./direct.ts";
export * from "./handle.ts";
export * from "./kloop.ts";
export * from "./loop/mod.ts";
export * from "./open_csb.ts";
export * from "./requests.ts";
export type { ThreadOptions } from "./start.ts";
