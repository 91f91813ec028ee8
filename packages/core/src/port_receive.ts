/**
 * Receiving as views: the friendly level of receive rings.
 *
 * ```
 *              head             cur        tail          a batch was handed out:
 *     ... d d | v   v   v   v | u   u   u | d ...        v: views of it are in the user's hands
 *                                                        next receive: head = cur, rxsync, read on
 * ```
 *
 * Invariant: a slot goes back to the device only at the receive after the one that handed it out.
 * The ring itself remembers: `head` stays, `cur` goes behind the last packet read. So waiting, which
 * looks at `cur`, waits for packets after it.
 *
 * @module
 */

import { NS_MOREFRAG } from "./abi/constants.ts";
import type { Ring } from "./ring.ts";

/** Receive rings and where the next batch begins. */
export interface RxState {
  readonly rings: readonly Ring[];
  /** For each ring, slots before `cur` of a packet whose last slot is not there yet. */
  readonly partial: number[];
  next: number;
}

/** State for a port's receive rings. */
export function newRxState(rings: readonly Ring[]): RxState {
  return { rings, partial: rings.map(() => 0), next: 0 };
}

/**
 * Gives back what the last call handed out, syncs, and hands out what is there.
 *
 * @param rx the rings; read in turn, each call beginning with another one
 * @param max packets at most
 * @param rxsync tells the device
 * @returns views for packets of one slot, copies for packets of several
 * @throws {NetmapError} EINVAL when the first packet's slot points outside the region; it is skipped
 */
export function receiveFrames(rx: RxState, max: number, rxsync: () => void): Uint8Array[] {
  const { rings, partial } = rx;
  for (let k = 0; k < rings.length; k++) releaseBatch(rings[k], partial, k);
  rxsync();
  const frames: Uint8Array[] = [];
  for (let k = 0; k < rings.length && frames.length < max; k++) {
    const at = (rx.next + k) % rings.length;
    partial[at] = readRing(rings[at], max, frames);
  }
  if (rings.length > 0) rx.next = (rx.next + 1) % rings.length;
  return frames;
}

/** Gives the slots of the last batch back at the next sync. */
function releaseBatch(ring: Ring, partial: number[], k: number): void {
  const i = ring.cur - partial[k];
  partial[k] = 0;
  ring.cur = ring.head = i < 0 ? i + ring.numSlots : i;
}

/** Adds the packets of one ring; returns how many slots at its end are of an unfinished packet. */
function readRing(ring: Ring, max: number, frames: Uint8Array[]): number {
  let i = ring.head;
  let left = ring.space();
  let unfinished = 0;
  while (left > 0 && frames.length < max) {
    const slots = packetSlots(ring, i, left);
    if (slots === 0) {
      // A packet that fills the whole ring can never be finished: it is given back unread.
      if (left === ring.numSlots - 1) left = 0;
      unfinished = left;
      i = ring.tail;
      break;
    }
    const after = skip(ring, i, slots);
    try {
      frames.push(slots === 1 ? ring.packet(i) : joinSlots(ring, i, slots));
    } catch (error) {
      if (frames.length > 0) break; // hand out what is good; the next call meets it first
      ring.cur = after;
      throw error;
    }
    i = after;
    left -= slots;
  }
  ring.cur = i;
  return unfinished;
}

/** How many slots the packet at `i` takes, or 0 when its last one is not among `left`. */
function packetSlots(ring: Ring, i: number, left: number): number {
  for (let n = 1; n <= left; n++, i = ring.next(i)) {
    if ((ring.slotFlags(i) & NS_MOREFRAG) === 0) return n;
  }
  return 0;
}

function skip(ring: Ring, i: number, slots: number): number {
  const after = i + slots;
  return after >= ring.numSlots ? after - ring.numSlots : after;
}

function joinSlots(ring: Ring, i: number, slots: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let n = 0; n < slots; n++, i = ring.next(i)) {
    const part = ring.packet(i);
    parts.push(part);
    bytes += part.length;
  }
  const joined = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
