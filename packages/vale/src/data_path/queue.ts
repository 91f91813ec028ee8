/**
 * Queues of a batch: which ring gets which packets.
 *
 * @module
 */

import {
  type DataPath,
  K_LEASES,
  K_MODE,
  K_RING,
  K_STOPPED,
  KRING_WORDS,
  NKR_NETMAP_ON,
  P_RX,
  P_RX_RINGS,
} from "@netmap/engine";
import { BROADCAST, S_ACTIVE, S_NUM_ACTIVE, S_PORTS, V_CLOSED } from "../layout.ts";
import {
  type Batch,
  BROADCAST_QUEUE,
  NIL,
  PK_NEXT,
  PK_WORDS,
  Q_HEAD,
  Q_KRING,
  Q_NEWS,
  Q_PACKETS,
  Q_RINGS,
  Q_SLOTS,
  Q_TAIL,
  Q_WORDS,
} from "./batch.ts";

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const ALL = BROADCAST;
const ALL_QUEUE = BROADCAST_QUEUE;
const PORTS = S_PORTS;
const RINGS = P_RX_RINGS;
const MOST_RINGS = Q_RINGS;
const QUEUE_WORDS = Q_WORDS;
const KRING = Q_KRING;
const HEAD = Q_HEAD;
const END = NIL;

/** No queue: nobody gets the packet. */
export const NO_QUEUE = -1;
const NOBODY = NO_QUEUE;

/**
 * The queue of a destination, opened if it was not.
 *
 * @param dst number of a port, or BROADCAST
 * @param ring receive ring that is wanted; of those that the port has, modulo their number
 * @returns the queue, NO_QUEUE when nobody receives there
 */
export function openQueue(dp: DataPath, b: Batch, dst: number, ring: number): number {
  const { state } = dp;
  if (dst === ALL) {
    if (b.queues[ALL_QUEUE + HEAD] === END && openForBroadcast(dp, b) === 0) {
      return NOBODY;
    }
    return ALL_QUEUE;
  }
  if (dst === b.port || dst < 0 || dst > ALL) return NOBODY;
  const p = state[b.s + PORTS + dst];
  if (p === 0) return NOBODY;
  const rings = Math.min(state[p + RINGS], MOST_RINGS);
  if (rings === 0 || ring < 0) return NOBODY;
  return openRing(dp, b, p, dst, ring < rings ? ring : ring % rings);
}

/** The queue of a destination on the ring of the sender's number, for the first packet to it. */
export function askQueue(dp: DataPath, b: Batch, dst: number): number {
  b.asked[b.askedCount++] = dst;
  return b.queueOf[dst] = openQueue(dp, b, dst, b.ring);
}

/** @param p record of the port @param ring one that it has */
function openRing(dp: DataPath, b: Batch, p: number, dst: number, ring: number): number {
  const { state } = dp;
  const q = Math.imul(((dst * MOST_RINGS) | 0) + ring, QUEUE_WORDS);
  const { queues } = b;
  // A queue that is opened for broadcasts alone has no packet of its own: its kring tells.
  if (isOpen(b, q)) return q;
  if (state[p + V_CLOSED] !== 0 || state[p + P_RX] === 0) return NOBODY;
  const k = state[p + P_RX] + ring * KRING_WORDS;
  if (
    state[k + K_RING] === 0 || state[k + K_MODE] !== NKR_NETMAP_ON || state[k + K_LEASES] === 0 ||
    state[k + K_STOPPED] !== 0 || !isMapped(dp, k)
  ) return NOBODY;
  queues[q + KRING] = k;
  queues[q + HEAD] = END;
  queues[q + Q_SLOTS] = 0;
  queues[q + Q_PACKETS] = 0;
  queues[q + Q_NEWS] = 0;
  b.used[b.usedCount++] = q;
  return q;
}

function isOpen(b: Batch, q: number): boolean {
  return b.queues[q + KRING] !== 0;
}

/** Whether this thread can reach the ring's memory; a Worker may hold no memfd of it. */
function isMapped(dp: DataPath, k: number): boolean {
  if (dp.isOwner) return true;
  try {
    dp.regionOf(k);
    return true;
  } catch {
    return false;
  }
}

/** Opens ring 0 of all ports but the sender's. @returns how many there are */
function openForBroadcast(dp: DataPath, b: Batch): number {
  const { state } = dp;
  const count = state[b.s + S_NUM_ACTIVE];
  let open = 0;
  for (let i = 0; i < count; i++) {
    const dst = state[b.s + S_ACTIVE + i];
    const p = state[b.s + S_PORTS + dst];
    if (dst === b.port || p === 0 || state[p + P_RX_RINGS] === 0) continue;
    if (openRing(dp, b, p, dst, 0) !== NO_QUEUE) open++;
  }
  return open;
}

/** Whether broadcasts go to the ring of a queue too: they go to ring 0 of each port. */
export function takesBroadcasts(q: number): boolean {
  return q % (Q_RINGS * Q_WORDS) === 0;
}

/** Appends a packet to a queue. */
export function enqueue(b: Batch, q: number, i: number, frags: number): void {
  const { queues, packets } = b;
  if (queues[q + Q_HEAD] === NIL) queues[q + Q_HEAD] = i;
  else packets[queues[q + Q_TAIL] * PK_WORDS + PK_NEXT] = i;
  queues[q + Q_TAIL] = i;
  queues[q + Q_SLOTS] += frags;
  queues[q + Q_PACKETS]++;
}
