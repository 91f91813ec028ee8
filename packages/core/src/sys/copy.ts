/**
 * Copies inside a region and between two, by what is fastest in the runtime.
 *
 * @module
 */

import type { Memory } from "../device.ts";
import { EFAULT } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { libc } from "./libc.ts";

type Move = (dst: number, src: number, bytes: number) => void;

let byAddress = false;
let move: Move | undefined;

function prepare(): Move {
  byAddress = runtime().copiesByAddress;
  return move = libc().memmove;
}

function outside(what: string, at: number, bytes: number, memory: Memory): NetmapError {
  const has = memory.closed ? "it is closed" : `it has ${memory.size}`;
  return new NetmapError(EFAULT, `Cannot copy '${bytes}' bytes ${what} offset '${at}' of a region as ${has}`);
}

/**
 * Copies inside a region; source and destination may overlap.
 *
 * @param memory the region
 * @param dst first byte to write
 * @param src first byte to read
 * @param bytes how many
 * @throws {NetmapError} EFAULT when either end is outside the region, or the region is closed
 */
export function copyWithin(memory: Memory, dst: number, src: number, bytes: number): void {
  const size = memory.size;
  // Written so that NaN fails too.
  if (!(bytes >= 0 && dst >= 0 && dst + bytes <= size)) throw outside("to", dst, bytes, memory);
  if (!(src >= 0 && src + bytes <= size)) throw outside("from", src, bytes, memory);
  const copy = move ?? prepare();
  if (byAddress) copy(memory.address + dst, memory.address + src, bytes);
  else memory.u8.copyWithin(dst, src, src + bytes);
}

/**
 * Copies from one region to another.
 *
 * @param dstMemory where to write
 * @param dst first byte there
 * @param srcMemory where to read
 * @param src first byte there
 * @param bytes how many
 * @throws {NetmapError} EFAULT when either end is outside its region, or a region is closed
 */
export function copyBetween(
  dstMemory: Memory,
  dst: number,
  srcMemory: Memory,
  src: number,
  bytes: number,
): void {
  if (!(bytes >= 0 && dst >= 0 && dst + bytes <= dstMemory.size)) {
    throw outside("to", dst, bytes, dstMemory);
  }
  if (!(src >= 0 && src + bytes <= srcMemory.size)) throw outside("from", src, bytes, srcMemory);
  const copy = move ?? prepare();
  copy(dstMemory.address + dst, srcMemory.address + src, bytes);
}
