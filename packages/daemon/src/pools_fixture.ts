/** What is free in an engine's memory, as one comparable value. */

import type { Engine } from "@netmap/engine";

/** Free interfaces, rings and buffers of each region. */
export function freeBuffers(engine: Engine): Record<number, readonly number[]> {
  const free: Record<number, readonly number[]> = {};
  for (const { id, ifs, rings, bufs } of engine.regions) {
    free[id] = [ifs.free, rings.free, bufs.free];
  }
  return free;
}
