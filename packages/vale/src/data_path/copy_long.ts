/**
 * Copies that are too long for a loop of our own.
 *
 * @module
 */

import { copyBetween, copyWithin, type Memory } from "@netmap/core";

/**
 * Copies a packet.
 *
 * @param d word to write to
 * @param s word to read from
 */
export function copyLong(
  dstMemory: Memory,
  d: number,
  srcMemory: Memory,
  s: number,
  bytes: number,
): void {
  if (dstMemory === srcMemory) copyWithin(dstMemory, d * 4, s * 4, bytes);
  else copyBetween(dstMemory, d * 4, srcMemory, s * 4, bytes);
}

/**
 * Copies a packet of up to some hundred bytes in blocks of 16 words, where the loop of `copy_run.ts`
 * cannot be used.
 *
 * @param d word to write to
 * @param s word to read from
 */
export function copyShort(
  dst: Int32Array,
  d: number,
  src: Int32Array,
  s: number,
  bytes: number,
): void {
  const end = (s + (((bytes + 15) >> 4) << 2)) | 0;
  for (; s < end; s = (s + 4) | 0, d = (d + 4) | 0) {
    const a = src[s];
    const b = src[(s + 1) | 0];
    const c = src[(s + 2) | 0];
    const e = src[(s + 3) | 0];
    dst[d] = a;
    dst[(d + 1) | 0] = b;
    dst[(d + 2) | 0] = c;
    dst[(d + 3) | 0] = e;
  }
}
