/**
 * Second half of a batch for the common case, the innermost loops: packets of one slot each, all
 * from one list. `copy.ts` has the general way.
 *
 * Measured with 60-byte frames in bursts of 256 (Bun / Deno, Mpps, the whole way): these loops 39 / 28
 * to copy and 59 / 46 to swap, the general one 34 / 27 and 51 / 39. Blocks of 16 words in loads and stores of 32 bits are as fast as anything up to
 * `shortCopyLimit()` bytes; longer copies are the runtime's own. A copy is rounded up to whole
 * blocks, which buffers are made of. Touching buffers some packets ahead won nothing: the
 * processor does that by itself.
 *
 * @module
 */

import { shortCopyLimit, SLOT_LEN_FLAGS } from "@netmap/core";
import { type Batch, NIL, PK_LEN, PK_NEXT, PK_SHIFT, PK_SLOT } from "./batch.ts";
import { copyLong } from "./copy_long.ts";
import { BUF_CHANGED } from "./slot_flags.ts";

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const LEN_FLAGS = SLOT_LEN_FLAGS;
const CHANGED = BUF_CHANGED;
const LEN = PK_LEN;
const NEXT = PK_NEXT;
const SLOT = PK_SLOT;
const SHIFT = PK_SHIFT;
/** `NS_RFRAGS` of a packet of one slot, in a slot's second word. */
const ONE_FRAGMENT = 1 << 24;

/** Whether the packets left are of one slot each, from one list, and none is left out. */
export function isPlain(b: Batch): boolean {
  const { left, target } = b;
  return left.slots === left.packets && !target.judged &&
    (b.unicast === NIL || b.broadcast === NIL);
}

/** Copies packets until the lease is full, as `copyPackets` does. */
export function copyRun(b: Batch): void {
  const { packets, target } = b;
  const srcMemory = b.memory;
  const dstMemory = target.memory;
  const src = srcMemory.i32;
  const dst = dstMemory.i32;
  const srcBase = b.bufBase | 0;
  const srcWords = b.bufWords | 0;
  const slots = target.slots | 0;
  const numSlots = target.numSlots | 0;
  const dstBase = target.bufBase | 0;
  const dstWords = target.bufWords | 0;
  const numBufs = target.numBufs | 0;
  const short = shortCopyLimit() | 0;
  const unicast = b.broadcast === NIL;
  let i = (unicast ? b.unicast : b.broadcast) | 0;
  let j = target.start | 0;
  let bytes = 0;
  let bad = 0;
  for (let left = target.count | 0; left > 0; left--) {
    const f = i << SHIFT;
    const slot = (slots + (j << 2)) | 0;
    const idx = dst[slot];
    let len = packets[(f + LEN) | 0] & 0xffff;
    j = j + 1 === numSlots ? 0 : (j + 1) | 0;
    i = packets[(f + NEXT) | 0];
    if (idx < 2 || idx >= numBufs) {
      len = 0;
      bad++;
    } else {
      let s = (srcBase + Math.imul(packets[f], srcWords)) | 0;
      let d = (dstBase + Math.imul(idx, dstWords)) | 0;
      if (len > short) copyLong(dstMemory, d, srcMemory, s, len);
      else {
        const end = (s + (((len + 63) >> 6) << 4)) | 0;
        for (; s < end; s = (s + 16) | 0, d = (d + 16) | 0) {
          const a0 = src[s];
          const a1 = src[(s + 1) | 0];
          const a2 = src[(s + 2) | 0];
          const a3 = src[(s + 3) | 0];
          const a4 = src[(s + 4) | 0];
          const a5 = src[(s + 5) | 0];
          const a6 = src[(s + 6) | 0];
          const a7 = src[(s + 7) | 0];
          dst[d] = a0;
          dst[(d + 1) | 0] = a1;
          dst[(d + 2) | 0] = a2;
          dst[(d + 3) | 0] = a3;
          dst[(d + 4) | 0] = a4;
          dst[(d + 5) | 0] = a5;
          dst[(d + 6) | 0] = a6;
          dst[(d + 7) | 0] = a7;
          const b0 = src[(s + 8) | 0];
          const b1 = src[(s + 9) | 0];
          const b2 = src[(s + 10) | 0];
          const b3 = src[(s + 11) | 0];
          const b4 = src[(s + 12) | 0];
          const b5 = src[(s + 13) | 0];
          const b6 = src[(s + 14) | 0];
          const b7 = src[(s + 15) | 0];
          dst[(d + 8) | 0] = b0;
          dst[(d + 9) | 0] = b1;
          dst[(d + 10) | 0] = b2;
          dst[(d + 11) | 0] = b3;
          dst[(d + 12) | 0] = b4;
          dst[(d + 13) | 0] = b5;
          dst[(d + 14) | 0] = b6;
          dst[(d + 15) | 0] = b7;
        }
      }
    }
    dst[(slot + LEN_FLAGS) | 0] = len | ONE_FRAGMENT;
    bytes = (bytes + len) | 0;
  }
  if (unicast) b.unicast = i;
  else b.broadcast = i;
  b.copiedBytes = bytes;
  b.copiedPackets = (target.count - bad) | 0;
  b.badBuffers = bad;
  b.tooLong = 0;
}

/**
 * Swaps the buffers of unicast packets with those of the receiver, until the lease is full. Both
 * rings are in one region.
 */
export function swapRun(b: Batch): void {
  const { packets, target } = b;
  const { i32 } = target.memory;
  const slots = target.slots | 0;
  const numSlots = target.numSlots | 0;
  const numBufs = target.numBufs | 0;
  let i = b.unicast | 0;
  let j = target.start | 0;
  let bytes = 0;
  let bad = 0;
  for (let left = target.count | 0; left > 0; left--) {
    const f = i << SHIFT;
    const slot = (slots + (j << 2)) | 0;
    const idx = i32[slot];
    const len = packets[(f + LEN) | 0] & 0xffff;
    j = j + 1 === numSlots ? 0 : (j + 1) | 0;
    i = packets[(f + NEXT) | 0];
    if (idx < 2 || idx >= numBufs) {
      i32[(slot + LEN_FLAGS) | 0] = ONE_FRAGMENT;
      bad++;
      continue;
    }
    const from = packets[(f + SLOT) | 0];
    i32[slot] = packets[f];
    i32[(slot + LEN_FLAGS) | 0] = len | ONE_FRAGMENT | CHANGED;
    i32[from] = idx;
    i32[(from + LEN_FLAGS) | 0] |= CHANGED;
    bytes = (bytes + len) | 0;
  }
  b.unicast = i;
  b.copiedBytes = bytes;
  b.copiedPackets = (target.count - bad) | 0;
  b.badBuffers = bad;
  b.tooLong = 0;
}
