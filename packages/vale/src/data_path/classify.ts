/**
 * First half of a batch for the learning bridge: takes packets from the source ring, learns where
 * they come from, looks up where they go, and puts them into the queues.
 *
 * The common packet (one slot, its data in its buffer) is taken right here. The source address and
 * the destination of the packet before are remembered: a run of packets between two hosts
 * costs one learning and one lookup a batch. What is remembered ends with the batch, so an
 * address that moved is noticed with the next one. (The reference remembers the source for ever: an
 * address that moves away and comes back stays unknown there.)
 *
 * Measured: the parameters that loops use are made integers by `| 0` first, since V8 otherwise checks
 * their type again in each round; `(at + 1) | 0` spares it the check for an overflow.
 *
 * @module
 */

import { NS_NO_LEARN, SLOT_LEN_FLAGS } from "@netmap/core";
import {
  C_BYTES,
  C_DROP_BAD_SLOT,
  C_DROP_NO_DESTINATION,
  C_PACKETS,
  type DataPath,
} from "@netmap/engine";
import { BROADCAST, S_FDB, S_FDB_MASK } from "../layout.ts";
import {
  BATCH,
  type Batch,
  NIL,
  PK_FRAGS_SHIFT,
  PK_LEN,
  PK_NEXT,
  PK_SHIFT,
  PK_SLOT,
  Q_HEAD,
  Q_PACKETS,
  Q_SLOTS,
  Q_TAIL,
  UNASKED,
} from "./batch.ts";
import { find, learn, maxAge } from "./fdb.ts";
import { forgetFetched } from "./indirect.ts";
import { ETHER_HDR_LEN, takePacket } from "./packet.ts";
import { BUF_CHANGED, INDIRECT, MOREFRAG } from "./slot_flags.ts";
import { askQueue, NO_QUEUE } from "./queue.ts";

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const LEN_FLAGS = SLOT_LEN_FLAGS;
const CHANGED = BUF_CHANGED;
const NO_LEARN = NS_NO_LEARN << 16;
/** Flags that the short way does not handle. */
const GENERAL = MOREFRAG | INDIRECT;
const LEN = PK_LEN;
const NEXT = PK_NEXT;
const SLOT = PK_SLOT;
const ONE_FRAGMENT = 1 << PK_FRAGS_SHIFT;
const SHIFT = PK_SHIFT;
const MOST = BATCH;
const END = NIL;
const NOBODY = NO_QUEUE;
const ASK = UNASKED;
const HEAD = Q_HEAD;
/** Bit of the first byte of an address: a group's. */
const GROUP = 1;

/**
 * Takes packets until the batch is full or the ring ends.
 *
 * @param from first slot
 * @param end the slot at which the ring ends now
 * @returns the first slot that was not taken
 */
export function classify(dp: DataPath, b: Batch, k: number, from: number, end: number): number {
  const { state } = dp;
  const { packets, queues, queueOf } = b;
  const { i32 } = b.memory;
  const slots = b.slots | 0;
  const numSlots = b.numSlots | 0;
  const numBufs = b.numBufs | 0;
  const bufWords = b.bufWords | 0;
  const bufBytes = bufWords << 2;
  const header = b.header | 0;
  const frameBase = (b.bufBase + (header >> 2)) | 0;
  const headerShift = (header & 2) << 3;
  const shortest = (header + ETHER_HDR_LEN) | 0;
  const table = state[b.s + S_FDB];
  const mask = state[b.s + S_FDB_MASK];
  const age = maxAge(state, b.s);
  const general = b.hasOffsets ? -1 : GENERAL;
  const now = b.now | 0;
  const me = b.port | 0;
  const last = end | 0;

  let j = from | 0;
  let i = 0;
  // What the packet before had. No address has hi = -1.
  let srcLo = 0;
  let srcHi = -1;
  let dstLo = 0;
  let dstHi = -1;
  // The queue of the packet before, and its tail and counts while they are here.
  let q = NOBODY;
  let tail = END;
  let queuedSlots = 0;
  let queuedPackets = 0;
  let sent = 0;
  let bytes = 0;
  let bad = 0;
  let lost = 0;
  forgetFetched();
  while (j !== last && i < MOST) {
    const slot = (slots + (j << 2)) | 0;
    const word = i32[(slot + LEN_FLAGS) | 0];
    let len = word & 0xffff;
    let frags = 1;
    let at: number;
    let shift = headerShift;
    if ((word & general) === 0) {
      const idx = i32[slot];
      j = j + 1 === numSlots ? 0 : (j + 1) | 0;
      if ((word & CHANGED) !== 0) i32[(slot + LEN_FLAGS) | 0] = word & ~CHANGED;
      if (idx < 2 || idx >= numBufs || len > bufBytes || len < shortest) {
        bad++;
        continue;
      }
      const f = i << SHIFT;
      packets[f] = idx;
      packets[(f + LEN) | 0] = len | ONE_FRAGMENT;
      packets[(f + SLOT) | 0] = slot;
      at = (frameBase + Math.imul(idx, bufWords)) | 0;
    } else {
      frags = takePacket(dp, b, j, last, i) | 0;
      j = b.nextSlot | 0;
      if (frags === 0) {
        bad++;
        continue;
      }
      len = b.packetBytes | 0;
      at = b.frameWord | 0;
      shift = b.frameShift | 0;
    }
    let w0 = i32[at];
    let w1 = i32[(at + 1) | 0];
    let w2 = i32[(at + 2) | 0];
    if (shift !== 0) {
      w0 = (w0 >>> shift) | (w1 << (32 - shift));
      w1 = (w1 >>> shift) | (w2 << (32 - shift));
      w2 = (w2 >>> shift) | (i32[(at + 3) | 0] << (32 - shift));
    }
    // Bytes: dst 0 1 2 3 | dst 4 5, src 0 1 | src 2 3 4 5
    const lo = (w1 >>> 16) | (w2 << 16);
    const hi = w2 >>> 16;
    if ((lo !== srcLo || hi !== srcHi) && (lo & GROUP) === 0 && (word & NO_LEARN) === 0) {
      learn(state, table, mask, lo, hi, me, now);
      srcLo = lo;
      srcHi = hi;
      // The destination may be the address that has just moved.
      dstHi = -1;
    }
    if (w0 !== dstLo || (w1 & 0xffff) !== dstHi) {
      dstLo = w0;
      dstHi = w1 & 0xffff;
      if (q !== NOBODY) {
        packets[((tail << SHIFT) + NEXT) | 0] = END;
        queues[q + Q_TAIL] = tail;
        queues[q + Q_SLOTS] = queuedSlots;
        queues[q + Q_PACKETS] = queuedPackets;
      }
      const dst = (dstLo & GROUP) !== 0
        ? BROADCAST
        : find(state, table, mask, dstLo, dstHi, now, age);
      q = queueOf[dst];
      if (q === ASK) q = askQueue(dp, b, dst);
      if (q !== NOBODY) {
        tail = queues[q + HEAD] === END ? END : queues[q + Q_TAIL];
        queuedSlots = queues[q + Q_SLOTS];
        queuedPackets = queues[q + Q_PACKETS];
      }
    }
    if (q === NOBODY) {
      lost++;
      continue;
    }
    if (tail === END) queues[q + HEAD] = i;
    else packets[((tail << SHIFT) + NEXT) | 0] = i;
    tail = i;
    queuedSlots = (queuedSlots + frags) | 0;
    queuedPackets = (queuedPackets + 1) | 0;
    i = (i + frags) | 0;
    sent = (sent + 1) | 0;
    bytes = (bytes + len) | 0;
  }
  if (q !== NOBODY) {
    packets[((tail << SHIFT) + NEXT) | 0] = END;
    queues[q + Q_TAIL] = tail;
    queues[q + Q_SLOTS] = queuedSlots;
    queues[q + Q_PACKETS] = queuedPackets;
  }
  countSent(dp, k, sent, bytes, bad, lost);
  return j;
}

/** Counts what left a source ring, and what did not. Its ring is ours: nobody else counts. */
export function countSent(
  dp: DataPath,
  k: number,
  sent: number,
  bytes: number,
  bad: number,
  lost: number,
): void {
  const { counters } = dp;
  const c = k >> 1;
  counters[c + C_PACKETS] += sent;
  counters[c + C_BYTES] += bytes;
  if (bad !== 0) counters[c + C_DROP_BAD_SLOT] += bad;
  if (lost !== 0) counters[c + C_DROP_NO_DESTINATION] += lost;
}
