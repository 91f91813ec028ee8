/**
 * A kring is the engine's side of a ring: where it stands, and what of the user's side is believed.
 *
 * ```
 *   transmit                                  receive
 *   0   hwcur    rhead     hwtail  n-1        0   hwcur   rhead      hwtail  n-1
 *   |----|########|.........|-------|         |----|#######|..........|-------|
 *        to send   the user's                      given    the user's
 *                  free slots                      back     received slots
 * ```
 *
 * The user writes head and cur into the ring; a sync checks them against what was told last
 * (rhead, rtail) and only then uses them. A ring whose head or cur makes no sense is reset to
 * hwcur and hwtail and counted; nothing else suffers.
 *
 * @module
 */

import {
  type Memory,
  NR_TIMESTAMP,
  RING_CUR,
  RING_FLAGS,
  RING_HEAD,
  RING_SLOTS,
  RING_TAIL,
  RING_TS,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_WORDS,
} from "@netmap/core";
import type { DataPath } from "./data_path.ts";
import {
  C_BAD_BUFFERS,
  C_REINITS,
  K_BUF_BASE,
  K_BUF_WORDS,
  K_BUSY,
  K_HWCUR,
  K_HWTAIL,
  K_LOCK,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_RCUR,
  K_RHEAD,
  K_RING,
  K_RTAIL,
  K_STOPPED,
  KR_STOPPED,
} from "./layout.ts";
import { yieldThread } from "./thread.ts";

/** Spins before a waiter gives its time slice away, and asks whether the holder still lives. */
const SPINS = 1000;

/** {@link tryEnter} succeeded. */
export const ENTERED = 0;
/** Another sync runs on the ring, or it is stopped for a moment: skip it. */
export const SKIP = 1;
/** The ring will not run again. */
export const STOPPED = 2;

/** Begins a sync on a ring (`nm_kr_tryget`). @returns ENTERED, SKIP or STOPPED */
export function tryEnter(dp: DataPath, k: number): number {
  const state = dp.state;
  if (Atomics.compareExchange(state, k + K_BUSY, 0, dp.owner) !== 0) {
    const holder = Atomics.load(state, k + K_BUSY);
    if (holder === 0 || holder === dp.owner || dp.ownerAlive(holder)) return SKIP;
    // Its thread died within a sync: the ring is taken over, the sync's own state is whole
    // because hwcur moves last.
    if (Atomics.compareExchange(state, k + K_BUSY, holder, dp.owner) !== holder) return SKIP;
  }
  const stopped = Atomics.load(state, k + K_STOPPED);
  if (stopped === 0) return ENTERED;
  leave(dp, k);
  return stopped === KR_STOPPED ? STOPPED : SKIP;
}

/** Ends a sync (`nm_kr_put`). */
export function leave(dp: DataPath, k: number): void {
  Atomics.store(dp.state, k + K_BUSY, 0);
}

/** Takes the lock in a word of the image, from a dead holder too. */
export function lockWord(dp: DataPath, word: number): void {
  const state = dp.state;
  let spins = 0;
  while (Atomics.compareExchange(state, word, 0, dp.owner) !== 0) {
    if (++spins < SPINS) continue;
    spins = 0;
    const holder = Atomics.load(state, word);
    if (
      holder !== 0 && !dp.ownerAlive(holder) &&
      Atomics.compareExchange(state, word, holder, dp.owner) === holder
    ) return;
    yieldThread();
  }
}

/** Releases a lock taken by {@link lockWord}. */
export function unlockWord(dp: DataPath, word: number): void {
  Atomics.store(dp.state, word, 0);
}

/** Takes the lock that guards hwtail and the leases (`q_lock`). */
export function lockRing(dp: DataPath, k: number): void {
  lockWord(dp, k + K_LOCK);
}

/** Releases the lock that guards hwtail and the leases. */
export function unlockRing(dp: DataPath, k: number): void {
  Atomics.store(dp.state, k + K_LOCK, 0);
}

/** Stops a ring and waits until nobody syncs it (`netmap_disable_ring`). */
export function stopRing(dp: DataPath, k: number, how: number): void {
  Atomics.store(dp.state, k + K_STOPPED, how);
  lockWord(dp, k + K_BUSY);
  unlockWord(dp, k + K_BUSY);
}

/** Lets a stopped ring run again. */
export function resumeRing(dp: DataPath, k: number): void {
  Atomics.store(dp.state, k + K_STOPPED, 0);
}

/** Whether `x` lies in the circular range from..to, both included. */
function within(x: number, from: number, to: number): boolean {
  return to >= from ? x >= from && x <= to : x >= from || x <= to;
}

/**
 * Takes over a head and cur that the user wrote if they make sense, each read once:
 * from <= head <= cur <= rtail, circularly. Before a txsync `from` is rhead, before a rxsync hwcur.
 *
 * @returns whether they do; if not nothing was changed
 */
export function acceptPointers(
  state: Int32Array,
  k: number,
  from: number,
  head: number,
  cur: number,
): boolean {
  const n = state[k + K_NUM_SLOTS];
  const rtail = state[k + K_RTAIL];
  if (
    head < 0 || head >= n || cur < 0 || cur >= n ||
    !within(head, from, rtail) || !within(cur, head, rtail)
  ) return false;
  state[k + K_RHEAD] = head;
  state[k + K_RCUR] = cur;
  return true;
}

/**
 * Checks the user's head and cur before a txsync.
 *
 * @returns whether the sync may go on; if not the ring was reset
 */
export function txsyncPrologue(dp: DataPath, k: number, memory: Memory): boolean {
  return prologue(dp, k, memory, dp.state[k + K_RHEAD]);
}

/**
 * Checks the user's head and cur before a rxsync.
 *
 * @returns whether the user's values are good; if not the ring was reset and the sync may go on
 */
export function rxsyncPrologue(dp: DataPath, k: number, memory: Memory): boolean {
  return prologue(dp, k, memory, dp.state[k + K_HWCUR]);
}

function prologue(dp: DataPath, k: number, memory: Memory, from: number): boolean {
  const state = dp.state;
  const i32 = memory.i32;
  const ring = state[k + K_RING];
  const head = Atomics.load(i32, ring + RING_HEAD);
  const cur = Atomics.load(i32, ring + RING_CUR);
  if (acceptPointers(state, k, from, head, cur)) return true;
  resetRing(dp, k, memory);
  return false;
}

/** Tells the user where the ring stands after a sync (`nm_sync_finalize`). */
export function finalize(dp: DataPath, k: number, memory: Memory): void {
  const tail = Atomics.load(dp.state, k + K_HWTAIL);
  dp.state[k + K_RTAIL] = tail;
  Atomics.store(memory.i32, dp.state[k + K_RING] + RING_TAIL, tail);
}

/**
 * Brings a ring back to hwcur and hwtail after the user wrote nonsense into it, and replaces
 * buffer indexes and lengths that are out of range (`netmap_ring_reinit`).
 *
 * The reference resets only when an index is beyond the ring; we reset always, so that a head
 * that moved backwards never makes slots be sent twice.
 */
export function resetRing(dp: DataPath, k: number, memory: Memory): void {
  const state = dp.state;
  const i32 = memory.i32;
  const ring = state[k + K_RING];
  const n = state[k + K_NUM_SLOTS];
  const numBufs = state[k + K_NUM_BUFS];
  const bufSize = state[k + K_BUF_WORDS] << 2;
  for (let i = 0; i < n; i++) {
    const slot = ring + RING_SLOTS + i * SLOT_WORDS;
    const idx = i32[slot + SLOT_BUF_IDX];
    if (idx < 2 || idx >= numBufs) {
      i32[slot + SLOT_BUF_IDX] = 0;
      i32[slot + SLOT_LEN_FLAGS] &= ~0xffff;
      dp.counters[(k >> 1) + C_BAD_BUFFERS]++;
    } else if ((i32[slot + SLOT_LEN_FLAGS] & 0xffff) > bufSize) {
      i32[slot + SLOT_LEN_FLAGS] &= ~0xffff;
    }
  }
  const hwcur = state[k + K_HWCUR];
  const hwtail = Atomics.load(state, k + K_HWTAIL);
  state[k + K_RHEAD] = hwcur;
  state[k + K_RCUR] = hwcur;
  state[k + K_RTAIL] = hwtail;
  Atomics.store(i32, ring + RING_HEAD, hwcur);
  Atomics.store(i32, ring + RING_CUR, hwcur);
  Atomics.store(i32, ring + RING_TAIL, hwtail);
  dp.counters[(k >> 1) + C_REINITS]++;
}

/** Writes the time of a sync into the ring where the user asked for it (`NR_TIMESTAMP`). */
export function timestamp(i32: Int32Array, ring: number): void {
  if ((i32[ring + RING_FLAGS] & NR_TIMESTAMP) === 0) return;
  const ms = performance.timeOrigin + performance.now();
  const seconds = Math.floor(ms / 1000);
  i32[ring + RING_TS] = seconds | 0;
  i32[ring + RING_TS + 1] = 0;
  i32[ring + RING_TS + 2] = Math.floor((ms - seconds * 1000) * 1000);
  i32[ring + RING_TS + 3] = 0;
}

/**
 * Word at which a buffer begins, for an index that a user wrote. An index out of range means
 * buffer 0, which belongs to nobody (`NMB`).
 */
export function bufferWord(state: Int32Array, k: number, idx: number): number {
  const safe = idx >= 0 && idx < state[k + K_NUM_BUFS] ? idx : 0;
  return state[k + K_BUF_BASE] + safe * state[k + K_BUF_WORDS];
}
