/**
 * The loop's half of the CSB protocol: one sync of one ring, with the pointers of its CSB entries in
 * place of those in the ring.
 *
 * Nothing that the application writes is believed. Each word is read once, atomically, and bounded
 * before it is used; pointers that make no sense stop their ring alone: it is brought back to where
 * the engine stands, which is reported, and goes on once the application has set head and cur to
 * hwcur. The rings of others never notice.
 *
 * A loop may die at any word. The tail that an application may rely on (`K_RTAIL`) is stored before it
 * is told, and a new loop tells and kicks whatever stands in the krings at first.
 *
 * @module
 */

import {
  CSB_ATOK_APPL_NEED_KICK,
  CSB_ATOK_CUR,
  CSB_ATOK_HEAD,
  CSB_ENTRY_WORDS,
  CSB_KTOA_HWCUR,
  CSB_KTOA_HWTAIL,
  CSB_KTOA_KERN_NEED_KICK,
  EINVAL,
  EIO,
  type KloopEventfds,
  NetmapError,
  NM_OPT_SYNC_KLOOP_DIRECT_RX,
  NM_OPT_SYNC_KLOOP_DIRECT_TX,
  signalEventfd,
} from "@netmap/core";
import {
  acceptPointers,
  C_BATCHES,
  D_KLOOP_COUNTERS,
  D_RX,
  D_RX_COUNT,
  D_TX,
  D_TX_COUNT,
  type DataPath,
  ENTERED,
  K_HWCUR,
  K_HWTAIL,
  K_KIND,
  K_NUM_SLOTS,
  K_RHEAD,
  K_RING,
  K_RTAIL,
  KRING_WORDS,
  leave,
  resetRing,
  STOPPED,
  tryEnter,
} from "@netmap/engine";
import type { CsbEntries } from "../client/csb.ts";

// V8 folds constants of this file only (see core's ring.ts).
const WORDS = CSB_ENTRY_WORDS;
const HEAD = CSB_ATOK_HEAD;
const CUR = CSB_ATOK_CUR;
const APPL_NEED_KICK = CSB_ATOK_APPL_NEED_KICK;
const HWCUR = CSB_KTOA_HWCUR;
const HWTAIL = CSB_KTOA_HWTAIL;
const KERN_NEED_KICK = CSB_KTOA_KERN_NEED_KICK;

/** Counters of a loop, from `(d >> 1) + D_KLOOP_COUNTERS` on. */
export const C_ROUNDS = 0;
/** Sleeps on the eventfds, or between two rounds of a busy wait. */
export const C_SLEEPS = 1;
/** Kicks to the application. */
export const C_KICKS = 2;
/** Rings that were stopped. */
export const C_RING_ERRORS = 3;

/** The sync found something: look again before sleeping. */
export const WORK = 1;
/** Another thread syncs the ring. */
export const BUSY = 2;
/** The port was stopped and will not run again. */
export const GONE = 4;

/** Its application wrote nonsense: until its pointers are back at hwcur. */
const UNTIL_GOOD = 1;
/** Its port failed: this loop does not touch it again. */
const FOR_GOOD = 2;

/** A ring that was stopped because of what its application wrote, or because its port failed. */
export interface RingError {
  /** Number of its CSB entry: transmit rings first. */
  readonly entry: number;
  /** What was wrong. */
  readonly error: Error;
}

/** How a loop is run. */
export interface KloopOptions {
  /** Eventfds, one pair for each entry; without them, or without one ioeventfd, the loop busy-waits. */
  readonly eventfds?: readonly KloopEventfds[];
  /** Microseconds between two looks of a busy wait that found nothing, 0 to 1000000. */
  readonly sleepUs?: number;
  /** `NM_OPT_SYNC_KLOOP_DIRECT_*`: who kicks such a ring may sync it by itself. */
  readonly direct?: number;
  /** Told of each ring that is stopped. */
  readonly onRingError?: (error: RingError) => void;
}

/** The rings of a loop. */
export interface KloopRings {
  /** This thread's view. */
  readonly dp: DataPath;
  /** Entries that the application writes. */
  readonly atok: Int32Array;
  /** Entries that the loop writes. */
  readonly ktoa: Int32Array;
  /** Transmit rings; receive rings stand behind them. */
  readonly txCount: number;
  /** All rings. */
  readonly count: number;
  /** Kring of each entry. */
  readonly k: Int32Array;
  /** Eventfd to kick the application with, -1 for none. */
  readonly irqfd: Int32Array;
  /** 1 where the application is to kick always. */
  readonly direct: Uint8Array;
  /** Not 0 where the ring is stopped: UNTIL_GOOD or FOR_GOOD. */
  readonly stopped: Uint8Array;
  /** 1 until the entry was told for the first time. */
  readonly fresh: Uint8Array;
  /** Index of the counters. */
  readonly counters: number;
  /** Told of each ring that is stopped. */
  readonly onRingError: (error: RingError) => void;
}

/**
 * The rings of a descriptor in CSB mode.
 *
 * @param dp this thread's view
 * @param d the descriptor's record
 * @param entries its entries, mapped
 * @param options eventfds and the like
 */
export function openRings(
  dp: DataPath,
  d: number,
  { atok, ktoa }: CsbEntries,
  { eventfds = [], direct = 0, onRingError = () => {} }: KloopOptions,
): KloopRings {
  const { state } = dp;
  const txCount = state[d + D_TX_COUNT];
  const count = txCount + state[d + D_RX_COUNT];
  const each = (of: (i: number) => number): number[] =>
    Array.from({ length: count }, (_, i) => of(i));
  return {
    dp,
    atok,
    ktoa,
    txCount,
    count,
    k: Int32Array.from(
      each((i) =>
        i < txCount
          ? state[d + D_TX] + i * KRING_WORDS
          : state[d + D_RX] + (i - txCount) * KRING_WORDS
      ),
    ),
    irqfd: Int32Array.from(each((i) => eventfds[i]?.irqfd ?? -1)),
    direct: Uint8Array.from(
      each((i) =>
        (direct & (i < txCount ? NM_OPT_SYNC_KLOOP_DIRECT_TX : NM_OPT_SYNC_KLOOP_DIRECT_RX)) !== 0
          ? 1
          : 0
      ),
    ),
    stopped: new Uint8Array(count),
    fresh: new Uint8Array(count).fill(1),
    counters: (d >> 1) + D_KLOOP_COUNTERS,
    onRingError,
  };
}

/** Syncs every ring once. @returns WORK, BUSY and GONE, as any of them found */
export function syncRound(r: KloopRings): number {
  let found = 0;
  for (let i = 0; i < r.count; i++) found |= syncEntry(r, i);
  r.dp.counters[r.counters + C_ROUNDS]++;
  return found;
}

/**
 * Syncs one ring: takes its head and cur from its entry, and tells where it stands then.
 *
 * @returns WORK, BUSY, GONE or 0
 */
export function syncEntry(r: KloopRings, i: number): number {
  const { dp } = r;
  const k = r.k[i];
  const entered = tryEnter(dp, k);
  if (entered !== ENTERED) return entered === STOPPED ? GONE : BUSY;
  try {
    return syncEntered(r, i, k);
  } catch (error) {
    stopEntry(r, i, k, FOR_GOOD, error instanceof Error ? error : new Error(String(error)));
    return 0;
  } finally {
    leave(dp, k);
  }
}

function syncEntered(r: KloopRings, i: number, k: number): number {
  const { dp, atok } = r;
  const { state } = dp;
  if (state[k + K_RING] === 0) return 0;
  const at = i * WORDS;
  const head = Atomics.load(atok, at + HEAD);
  const cur = Atomics.load(atok, at + CUR);
  const hwcur = state[k + K_HWCUR];
  const rhead = state[k + K_RHEAD];
  if (r.stopped[i] !== 0) {
    if (r.stopped[i] === FOR_GOOD || head !== hwcur || cur !== hwcur) return 0;
    r.stopped[i] = 0;
  }
  const isTx = i < r.txCount;
  if (!acceptPointers(state, k, isTx ? rhead : hwcur, head, cur)) {
    stopEntry(r, i, k, UNTIL_GOOD, pointerError(state, k, i, head, cur));
    return 0;
  }
  const kind = dp.kinds[state[k + K_KIND]];
  if (kind === undefined) throw kindError(i, state[k + K_KIND]);
  if (isTx) {
    if (head !== hwcur) dp.counters[(k >> 1) + C_BATCHES]++;
    kind.txsync(dp, k);
  } else kind.rxsync(dp, k);
  return (head !== rhead ? WORK : 0) | tell(r, i, k);
}

/** Tells the application where a ring stands, and kicks it where that is news that it waits for. */
function tell(r: KloopRings, i: number, k: number): number {
  const { dp, ktoa } = r;
  const { state } = dp;
  const at = i * WORDS;
  const tail = Atomics.load(state, k + K_HWTAIL);
  const hwcur = state[k + K_HWCUR];
  const isNews = tail !== state[k + K_RTAIL] || r.fresh[i] !== 0;
  state[k + K_RTAIL] = tail;
  r.fresh[i] = 0;
  // Our own last words, unless the application wrote over them, which harms it alone.
  if (Atomics.load(ktoa, at + HWCUR) !== hwcur) Atomics.store(ktoa, at + HWCUR, hwcur);
  if (Atomics.load(ktoa, at + HWTAIL) !== tail) Atomics.store(ktoa, at + HWTAIL, tail);
  if (!isNews) return 0;
  if (r.irqfd[i] >= 0 && Atomics.load(r.atok, at + APPL_NEED_KICK) !== 0) {
    dp.counters[r.counters + C_KICKS]++;
    signalEventfd(r.irqfd[i]);
  }
  return WORK;
}

/** Stops a ring: back to where the engine stands, and reported. */
function stopEntry(r: KloopRings, i: number, k: number, how: number, error: Error): void {
  const { dp } = r;
  r.stopped[i] = how;
  resetRing(dp, k, dp.regionOf(k));
  dp.counters[r.counters + C_RING_ERRORS]++;
  try {
    tell(r, i, k);
  } finally {
    r.onRingError({ entry: i, error });
  }
}

function pointerError(
  state: Int32Array,
  k: number,
  entry: number,
  head: number,
  cur: number,
): NetmapError {
  return new NetmapError(
    EINVAL,
    `Cannot sync CSB entry ${entry} with head ${head} and cur ${cur} of a ring of ` +
      `${state[k + K_NUM_SLOTS]} slots: they have to lie between ${state[k + K_HWCUR]} and ` +
      `${state[k + K_RTAIL]}; the ring stands still until both are set to ${state[k + K_HWCUR]}`,
  );
}

function kindError(entry: number, kind: number): NetmapError {
  return new NetmapError(
    EINVAL,
    `Cannot sync CSB entry ${entry} as this thread has no code for ports of kind ${kind}: give it ` +
      "all kinds that the engine has",
  );
}

/** The error that a loop ends in when its port went away. */
export function goneError(): NetmapError {
  return new NetmapError(
    EIO,
    "Cannot go on with the sync loop as the port was stopped: its interface or its parent went away",
  );
}

/**
 * Asks for kicks: for each transmit ring, and for each receive ring that has little room left, so that
 * slots which are given back are noticed before packets find no room. Look at the rings again after
 * this.
 */
export function askForKicks(r: KloopRings): void {
  const { state } = r.dp;
  for (let i = 0; i < r.count; i++) {
    let needed = 1;
    if (i >= r.txCount && r.direct[i] === 0 && r.stopped[i] === 0) {
      const k = r.k[i];
      const slots = state[k + K_NUM_SLOTS];
      const held = state[k + K_RTAIL] - state[k + K_RHEAD];
      needed = (held < 0 ? held + slots : held) * 2 > slots ? 1 : 0;
    }
    setNeedKick(r.ktoa, i, needed);
  }
}

/** Wants no kicks: the loop looks by itself. Rings in direct mode are kicked always. */
export function refuseKicks(r: KloopRings): void {
  for (let i = 0; i < r.count; i++) setNeedKick(r.ktoa, i, r.direct[i]);
}

function setNeedKick(ktoa: Int32Array, i: number, needed: number): void {
  const at = i * WORDS + KERN_NEED_KICK;
  if (Atomics.load(ktoa, at) !== needed) Atomics.store(ktoa, at, needed);
}
