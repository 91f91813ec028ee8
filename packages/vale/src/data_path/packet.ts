/**
 * From slots to a packet: the general way, for packets of several fragments and for data that lies
 * outside of the buffers. What a user wrote into a slot is read once, bounded, and used from here
 * on as it was then. `classify.ts` has the short way for the common packet.
 *
 * @module
 */

import { SLOT_BUF_IDX, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import { type DataPath, slotOffset } from "@netmap/engine";
import {
  type Batch,
  MAX_FRAGS,
  NIL,
  offsetOf,
  PK_FRAGS_SHIFT,
  PK_IDX,
  PK_LEN,
  PK_NEXT,
  PK_SLOT,
  PK_STAYS,
  PK_WORDS,
} from "./batch.ts";
import { isFetched } from "./indirect.ts";
import { BUF_CHANGED, INDIRECT, MOREFRAG } from "./slot_flags.ts";

/** Bytes of an Ethernet header: what is shorter is no frame. */
export const ETHER_HDR_LEN = 14;

/**
 * Takes the packet that begins in a slot, all of its fragments.
 *
 * Sets in the batch: `nextSlot`, the slot behind the packet; `packetBytes`; and where the frame's
 * addresses are: at word `frameWord`, `frameShift` bits into it, with `frameBytes` bytes in that
 * fragment.
 *
 * @param j the slot
 * @param end the slot at which the ring ends now
 * @param i the packet's place in the batch
 * @returns its fragments, 0 when the slots make no packet
 */
export function takePacket(dp: DataPath, b: Batch, j: number, end: number, i: number): number {
  const { packets, slots, numSlots, numBufs } = b;
  const { i32 } = b.memory;
  const bufBytes = b.bufWords << 2;
  let frags = 0;
  let bytes = 0;
  let good = true;
  let stays = 0;
  for (let at = j;;) {
    const slot = slots + at * SLOT_WORDS;
    const idx = i32[slot + SLOT_BUF_IDX];
    const word = i32[slot + SLOT_LEN_FLAGS];
    const len = word & 0xffff;
    const offset = b.hasOffsets ? slotOffset(dp.state, b.k, i32, slot) : 0;
    if ((word & BUF_CHANGED) !== 0) i32[slot + SLOT_LEN_FLAGS] = word & ~BUF_CHANGED;
    if (frags === MAX_FRAGS || idx < 2 || idx >= numBufs || len > bufBytes - offset) {
      good = false;
    }
    if (good && (word & INDIRECT) !== 0) {
      good = isFetched(dp, b, at, end);
      stays = PK_STAYS;
      b.stays = true;
    }
    if (good) {
      const f = (i + frags) * PK_WORDS;
      packets[f + PK_IDX] = idx;
      packets[f + PK_LEN] = len;
      packets[f + PK_NEXT] = NIL;
      packets[f + PK_SLOT] = slot;
      b.offsets[i + frags] = offset;
      frags++;
      bytes += len;
    }
    at = at + 1 === numSlots ? 0 : at + 1;
    b.nextSlot = at;
    if ((word & MOREFRAG) === 0) break;
    // The chain is broken: its rest was not given to us. (The reference sends what is there.)
    if (at === end) return 0;
  }
  if (!good || !findFrame(b, i, frags)) return 0;
  packets[i * PK_WORDS + PK_LEN] |= (frags << PK_FRAGS_SHIFT) | stays;
  b.packetBytes = bytes;
  return frags;
}

/** Where the frame begins: behind the virtio-net header, which may be a fragment of its own. */
function findFrame(b: Batch, i: number, frags: number): boolean {
  const { packets, header } = b;
  const len = packets[i * PK_WORDS + PK_LEN] & 0xffff;
  if (header < len) return frameAt(b, i, header, len - header);
  if (header !== len || frags < 2) return false;
  return frameAt(b, i + 1, 0, packets[(i + 1) * PK_WORDS + PK_LEN] & 0xffff);
}

function frameAt(b: Batch, i: number, header: number, bytes: number): boolean {
  const offset = offsetOf(b, i) + header;
  b.frameWord = b.bufBase + Math.imul(b.packets[i * PK_WORDS + PK_IDX], b.bufWords) +
    (offset >> 2);
  b.frameShift = (offset & 3) << 3;
  b.frameBytes = bytes;
  return bytes >= ETHER_HDR_LEN;
}
