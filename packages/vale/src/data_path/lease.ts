/**
 * Leases: pieces of a receive ring that senders have taken and are filling, several at once.
 *
 * ```
 *    hwcur      hwtail                                  n-1
 *   |--#########|++++ A ++++|++++++ B ++++++|++ C ++|......|
 *      the       first lease                         ^ free
 *      user's    still copying   done                the next lease begins here
 * ```
 *
 * A sender takes its lease under the ring's lock, copies without it, and says under the lock that it is
 * done. hwtail then moves over all leases that are done, up to the first that is not: so each
 * sender's packets stay in order, and nobody waits for a copy of somebody else.
 *
 * A lease is one word: where it ends, and the tag of its owner while it copies (`end | tag << 16`).
 * Each step is one store, so a sender that dies leaves a whole table; its lease is found by the
 * next who cannot go on, and its slots are handed out empty.
 *
 * @module
 */

import { RING_SLOTS, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import {
  type DataPath,
  K_HWCUR,
  K_HWTAIL,
  K_LEASE_IDX,
  K_LEASES,
  K_NUM_SLOTS,
  K_RING,
} from "@netmap/engine";
import { VK_FIRST_LEASE } from "../layout.ts";

const END_MASK = 0xffff;
const TAG_SHIFT = 16;
/**
 * Meetings with a lease that is not done until its owner's life is looked at: that is a system call
 * (0.2 us), and nearly always the owner is just copying.
 */
const PATIENCE = 16;
let met = 0;

/** Whether senders are copying into a ring, or died while they did. */
export function isLeased(state: Int32Array, k: number): boolean {
  return state[k + VK_FIRST_LEASE] !== Atomics.load(state, k + K_LEASE_IDX);
}

/** Slot at which the next lease begins. Under the ring's lock. */
export function leaseStart(state: Int32Array, k: number): number {
  const next = state[k + K_LEASE_IDX];
  if (next === state[k + VK_FIRST_LEASE]) return state[k + K_HWTAIL];
  const last = next === 0 ? state[k + K_NUM_SLOTS] - 1 : next - 1;
  return state[state[k + K_LEASES] + last] & END_MASK;
}

/** Free slots from a slot on. */
export function leaseSpace(state: Int32Array, k: number, start: number): number {
  const busy = start - Atomics.load(state, k + K_HWCUR);
  const n = state[k + K_NUM_SLOTS];
  return n - 1 - (busy < 0 ? busy + n : busy);
}

/**
 * Takes slots. Under the ring's lock.
 *
 * @param start what {@link leaseStart} says
 * @param count slots, at least 1 and at most {@link leaseSpace}
 * @returns the lease: what {@link finishLease} takes
 */
export function takeLease(dp: DataPath, k: number, start: number, count: number): number {
  const { state, owner } = dp;
  const n = state[k + K_NUM_SLOTS];
  const end = start + count;
  const index = state[k + K_LEASE_IDX];
  const lease = state[k + K_LEASES] + index;
  state[lease] = (end >= n ? end - n : end) | (owner << TAG_SHIFT);
  state[k + K_LEASE_IDX] = index + 1 === n ? 0 : index + 1;
  return lease;
}

/**
 * Says that a lease is filled. Under the ring's lock.
 *
 * @returns whether the receiver has something new
 */
export function finishLease(dp: DataPath, k: number, lease: number): boolean {
  dp.state[lease] &= END_MASK;
  return publish(dp, k, false);
}

/**
 * Moves hwtail over leases that are done. Under the ring's lock.
 *
 * @param look whether to look at once if the owner of the first lease is dead
 * @returns whether hwtail moved
 */
export function publish(dp: DataPath, k: number, look: boolean): boolean {
  const { state } = dp;
  const next = state[k + K_LEASE_IDX];
  const leases = state[k + K_LEASES];
  const n = state[k + K_NUM_SLOTS];
  let first = state[k + VK_FIRST_LEASE];
  let tail = state[k + K_HWTAIL];
  let moved = false;
  while (first !== next) {
    const lease = state[leases + first];
    const end = lease & END_MASK;
    const tag = lease >>> TAG_SHIFT;
    if (tag !== 0) {
      if (!look && (++met & (PATIENCE - 1)) !== 0) break;
      if (tag === dp.owner || dp.ownerAlive(tag)) break;
      emptySlots(dp, k, tail, end);
      state[leases + first] = end;
    }
    tail = end;
    moved = true;
    first = first + 1 === n ? 0 : first + 1;
  }
  if (!moved) return false;
  Atomics.store(state, k + K_HWTAIL, tail);
  state[k + VK_FIRST_LEASE] = first;
  return true;
}

/** What a dead sender had taken becomes packets of length 0. */
function emptySlots(dp: DataPath, k: number, from: number, end: number): void {
  const { i32 } = dp.regionOf(k);
  const slots = dp.state[k + K_RING] + RING_SLOTS;
  const n = dp.state[k + K_NUM_SLOTS];
  for (let i = from; i !== end; i = i + 1 === n ? 0 : i + 1) {
    i32[slots + i * SLOT_WORDS + SLOT_LEN_FLAGS] = 0;
  }
}
