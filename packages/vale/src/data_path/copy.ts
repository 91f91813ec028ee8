/**
 * Second half of a batch, the general way: packets of several fragments, unicast ones and broadcasts
 * in their order, packets that are left out. `copy_run.ts` has the short way.
 *
 * @module
 */

import { shortCopyLimit, SLOT_LEN_FLAGS } from "@netmap/core";
import {
  type Batch,
  NIL,
  PK_FRAGS_SHIFT,
  PK_LEN,
  PK_NEXT,
  PK_SHIFT,
  PK_SLOT,
  PK_STAYS,
} from "./batch.ts";
import { copyLong, copyShort } from "./copy_long.ts";
import { GOOD } from "./judge.ts";
import { BUF_CHANGED, MOREFRAG } from "./slot_flags.ts";

/** Where a slot's second word holds the number of fragments (`NS_RFRAGS`). */
const RFRAGS_SHIFT = 24;

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const LEN_FLAGS = SLOT_LEN_FLAGS;
const CHANGED = BUF_CHANGED;
const MORE = MOREFRAG;
const LEN = PK_LEN;
const NEXT = PK_NEXT;
const SLOT = PK_SLOT;
const STAYS = PK_STAYS;
const FRAGS_SHIFT = PK_FRAGS_SHIFT;
const SHIFT = PK_SHIFT;
const END = NIL;
const TAKEN = GOOD;

/**
 * Copies packets from the batch's two lists, in their order, until the lease is full. Sets
 * `unicast` and `broadcast` to what is left, and counts in `copied*` and `badBuffers`.
 *
 * @param swap whether a unicast packet of one slot gives its buffer away and takes the receiver's
 */
export function copyPackets(b: Batch, swap: boolean): void {
  const { packets, verdicts, target } = b;
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
  const judged = target.judged;
  const limit = shortCopyLimit() | 0;
  let j = target.start | 0;
  let left = target.count | 0;
  let u = b.unicast | 0;
  let c = b.broadcast | 0;
  let bytes = 0;
  let done = 0;
  let bad = 0;
  while (left > 0) {
    const unicast = c === END || (u !== END && u < c);
    const i = unicast ? u : c;
    let f = i << SHIFT;
    const next = packets[(f + NEXT) | 0];
    if (unicast) u = next;
    else c = next;
    if (judged && verdicts[i] !== TAKEN) continue;
    let word = packets[(f + LEN) | 0];
    const frags = (word >>> FRAGS_SHIFT) & 0xff;
    left = (left - frags) | 0;
    if (swap && unicast && frags === 1 && (word & STAYS) === 0) {
      const slot = (slots + (j << 2)) | 0;
      const len = word & 0xffff;
      const idx = dst[slot];
      j = j + 1 === numSlots ? 0 : (j + 1) | 0;
      if (idx < 2 || idx >= numBufs) {
        dst[(slot + LEN_FLAGS) | 0] = 1 << RFRAGS_SHIFT;
        bad++;
        continue;
      }
      const from = packets[(f + SLOT) | 0];
      dst[slot] = packets[f];
      dst[(slot + LEN_FLAGS) | 0] = len | (1 << RFRAGS_SHIFT) | CHANGED;
      src[from] = idx;
      src[(from + LEN_FLAGS) | 0] |= CHANGED;
      bytes = (bytes + len) | 0;
      done = (done + 1) | 0;
      continue;
    }
    let whole = true;
    for (let more = frags; more > 0; more--) {
      const slot = (slots + (j << 2)) | 0;
      const idx = dst[slot];
      let len = word & 0xffff;
      j = j + 1 === numSlots ? 0 : (j + 1) | 0;
      if (idx < 2 || idx >= numBufs) {
        whole = false;
        len = 0;
      } else {
        const s = (srcBase + Math.imul(packets[f], srcWords)) | 0;
        const d = (dstBase + Math.imul(idx, dstWords)) | 0;
        if (len > limit) copyLong(dstMemory, d, srcMemory, s, len);
        else copyShort(dst, d, src, s, len);
      }
      bytes = (bytes + len) | 0;
      dst[(slot + LEN_FLAGS) | 0] = len | (frags << RFRAGS_SHIFT) | (more > 1 ? MORE : 0);
      f = (f + (1 << SHIFT)) | 0;
      if (more > 1) word = packets[(f + LEN) | 0];
    }
    if (whole) done = (done + 1) | 0;
    else bad++;
  }
  b.unicast = u;
  b.broadcast = c;
  b.copiedBytes = bytes;
  b.copiedPackets = done;
  b.badBuffers = bad;
  b.tooLong = 0;
}
