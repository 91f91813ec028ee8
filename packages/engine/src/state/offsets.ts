/**
 * Offsets of packets in their buffers, for the data path of every kind of port.
 *
 * ```
 *   slot   | buf_idx | len, flags | ptr: ... | offset |      the low bits, K_OFFSET_MASK
 *
 *   buffer |<- offset ->|<---- packet, len ---->|            bufferWord() * 4 + slotOffset()
 *          |<-------------- slotRoom ---------->|            what may follow the offset
 * ```
 *
 * A kind whose data path honours them says so with `PortKind.offsets`. Where it reads a packet, or
 * writes one, it adds `slotOffset` to the place of the buffer and takes the buffer to be that much
 * shorter; where it writes one elsewhere than the slot says, it stores that with `setSlotOffset`. A
 * kind that only hands slots on copies `ptr` with them.
 *
 * Offsets are the user's: what is larger than agreed counts as the largest, so that the place is
 * inside the buffer always.
 *
 * Measured: a slot costs 1.4 ns in Bun and 1.5 in Deno without the option, 1.4 and 2.2 with it. A
 * loop over many slots looks at K_OFFSET_MASK once and, where it is 0, calls nothing here.
 *
 * @module
 */

import {
  RING_BUF_ALIGN,
  RING_OFFSET_MASK,
  RING_OFFSET_MASK_HI,
  RING_SLOTS,
  SLOT_PTR_HI,
  SLOT_PTR_LO,
  SLOT_WORDS,
} from "@netmap/core";
import {
  K_BUF_WORDS,
  K_NUM_SLOTS,
  K_OFFSET_GAP,
  K_OFFSET_MASK,
  K_OFFSET_MASK_HI,
  K_OFFSET_MAX,
  K_RING,
} from "./layout.ts";

// V8 does not fold imported constants into the code of a loop; see `ring.ts` of core.
const MASK = K_OFFSET_MASK;
const MASK_HI = K_OFFSET_MASK_HI;
const MAX = K_OFFSET_MAX;
const PTR_LO = SLOT_PTR_LO;
const PTR_HI = SLOT_PTR_HI;

/**
 * Bytes from a buffer's start to the packet of a slot (`nm_get_offset`).
 *
 * @param state the state image
 * @param k the slot's kring
 * @param i32 the region
 * @param slot word at which the slot begins
 * @returns 0 without the option; never more than was agreed on, so never more than a buffer
 */
export function slotOffset(state: Int32Array, k: number, i32: Int32Array, slot: number): number {
  const mask = state[k + MASK];
  if (mask === 0) return 0;
  const max = state[k + MAX];
  const offset = (i32[slot + PTR_LO] & mask) >>> 0;
  return offset > max || (i32[slot + PTR_HI] & state[k + MASK_HI]) !== 0 ? max : offset;
}

/**
 * Bytes of a slot's buffer behind its offset: the longest packet that may be in it.
 *
 * @param state the state image
 * @param k the slot's kring
 * @param i32 the region
 * @param slot word at which the slot begins
 */
export function slotRoom(state: Int32Array, k: number, i32: Int32Array, slot: number): number {
  return (state[k + K_BUF_WORDS] << 2) - slotOffset(state, k, i32, slot);
}

/**
 * Stores where the packet of a slot begins, and leaves the other bits of `ptr` alone
 * (`nm_write_offset`).
 *
 * @param state the state image
 * @param k the slot's kring
 * @param i32 the region
 * @param slot word at which the slot begins
 * @param offset bytes, not more than was agreed on; without the option nothing is stored
 */
export function setSlotOffset(
  state: Int32Array,
  k: number,
  i32: Int32Array,
  slot: number,
  offset: number,
): void {
  const mask = state[k + MASK];
  if (mask === 0) return;
  i32[slot + PTR_LO] = (i32[slot + PTR_LO] & ~mask) | (offset & mask);
  i32[slot + PTR_HI] &= ~state[k + MASK_HI];
}

/**
 * Bytes that a device may write into any slot of a ring, whatever its offset: what a driver tells
 * its hardware (`hwbuf_len`, `netmap_compute_buf_len`).
 *
 * @param state the state image
 * @param k the kring
 */
export function deviceRoom(state: Int32Array, k: number): number {
  const room = (state[k + K_BUF_WORDS] << 2) - state[k + MAX];
  const gap = state[k + K_OFFSET_GAP];
  return gap > 0 && gap < room ? gap : room;
}

/** What is agreed on for a ring. */
export interface OffsetWords {
  /** Low word of the bits of `ptr`; not 0. */
  readonly mask: number;
  /** High word of them. */
  readonly maskHi: number;
  /** Largest offset in bytes, at most a buffer. */
  readonly max: number;
  /** Least bytes from one packet to the next in a buffer; 0 where buffers are not shared. */
  readonly gap: number;
}

/** Sets a ring's offsets up, on both its sides. */
export function setOffsets(
  state: Int32Array,
  i32: Int32Array,
  k: number,
  words: OffsetWords,
): void {
  state[k + MASK] = words.mask;
  state[k + MASK_HI] = words.maskHi;
  state[k + MAX] = words.max;
  state[k + K_OFFSET_GAP] = words.gap;
  showOffsets(state, i32, k);
}

/**
 * Shows the user of a ring what is agreed on: in `offset_mask`. Packets need no alignment
 * (`buf_align` 0), as no kind of port asks for one.
 */
export function showOffsets(state: Int32Array, i32: Int32Array, k: number): void {
  const ring = state[k + K_RING];
  i32[ring + RING_OFFSET_MASK] = state[k + MASK];
  i32[ring + RING_OFFSET_MASK_HI] = state[k + MASK_HI];
  i32[ring + RING_BUF_ALIGN] = 0;
  i32[ring + RING_BUF_ALIGN + 1] = 0;
}

/** Ends the offsets of rings. */
export function clearOffsets(state: Int32Array, i32: Int32Array, krings: readonly number[]): void {
  for (const k of krings) {
    if (state[k + K_RING] === 0) forgetOffsets(state, k);
    else setOffsets(state, i32, k, { mask: 0, maskHi: 0, max: 0, gap: 0 });
  }
}

/** Ends the offsets of a kring that has no ring. */
export function forgetOffsets(state: Int32Array, k: number): void {
  state.fill(0, k + MASK, k + K_OFFSET_GAP + 1);
}

/** Makes two krings agree, with offsets or without: the ends of a pipe. */
export function copyOffsets(state: Int32Array, i32: Int32Array, from: number, to: number): void {
  state.copyWithin(to + MASK, from + MASK, from + K_OFFSET_GAP + 1);
  showOffsets(state, i32, to);
}

/** Gives all slots of a ring the same offset. */
export function fillOffsets(state: Int32Array, i32: Int32Array, k: number, offset: number): void {
  const first = state[k + K_RING] + RING_SLOTS;
  const last = first + state[k + K_NUM_SLOTS] * SLOT_WORDS;
  for (let slot = first; slot < last; slot += SLOT_WORDS) {
    setSlotOffset(state, k, i32, slot, offset);
  }
}
