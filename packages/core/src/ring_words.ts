/**
 * The ring for those who write loops: free functions over a region's 32-bit words. `r` is the word
 * at which the ring begins (`ring.word`, or bytes >>> 2). Nothing is checked here: a wrong `r` or
 * slot reads some other word, and on a closed region the words are undefined.
 *
 * ```ts
 * const { i32 } = port.memory, r = ring.word, n = ring.numSlots;
 * let i = i32[r + RING_HEAD];
 * for (let left = ringSpace(i32, r); left > 0; left--) {
 *   const w = slotWord(r, i);
 *   bytes += i32[w + SLOT_LEN_FLAGS] & 0xffff;
 *   i = i + 1 === n ? 0 : i + 1;
 * }
 * ringRelease(i32, r, i);
 * ```
 *
 * @module
 */

import { RING_CUR, RING_HEAD, RING_NUM_SLOTS, RING_SLOTS, RING_TAIL } from "./abi/netmap_ring.ts";

// Constants of this file are folded by V8, imported ones are loaded at each use (see ring.ts).
const HEAD = RING_HEAD;
const CUR = RING_CUR;
const TAIL = RING_TAIL;
const NUM_SLOTS = RING_NUM_SLOTS;
const SLOTS = RING_SLOTS;

/**
 * Slots that the user holds, from `head` to `tail`: packets to read, or room to write.
 *
 * @param i32 the region
 * @param r the ring's first word
 * @returns 0 to `num_slots - 1`
 */
export function ringSpace(i32: Int32Array, r: number): number {
  const space = Atomics.load(i32, r + TAIL) - i32[r + HEAD];
  return space < 0 ? space + i32[r + NUM_SLOTS] : space;
}

/** Whether the user holds no slot. @param r the ring's first word */
export function ringEmpty(i32: Int32Array, r: number): boolean {
  return Atomics.load(i32, r + TAIL) === i32[r + HEAD];
}

/** The slot after `i`. @param r the ring's first word */
export function ringNext(i32: Int32Array, r: number, i: number): number {
  return i + 1 === i32[r + NUM_SLOTS] ? 0 : i + 1;
}

/** Whether packets given to the device are not sent yet. @param r a transmit ring's first word */
export function ringTxPending(i32: Int32Array, r: number): boolean {
  return ringNext(i32, r, Atomics.load(i32, r + TAIL)) !== i32[r + HEAD];
}

/**
 * The first word of a slot; `SLOT_BUF_IDX`, `SLOT_LEN_FLAGS`, `SLOT_PTR_LO` and `SLOT_PTR_HI` count
 * from it.
 */
export function slotWord(r: number, i: number): number {
  return r + SLOTS + (i << 2);
}

/**
 * Gives the slots before `i` to the device with the next sync: `head = cur = i`.
 *
 * @param i32 the region
 * @param r the ring's first word
 * @param i first slot that the user keeps
 */
export function ringRelease(i32: Int32Array, r: number, i: number): void {
  Atomics.store(i32, r + CUR, i);
  Atomics.store(i32, r + HEAD, i);
}
