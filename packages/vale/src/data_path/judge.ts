/**
 * Which packets of a queue a receiver cannot take: too long for its buffers, or in need of work that
 * a virtio-net header asks for and nobody does yet (segmentation, checksums; virtio 1.2 §5.1.6).
 *
 * Needed only where the two sides differ. The verdict is kept beside the packet, because what it
 * was found from may change: the slots taken in the receiver's ring and the slots filled must be the
 * same number.
 *
 * @module
 */

import {
  type Batch,
  NIL,
  offsetOf,
  PK_FRAGS_SHIFT,
  PK_IDX,
  PK_LEN,
  PK_NEXT,
  PK_WORDS,
  type Remaining,
} from "./batch.ts";

/** The receiver takes it. */
export const GOOD = 0;
/** It is longer than the receiver's buffers, or than what it takes. */
export const TOO_LONG = 1;
/** Its header asks for work that nobody does. */
export const OFFLOAD = 2;

/** Bytes of the header that both lengths have. */
export const COMMON_HEADER = 10;
/** `virtio_net_hdr.flags`: the checksum is not there yet. */
const NEEDS_CSUM = 1;

/**
 * Judges the packets of a list.
 *
 * @param i the list's first packet
 * @param limit bytes that the receiver takes in a slot
 * @param header bytes of its virtio-net header
 * @param sum what is added to
 */
export function judge(b: Batch, i: number, limit: number, header: number, sum: Remaining): void {
  const { packets, verdicts } = b;
  for (; i !== NIL; i = packets[i * PK_WORDS + PK_NEXT]) {
    const frags = (packets[i * PK_WORDS + PK_LEN] >>> PK_FRAGS_SHIFT) & 0xff;
    const verdict = verdictOf(b, i, frags, limit, header);
    verdicts[i] = verdict;
    if (verdict === GOOD) {
      sum.slots += frags;
      sum.packets++;
    } else if (verdict === TOO_LONG) sum.tooLong++;
    else sum.offload++;
  }
}

function verdictOf(b: Batch, i: number, frags: number, limit: number, header: number): number {
  const { packets } = b;
  const first = packets[i * PK_WORDS + PK_LEN] & 0xffff;
  const changed = first - b.header + header;
  if (changed > limit) return TOO_LONG;
  for (let f = 1; f < frags; f++) {
    if ((packets[(i + f) * PK_WORDS + PK_LEN] & 0xffff) > limit) return TOO_LONG;
  }
  // A header in a fragment of its own would leave an empty one.
  if (header !== b.header && changed === 0) return OFFLOAD;
  if (b.header === 0 || header !== 0) return GOOD;
  const at = (b.bufBase + packets[i * PK_WORDS + PK_IDX] * b.bufWords) * 4 + offsetOf(b, i);
  const { u8 } = b.memory;
  const gsoType = u8[at + 1];
  return (u8[at] & NEEDS_CSUM) !== 0 || gsoType !== 0 ? OFFLOAD : GOOD;
}

/**
 * Slots of the packets, in order, that fit into `space` slots whole.
 *
 * @param u first unicast packet @param c first broadcast packet
 * @param judged whether verdicts count
 */
export function slotsThatFit(
  b: Batch,
  u: number,
  c: number,
  judged: boolean,
  space: number,
): number {
  const { packets, verdicts } = b;
  let slots = 0;
  while (u !== NIL || c !== NIL) {
    const first = c === NIL || (u !== NIL && u < c) ? u : c;
    if (first === u) u = packets[u * PK_WORDS + PK_NEXT];
    else c = packets[c * PK_WORDS + PK_NEXT];
    if (judged && verdicts[first] !== GOOD) continue;
    const frags = (packets[first * PK_WORDS + PK_LEN] >>> PK_FRAGS_SHIFT) & 0xff;
    if (slots + frags > space) break;
    slots += frags;
  }
  return slots;
}
