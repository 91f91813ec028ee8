/**
 * Slots whose data is outside of the region (`NS_INDIRECT`): an address in the memory of the
 * program that transmits.
 *
 * process_vm_readv(2) on our own process reads it safely: an address that is not mapped is an
 * error, not a crash. The data is put into the slot's own buffer, which is ours during the sync, and
 * goes the common way from there. (The reference copies it into each receiver's buffer; the slot's
 * own buffer keeps what it had.) Slots in a row are read by one call.
 *
 * @module
 */

import {
  EFAULT,
  errno,
  libc,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_PTR_HI,
  SLOT_PTR_LO,
  SLOT_WORDS,
} from "@netmap/core";
import { type DataPath, slotOffset } from "@netmap/engine";
import { V_FLAG_FOREIGN, V_FLAGS } from "../layout.ts";
import type { Batch } from "./batch.ts";
import { INDIRECT } from "./slot_flags.ts";

/** Slots that one call reads. */
const MOST = 64;
/** 32-bit words of a `struct iovec`. */
const IOV_WORDS = 4;
const WORD = 2 ** 32;

const to = new Uint32Array(MOST * IOV_WORDS);
const from = new Uint32Array(MOST * IOV_WORDS);
/** Whether each slot of the last run was read. */
const good = new Uint8Array(MOST);
/** Which run that was: its batch's memory, ring and sync, its first slot and its length. */
let runSlots = 0;
let runFirst = 0;
let runLength = 0;

/** Begins a sync: nothing is read yet. */
export function forgetFetched(): void {
  runLength = 0;
}

/**
 * Whether the data of a slot with NS_INDIRECT could be read into the slot's buffer.
 *
 * @param j the slot
 * @param end the slot at which the ring ends now
 */
export function isFetched(dp: DataPath, b: Batch, j: number, end: number): boolean {
  let at = j - runFirst;
  if (at < 0) at += b.numSlots;
  if (runSlots !== b.slots || at >= runLength) {
    fetchRun(dp, b, j, end);
    at = 0;
  }
  return good[at] === 1;
}

function fetchRun(dp: DataPath, b: Batch, j: number, end: number): void {
  const { i32, address } = b.memory;
  const { numSlots, numBufs, bufBase, bufWords } = b;
  runSlots = b.slots;
  runFirst = j;
  let count = 0;
  for (let at = j; count < MOST;) {
    const slot = b.slots + at * SLOT_WORDS;
    const word = i32[slot + SLOT_LEN_FLAGS];
    if ((word & INDIRECT) === 0) break;
    const idx = i32[slot + SLOT_BUF_IDX];
    const offset = b.hasOffsets ? slotOffset(dp.state, b.k, i32, slot) : 0;
    const usable = idx >= 2 && idx < numBufs && (word & 0xffff) <= (bufWords << 2) - offset;
    const v = count * IOV_WORDS;
    const buffer = address + (bufBase + (usable ? idx : 0) * bufWords) * 4 + offset;
    to[v] = buffer % WORD;
    to[v + 1] = buffer / WORD;
    from[v] = i32[slot + SLOT_PTR_LO];
    from[v + 1] = i32[slot + SLOT_PTR_HI];
    to[v + 2] = from[v + 2] = usable ? word & 0xffff : 0;
    good[count++] = usable ? 1 : 0;
    at = at + 1 === numSlots ? 0 : at + 1;
    if (at === end) break;
  }
  runLength = count;
  // Another process filled this ring: its addresses are not ours to read.
  if ((dp.state[b.p + V_FLAGS] & V_FLAG_FOREIGN) !== 0) good.fill(0, 0, count);
  else readRun(dp, count);
}

/** Reads `count` pieces; those that cannot be read are marked. */
function readRun(dp: DataPath, count: number): void {
  for (let done = 0; done < count;) {
    const read = readSome(dp, done, count);
    if (read === -EFAULT) {
      good[done++] = 0;
      continue;
    }
    if (read < 0) return void good.fill(0, done, count);
    // Whole pieces, up to the first that cannot be read.
    for (let left = read; done < count && left >= from[done * IOV_WORDS + 2]; done++) {
      left -= from[done * IOV_WORDS + 2];
    }
    if (done < count) good[done++] = 0;
  }
}

/** @returns bytes read, or -errno */
function readSome(dp: DataPath, first: number, count: number): number {
  try {
    const skip = first * IOV_WORDS;
    const pieces = count - first;
    const { process_vm_readv } = libc();
    const read = first === 0
      ? process_vm_readv(dp.pid, to, pieces, from, pieces, 0)
      : process_vm_readv(dp.pid, to.subarray(skip), pieces, from.subarray(skip), pieces, 0);
    return read === -1 ? -errno() : read;
  } catch {
    // A system without that call.
    return -1;
  }
}
