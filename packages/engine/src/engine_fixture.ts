/**
 * What the engine's tests share: how many objects of a region are free, as one comparable value.
 *
 * @module
 */

import type { Engine } from "./engine.ts";
import { GLOBAL_MEM_ID } from "./memory/region.ts";

/** Free objects of the global region: equal before and after means that nothing leaked. */
export function freeObjects(engine: Engine): { ifs: number; rings: number; bufs: number } {
  const { ifs, rings, bufs } = engine.region(GLOBAL_MEM_ID);
  return { ifs: ifs.free, rings: rings.free, bufs: bufs.free };
}
