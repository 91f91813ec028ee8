/**
 * A ring in memory of its own, without a device: what the tests of generator and checker fill and
 * read.
 *
 * @module
 */

import { type Memory, Ring, RING_BUF_OFS, RING_BUF_SIZE, RING_NUM_SLOTS } from "@netmap/core";
import { RING_SLOTS, RING_TAIL, SLOT_BUF_IDX, SLOT_WORDS } from "@netmap/core";

const BUF_SIZE = 2048;

/** A ring whose slots are all the user's, as a new transmit ring's are. */
export function lonelyRing(slots: number): { ring: Ring; memory: Memory } {
  const buffers = 4096 + slots * SLOT_WORDS * 4;
  const u8 = new Uint8Array(buffers + (slots + 2) * BUF_SIZE);
  const i32 = new Int32Array(u8.buffer);
  i32[RING_NUM_SLOTS] = slots;
  i32[RING_BUF_SIZE] = BUF_SIZE;
  i32[RING_BUF_OFS] = buffers;
  i32[RING_TAIL] = slots - 1;
  for (let i = 0; i < slots; i++) i32[RING_SLOTS + i * SLOT_WORDS + SLOT_BUF_IDX] = i + 2;
  const u16 = new Uint16Array(u8.buffer);
  const memory = { size: u8.length, u8, u16, i32, address: 0, closed: false };
  return { ring: new Ring(memory, 0, "test"), memory };
}

/** Turns what was sent on it into what was received: as a wire of no length would. */
export function turnAround(ring: Ring, { i32 }: Memory): void {
  i32[ring.word + RING_TAIL] = ring.head;
  ring.head = ring.cur = 0;
}
