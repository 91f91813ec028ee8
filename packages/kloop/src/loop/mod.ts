/**
 * The loop itself, for threads that are attached to an engine's images.
 *
 * @module
 */

export { type KloopCounters, kloopCounters } from "./counters.ts";
export type { KloopOptions, RingError } from "./rings.ts";
export { runKloop, type RunOptions } from "./run.ts";
export { serveKloop } from "./serve.ts";
export { isRunning as isKloopRunning } from "./state.ts";
