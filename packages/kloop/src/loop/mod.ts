/**
 * The loop itself, for threads that are attached to an engine's images.
 *
 * @module
 */

export * from "./counters.ts";
export * from "./rings.ts";
export * from "./run.ts";
export * from "./serve.ts";
