/**
 * The forwarding table: which address is behind which port. It lies in the state image; all
 * threads that forward learn into it without a lock.
 *
 * ```
 *   bucket = hash(address)      4 entries of 4 words: one cache line
 *   | lo ^ seal | hi, port + 1 | time | - | ...
 * ```
 *
 * Two writers may meet in an entry and leave words of both. So F_MAC_LO is sealed with a product of
 * the word beside it: words that do not belong together read as another address, never as a known
 * address with a wrong port (one in 2^32). A learner that dies in the middle leaves no harm.
 *
 * These words are read plainly on purpose: each look is a new one for each batch, what is some
 * batches old does no harm, and Atomics.load is a call in V8 (measured: 4 ns a word).
 *
 * @module
 */

import type { DataPath } from "@netmap/engine";
import {
  BROADCAST,
  DEFAULT_MAX_AGE,
  F_MAC_HI_PORT,
  F_MAC_LO,
  F_TIME,
  F_WAYS,
  F_WORDS,
  S_FDB,
  S_FDB_MASK,
  S_MAX_AGE,
} from "../layout.ts";

// V8 folds a constant of this module, but loads an imported one at each use and checks it.
const LO = F_MAC_LO;
const HI_PORT = F_MAC_HI_PORT;
const TIME = F_TIME;
const ENTRY_WORDS = F_WORDS;
const BUCKET_WORDS = F_WAYS * F_WORDS;
const UNKNOWN = BROADCAST;
const SEAL = 0x9e3779b1 | 0;
/** Older than every age. */
const EMPTY = 0x7fffffff;

/** When this thread began, in seconds since 1970: `performance.now()` counts from there. */
const ORIGIN = performance.timeOrigin / 1000;

/**
 * Now, in seconds: what entries are stamped with, the same in all threads. Wraps as 32-bit words do.
 * (`Date.now()` would allocate 16 bytes a call in V8.)
 */
export function seconds(): number {
  return (ORIGIN + performance.now() / 1000) | 0;
}

/** Seconds after which a silent address is unknown again, as a bound that can be compared. */
export function maxAge(state: Int32Array, s: number): number {
  const age = state[s + S_MAX_AGE];
  return age === 0 ? DEFAULT_MAX_AGE : age < 0 ? 0x7fffffff : age;
}

function bucketOf(lo: number, hi: number, mask: number): number {
  const h = Math.imul(lo ^ Math.imul(hi, SEAL), 0x85ebca6b);
  return Math.imul((h ^ (h >>> 15)) & mask, BUCKET_WORDS);
}

/**
 * Finds an address.
 *
 * @param table first word of the table
 * @param mask buckets - 1
 * @param lo bytes 0 to 3 of the address, byte 0 lowest
 * @param hi bytes 4 and 5
 * @param now what {@link seconds} says
 * @param age what {@link maxAge} says
 * @returns the number of its port, BROADCAST when it is unknown
 */
export function find(
  state: Int32Array,
  table: number,
  mask: number,
  lo: number,
  hi: number,
  now: number,
  age: number,
): number {
  const first = table + bucketOf(lo, hi, mask);
  const end = first + BUCKET_WORDS;
  for (let e = first; e < end; e += ENTRY_WORDS) {
    const hp = state[e + HI_PORT];
    if (hp >>> 16 !== hi || state[e + LO] !== (lo ^ Math.imul(hp, SEAL))) continue;
    if (hp === 0 || ((now - state[e + TIME]) | 0) > age) continue;
    return (hp & 0xff) - 1;
  }
  return UNKNOWN;
}

/**
 * Notes that an address is behind a port. In a full bucket the address that was silent longest
 * makes room.
 *
 * @param port number of the port
 */
export function learn(
  state: Int32Array,
  table: number,
  mask: number,
  lo: number,
  hi: number,
  port: number,
  now: number,
): void {
  const first = table + bucketOf(lo, hi, mask);
  const end = first + BUCKET_WORDS;
  let place = first;
  let oldest = -1;
  for (let e = first; e < end; e += ENTRY_WORDS) {
    const hp = state[e + HI_PORT];
    if (hp === 0) {
      if (oldest === EMPTY) continue;
      oldest = EMPTY;
      place = e;
      continue;
    }
    if (hp >>> 16 === hi && state[e + LO] === (lo ^ Math.imul(hp, SEAL))) {
      place = e;
      break;
    }
    const age = (now - state[e + TIME]) | 0;
    if (age <= oldest) continue;
    oldest = age;
    place = e;
  }
  const hp = (hi << 16) | (port + 1);
  // An entry that says it all already stays unwritten: its cache line may be shared by threads.
  if (state[place + TIME] !== now) state[place + TIME] = now;
  if (state[place + HI_PORT] !== hp) state[place + HI_PORT] = hp;
  const sealed = lo ^ Math.imul(hp, SEAL);
  if (state[place + LO] !== sealed) state[place + LO] = sealed;
}

/** An entry of the table. */
export interface TableEntry {
  /** `02:00:00:00:00:01`. */
  readonly address: string;
  /** Number of its port. */
  readonly port: number;
  /** Seconds since it was last heard of. */
  readonly age: number;
}

/** All addresses that a switch knows, without those that are too old to be used. */
export function listTable(dp: DataPath, s: number): TableEntry[] {
  const { state } = dp;
  const now = seconds();
  const oldest = maxAge(state, s);
  const list: TableEntry[] = [];
  forEach(state, s, (e, hp) => {
    const age = (now - state[e + F_TIME]) | 0;
    const lo = state[e + F_MAC_LO] ^ Math.imul(hp, SEAL);
    if (age > oldest) return;
    list.push({ address: formatAddress(lo, hp >>> 16), port: (hp & 0xffff) - 1, age });
  });
  return list;
}

/** Forgets all addresses behind a port. Nobody may forward meanwhile (`withWriter`). */
export function forgetPort(dp: DataPath, s: number, port: number): void {
  forEach(dp.state, s, (e, hp) => {
    if ((hp & 0xffff) === port + 1) dp.state[e + F_MAC_HI_PORT] = 0;
  });
}

/** Forgets all addresses. Nobody may forward meanwhile (`withWriter`). */
export function clearTable(dp: DataPath, s: number): void {
  forEach(dp.state, s, (e) => dp.state[e + F_MAC_HI_PORT] = 0);
}

function forEach(state: Int32Array, s: number, visit: (e: number, hp: number) => void): void {
  const first = state[s + S_FDB];
  const end = first + (state[s + S_FDB_MASK] + 1) * BUCKET_WORDS;
  for (let e = first; e < end; e += F_WORDS) {
    const hp = state[e + F_MAC_HI_PORT];
    if (hp !== 0) visit(e, hp);
  }
}

function formatAddress(lo: number, hi: number): string {
  const bytes = [lo, lo >>> 8, lo >>> 16, lo >>> 24, hi, hi >>> 8];
  return bytes.map((byte) => (byte & 0xff).toString(16).padStart(2, "0")).join(":");
}
