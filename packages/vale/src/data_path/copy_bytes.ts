/**
 * Second half of a batch where buffers cannot be copied as they are: the two sides have virtio-net
 * headers of different length, or packets begin inside their buffers (NETMAP_REQ_OPT_OFFSETS).
 *
 * ```
 *   from   |..offset..|.header.|.... frame ....|
 *   to     |...offset...|...header...|.... frame ....|
 * ```
 *
 * The work that headers ask for (segmentation, checksums) is not done: `judge.ts` has left such
 * packets out.
 *
 * @module
 */

import { copyBetween, copyWithin, SLOT_BUF_IDX, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import { type DataPath, slotOffset } from "@netmap/engine";
import {
  type Batch,
  NIL,
  offsetOf,
  PK_FRAGS_SHIFT,
  PK_IDX,
  PK_LEN,
  PK_NEXT,
  PK_WORDS,
} from "./batch.ts";
import { COMMON_HEADER, GOOD } from "./judge.ts";
import { MOREFRAG } from "./slot_flags.ts";

/** Where a slot's second word holds the number of fragments (`NS_RFRAGS`). */
const RFRAGS_SHIFT = 24;
const NO_ROOM = -1;

/**
 * Does what `copyPackets` does.
 *
 * @param k the receive kring
 * @param header bytes of the receiver's header
 */
export function copyBytes(dp: DataPath, k: number, b: Batch, header: number): void {
  const { packets, verdicts, target } = b;
  const dst = target.memory.i32;
  let j = target.start;
  b.copiedBytes =
    b.copiedPackets =
    b.badBuffers =
    b.tooLong =
      0;
  for (let left = target.count; left > 0;) {
    const unicast = b.broadcast === NIL || (b.unicast !== NIL && b.unicast < b.broadcast);
    const i = unicast ? b.unicast : b.broadcast;
    if (unicast) b.unicast = packets[i * PK_WORDS + PK_NEXT];
    else b.broadcast = packets[i * PK_WORDS + PK_NEXT];
    if (target.judged && verdicts[i] !== GOOD) continue;
    const frags = (packets[i * PK_WORDS + PK_LEN] >>> PK_FRAGS_SHIFT) & 0xff;
    left -= frags;
    let bad = false;
    let long = false;
    for (let n = 0; n < frags; n++) {
      const slot = target.slots + j * SLOT_WORDS;
      const idx = dst[slot + SLOT_BUF_IDX];
      let len = 0;
      if (idx < 2 || idx >= target.numBufs) bad = true;
      else len = copyFragment(b, i + n, idx, slotOffset(dp.state, k, dst, slot), n === 0, header);
      if (len === NO_ROOM) long = true;
      len = Math.max(len, 0);
      dst[slot + SLOT_LEN_FLAGS] = len | (frags << RFRAGS_SHIFT) | (n + 1 < frags ? MOREFRAG : 0);
      b.copiedBytes += len;
      j = j + 1 === target.numSlots ? 0 : j + 1;
    }
    if (bad) b.badBuffers++;
    else if (long) b.tooLong++;
    else b.copiedPackets++;
  }
}

/** @returns bytes written into the buffer, NO_ROOM when they are too many behind its offset */
function copyFragment(
  b: Batch,
  i: number,
  idx: number,
  offset: number,
  first: boolean,
  header: number,
): number {
  const { packets, target } = b;
  const len = packets[i * PK_WORDS + PK_LEN] & 0xffff;
  let from = (b.bufBase + packets[i * PK_WORDS + PK_IDX] * b.bufWords) * 4 + offsetOf(b, i);
  let to = (target.bufBase + idx * target.bufWords) * 4 + offset;
  const other = first && header !== b.header;
  const total = other ? len - b.header + header : len;
  if (total > (target.bufWords << 2) - offset) return NO_ROOM;
  let rest = len;
  if (other) {
    writeHeader(b, from, to, header);
    from += b.header;
    to += header;
    rest -= b.header;
  }
  if (target.memory === b.memory) copyWithin(b.memory, to, from, rest);
  else copyBetween(target.memory, to, b.memory, from, rest);
  return total;
}

/** What both headers have is passed on, what the receiver's has more is 0. */
function writeHeader(b: Batch, from: number, to: number, header: number): void {
  const { u8 } = b.target.memory;
  const common = b.header === 0 ? 0 : COMMON_HEADER;
  for (let n = 0; n < header; n++) u8[to + n] = n < common ? b.memory.u8[from + n] : 0;
}
