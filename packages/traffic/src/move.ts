/**
 * Moving packets from a receive ring to a transmit ring: by swapping the buffers of two slots where
 * both are in one region, by copying otherwise.
 *
 * ```
 *   rx   | 7 | 8 | 9 |              | 4 | 5 | 6 |       the slots' buffers change places; rx gives
 *          x   x   x       swap       x   x   x         its own back with the next rxsync, tx sends
 *   tx   | 4 | 5 | 6 |              | 7 | 8 | 9 |       them with the next txsync
 * ```
 *
 * Invariants: a packet of several slots is moved whole or not at all, so that nobody else's slots get
 * between; a buffer is found only inside its region, whatever the slots say.
 *
 * @module
 */

import {
  copyBetween,
  NS_BUF_CHANGED,
  NS_MOREFRAG,
  RING_HEAD,
  RING_SLOTS,
  ringRelease,
  ringSpace,
  shortCopyLimit,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
} from "@netmap/core";
import type { RingSide } from "./ring_side.ts";

// V8 folds constants of this file, imported ones are loaded at each use (see core's ring.ts).
const HEAD = RING_HEAD;
const SLOTS = RING_SLOTS;
const BUF_IDX = SLOT_BUF_IDX;
const LEN_FLAGS = SLOT_LEN_FLAGS;
const MORE = NS_MOREFRAG << 16;
const CHANGED = NS_BUF_CHANGED << 16;

/** What was moved. */
export interface Moved {
  /** Packets. */
  packets: number;
  /** Slots: more than packets where packets have several. */
  slots: number;
  /** Bytes. */
  bytes: number;
}

/** Nothing moved yet. */
export function newMoved(): Moved {
  return { packets: 0, slots: 0, bytes: 0 };
}

/** Whether packets can change hands between two rings without a copy. */
export function canSwap(from: RingSide, to: RingSide): boolean {
  return from.memory.address === to.memory.address && from.bufWords === to.bufWords &&
    !from.hasOffsets && !to.hasOffsets;
}

/**
 * Moves packets. The caller syncs: the receive side before and after, the transmit side after.
 *
 * @param from a receive ring
 * @param to a transmit ring
 * @param limit slots at most; a packet of more than that goes alone
 * @param swap whether buffers change places, see {@linkcode canSwap}
 * @param moved counted up
 * @returns slots that were moved
 */
export function movePackets(
  from: RingSide,
  to: RingSide,
  limit: number,
  swap: boolean,
  moved: Moved,
): number {
  const waiting = ringSpace(from.i32, from.word);
  const room = ringSpace(to.i32, to.word);
  const most = Math.min(waiting, room);
  if (!(most > 0 && waiting < from.numSlots && room < to.numSlots)) return 0;
  const count = wholePackets(from, to, most, limit);
  if (count === 0) return 0;
  if (swap) swapSlots(from, to, count, moved);
  else if (from.hasOffsets || to.hasOffsets) copyWithOffsets(from, to, count, moved);
  else copySlots(from, to, count, moved);
  moved.slots += count;
  return count;
}

/** As many slots as end in the last one of a packet. */
function wholePackets(from: RingSide, to: RingSide, most: number, limit: number): number {
  const { i32, word, numSlots } = from;
  const head = i32[word + HEAD];
  const ends = (n: number): boolean => {
    const i = head + n - 1;
    return (i32[word + SLOTS + ((i >= numSlots ? i - numSlots : i) << 2) + LEN_FLAGS] & MORE) === 0;
  };
  let count = Math.min(most, limit);
  while (count > 0 && !ends(count)) count--;
  if (count > 0) return count;
  for (count = limit + 1; count <= most; count++) if (ends(count)) return count;
  // What fills a whole ring can get no longer: it goes in pieces, or would be there for ever.
  return most >= Math.min(from.numSlots, to.numSlots) - 1 ? most : 0;
}

function swapSlots(from: RingSide, to: RingSide, count: number, moved: Moved): void {
  const { i32 } = from;
  const rx = (from.word + SLOTS) | 0;
  const tx = (to.word + SLOTS) | 0;
  const rxSlots = from.numSlots | 0;
  const txSlots = to.numSlots | 0;
  const size = from.bufWords << 2;
  let j = i32[from.word + HEAD] | 0;
  let k = i32[to.word + HEAD] | 0;
  let bytes = 0;
  let packets = 0;
  for (let left = count | 0; left > 0; left--) {
    const r = (rx + (j << 2)) | 0;
    const t = (tx + (k << 2)) | 0;
    const buffer = i32[r + BUF_IDX];
    const lenFlags = i32[r + LEN_FLAGS];
    let len = lenFlags & 0xffff;
    if (len > size) len = 0;
    i32[r + BUF_IDX] = i32[t + BUF_IDX];
    i32[t + BUF_IDX] = buffer;
    i32[r + LEN_FLAGS] = lenFlags | CHANGED;
    i32[t + LEN_FLAGS] = len | (lenFlags & MORE) | CHANGED;
    bytes += len;
    if ((lenFlags & MORE) === 0) packets++;
    j = j + 1 === rxSlots ? 0 : (j + 1) | 0;
    k = k + 1 === txSlots ? 0 : (k + 1) | 0;
  }
  ringRelease(i32, from.word, j);
  ringRelease(i32, to.word, k);
  moved.bytes += bytes;
  moved.packets += packets;
}

function copySlots(from: RingSide, to: RingSide, count: number, moved: Moved): void {
  const src = from.i32;
  const dst = to.i32;
  const rx = (from.word + SLOTS) | 0;
  const tx = (to.word + SLOTS) | 0;
  const limit = shortCopyLimit() | 0;
  const size = Math.min(from.bufWords, to.bufWords) << 2;
  let j = src[from.word + HEAD] | 0;
  let k = dst[to.word + HEAD] | 0;
  let bytes = 0;
  let packets = 0;
  for (let left = count | 0; left > 0; left--) {
    const r = (rx + (j << 2)) | 0;
    const t = (tx + (k << 2)) | 0;
    const lenFlags = src[r + LEN_FLAGS];
    const a = src[r + BUF_IDX];
    const b = dst[t + BUF_IDX];
    let len = lenFlags & 0xffff;
    if (len > size || a >>> 0 >= from.bufCount || b >>> 0 >= to.bufCount) len = 0;
    const s = from.bufBase + a * from.bufWords;
    const d = to.bufBase + b * to.bufWords;
    if (len > limit) copyBetween(to.memory, d * 4, from.memory, s * 4, len);
    else copyShort(src, s, dst, d, len);
    // A buffer that its user put there is still new to the device.
    dst[t + LEN_FLAGS] = len | (lenFlags & MORE) | (dst[t + LEN_FLAGS] & CHANGED);
    bytes += len;
    if ((lenFlags & MORE) === 0) packets++;
    j = j + 1 === from.numSlots ? 0 : (j + 1) | 0;
    k = k + 1 === to.numSlots ? 0 : (k + 1) | 0;
  }
  ringRelease(src, from.word, j);
  ringRelease(dst, to.word, k);
  moved.bytes += bytes;
  moved.packets += packets;
}

/** Whole words, 4 of them a round: buffers are multiples of 16 bytes. */
function copyShort(src: Int32Array, s: number, dst: Int32Array, d: number, bytes: number): void {
  const end = s + ((bytes + 15) >> 4 << 2);
  while (s < end) {
    dst[d] = src[s];
    dst[d + 1] = src[s + 1];
    dst[d + 2] = src[s + 2];
    dst[d + 3] = src[s + 3];
    s += 4;
    d += 4;
  }
}

/** The careful way, by the ring's methods. */
function copyWithOffsets(from: RingSide, to: RingSide, count: number, moved: Moved): void {
  const rx = from.ring;
  const tx = to.ring;
  let j = rx.head;
  let k = tx.head;
  for (let left = count; left > 0; left--) {
    const flags = rx.slotFlags(j);
    const room = Math.min(rx.bufSize - rx.offset(j), tx.bufSize - tx.offset(k));
    const len = rx.len(j) > room ? 0 : rx.len(j);
    copyBetween(to.memory, tx.bufOffset(k), from.memory, rx.bufOffset(j), len);
    tx.setSlot(k, len, (flags & NS_MOREFRAG) | (tx.slotFlags(k) & NS_BUF_CHANGED));
    moved.bytes += len;
    if ((flags & NS_MOREFRAG) === 0) moved.packets++;
    j = rx.next(j);
    k = tx.next(k);
  }
  rx.head = rx.cur = j;
  tx.head = tx.cur = k;
}
