/**
 * What a receiver's rxsync does: slots that it released go back to the senders. New packets need
 * nothing: senders have moved hwtail.
 *
 * hwcur is one word that this side alone writes, and senders read it under their lock: so the
 * ring's lock is not needed here. (The reference takes it.)
 *
 * @module
 */

import { RING_SLOTS, SLOT_LEN_FLAGS } from "@netmap/core";
import {
  type DataPath,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_RHEAD,
  K_RING,
  lockRing,
  resetRing,
  unlockRing,
} from "@netmap/engine";
import { isLeased, publish } from "./lease.ts";
import { BUF_CHANGED } from "./slot_flags.ts";

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const LEN_FLAGS = SLOT_LEN_FLAGS;
const CHANGED = BUF_CHANGED;

/** Takes the slots from hwcur to rhead back. */
export function takeBack(dp: DataPath, k: number): void {
  const { state } = dp;
  const end = state[k + K_RHEAD];
  if (state[k + K_HWCUR] !== end) {
    if (checkSlots(dp, k, end)) Atomics.store(state, k + K_HWCUR, end);
    else resetRing(dp, k, dp.regionOf(k));
  }
  // Nothing there, but somebody is at it: or was, when he died.
  if (Atomics.load(state, k + K_HWTAIL) === end && isLeased(state, k)) lookForTheDead(dp, k);
}

/** @returns false when a slot has no buffer of the region any more */
function checkSlots(dp: DataPath, k: number, end: number): boolean {
  const { state } = dp;
  const { i32 } = dp.regionOf(k);
  const slots = (state[k + K_RING] + RING_SLOTS) | 0;
  const numSlots = state[k + K_NUM_SLOTS];
  const numBufs = state[k + K_NUM_BUFS];
  const last = end | 0;
  for (let j = state[k + K_HWCUR]; j !== last; j = j + 1 === numSlots ? 0 : (j + 1) | 0) {
    const slot = (slots + (j << 2)) | 0;
    if (i32[slot] >>> 0 >= numBufs) return false;
    const word = i32[(slot + LEN_FLAGS) | 0];
    if ((word & CHANGED) !== 0) i32[(slot + LEN_FLAGS) | 0] = word & ~CHANGED;
  }
  return true;
}

function lookForTheDead(dp: DataPath, k: number): void {
  lockRing(dp, k);
  publish(dp, k, true);
  unlockRing(dp, k);
}
