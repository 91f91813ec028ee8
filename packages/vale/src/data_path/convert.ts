/**
 * Second half of a batch where the two sides have virtio-net headers of different length: the
 * first fragment gets the header that the receiver expects. The work that headers ask for
 * (segmentation, checksums) is not done: `judge.ts` has left such packets out.
 *
 * @module
 */

import { SLOT_BUF_IDX, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import {
  type Batch,
  NIL,
  PK_FRAGS_SHIFT,
  PK_IDX,
  PK_LEN,
  PK_NEXT,
  PK_WORDS,
  type Target,
} from "./batch.ts";
import { COMMON_HEADER, GOOD } from "./judge.ts";
import { MOREFRAG } from "./packet.ts";

/**
 * Does what `copyPackets` does.
 *
 * @param header bytes of the receiver's header
 */
export function convertPackets(b: Batch, header: number): void {
  const { packets, verdicts, target } = b;
  const dst = target.memory.i32;
  let j = target.start;
  let bytes = 0;
  let done = 0;
  let bad = 0;
  for (let left = target.count; left > 0;) {
    const unicast = b.broadcast === NIL || (b.unicast !== NIL && b.unicast < b.broadcast);
    const i = unicast ? b.unicast : b.broadcast;
    if (unicast) b.unicast = packets[i * PK_WORDS + PK_NEXT];
    else b.broadcast = packets[i * PK_WORDS + PK_NEXT];
    if (target.judged && verdicts[i] !== GOOD) continue;
    const frags = (packets[i * PK_WORDS + PK_LEN] >>> PK_FRAGS_SHIFT) & 0xff;
    left -= frags;
    let whole = true;
    for (let n = 0; n < frags; n++) {
      const slot = target.slots + j * SLOT_WORDS;
      const idx = dst[slot + SLOT_BUF_IDX];
      let len = 0;
      if (idx < 2 || idx >= target.numBufs) whole = false;
      else len = convertFragment(b, target, i + n, idx, n === 0, header);
      dst[slot + SLOT_LEN_FLAGS] = len | (frags << 24) | (n + 1 < frags ? MOREFRAG : 0);
      bytes += len;
      j = j + 1 === target.numSlots ? 0 : j + 1;
    }
    if (whole) done++;
    else bad++;
  }
  b.copiedBytes = bytes;
  b.copiedPackets = done;
  b.badBuffers = bad;
}

/** @returns bytes written into the buffer */
function convertFragment(
  b: Batch,
  target: Target,
  i: number,
  idx: number,
  first: boolean,
  header: number,
): number {
  const { packets } = b;
  const src = b.memory.u16;
  const dst = target.memory.u16;
  const len = packets[i * PK_WORDS + PK_LEN] & 0xffff;
  let s = (b.bufBase + packets[i * PK_WORDS + PK_IDX] * b.bufWords) * 2;
  let d = (target.bufBase + idx * target.bufWords) * 2;
  let rest = len;
  let total = len;
  if (first) {
    // Halves of 16 bits: headers have 0, 10 or 12 bytes.
    const common = b.header === 0 ? 0 : COMMON_HEADER >> 1;
    for (let n = 0; n < header >> 1; n++) dst[d + n] = n < common ? src[s + n] : 0;
    s += b.header >> 1;
    d += header >> 1;
    rest -= b.header;
    total = rest + header;
  }
  for (let n = 0; n < (rest + 1) >> 1; n++) dst[d + n] = src[s + n];
  return total;
}
