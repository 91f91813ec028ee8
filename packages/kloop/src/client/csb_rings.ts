/**
 * The application's half of the CSB protocol, as free functions over words. An entry goes with each
 * ring; what both sides write never shares a cache line.
 *
 * ```
 *   application                                              loop
 *   ring: slots                                              ring: slots
 *   atok.cur  = cur                                          head = atok.head
 *   atok.head = head          ---- what is before head --->  cur  = atok.cur
 *   ktoa.kern_need_kick ?     ---- kick --------------->     asleep, or about to be
 *
 *   tail  = ktoa.hwtail       <--- what is before tail ----  ktoa.hwcur  = hwcur
 *   hwcur = ktoa.hwcur                                       ktoa.hwtail = hwtail
 *   asleep, or about to be    <--------------- kick -----    atok.appl_need_kick ?
 * ```
 *
 * Order matters twice. `cur` is stored before `head` and loaded after it, so that nobody sees a head
 * beyond its cur. And who wants to sleep stores that it needs a kick *before* it looks a last time,
 * while the other side stores its news before it looks whether a kick is needed: with sequentially
 * consistent atomics, one of the two sees the other (the "double check").
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
  NetmapError,
  type PortRings,
  type Ring,
  RING_CUR,
  RING_HEAD,
  RING_TAIL,
} from "@netmap/core";
import type { CsbEntries } from "./csb.ts";

// V8 folds constants of this file only (see core's ring.ts).
const HEAD = CSB_ATOK_HEAD;
const CUR = CSB_ATOK_CUR;
const APPL_NEED_KICK = CSB_ATOK_APPL_NEED_KICK;
const HWCUR = CSB_KTOA_HWCUR;
const HWTAIL = CSB_KTOA_HWTAIL;
const KERN_NEED_KICK = CSB_KTOA_KERN_NEED_KICK;
const WORDS = CSB_ENTRY_WORDS;

/** Rings and their entries; entry `i` belongs to ring `i`. */
export interface CsbRings {
  /** The region that the rings are in. */
  readonly i32: Int32Array;
  /** Entries that this side writes. */
  readonly atok: Int32Array;
  /** Entries that the loop writes. */
  readonly ktoa: Int32Array;
  /** Transmit rings; the receive rings stand behind them. */
  readonly txCount: number;
  /** All rings. */
  readonly count: number;
  /** Word at which each ring begins. */
  readonly ring: Int32Array;
  /** Slots of each ring. */
  readonly slots: Int32Array;
  /** What was published last. */
  readonly head: Int32Array;
  /** What was published last. */
  readonly cur: Int32Array;
  /** 1 where what was published last was followed by a kick: one is enough. */
  readonly kicked: Uint8Array;
}

/**
 * Pairs rings with their entries and takes up where the entries stand, so that an application can go
 * on where another one ended: `head`, `cur` and `tail` of the rings are set.
 *
 * @param i32 the region
 * @param rings the port's rings
 * @param entries the entries, once a device has set them up
 * @param name the port, for errors
 * @throws {NetmapError} EINVAL when there are fewer entries than rings, or they point nowhere
 */
export function pairRings(
  i32: Int32Array,
  rings: PortRings,
  { atok, ktoa }: CsbEntries,
  name: string,
): CsbRings {
  const tx: Ring[] = [...rings.tx, ...rings.hostTx];
  const all: Ring[] = [...tx, ...rings.rx, ...rings.hostRx];
  const count = all.length;
  if (atok.length < count * WORDS || ktoa.length < count * WORDS) {
    throw new NetmapError(
      EINVAL,
      `Cannot use CSB entries with '${name}' as it has ${count} rings and there are ` +
        `${Math.floor(atok.length / WORDS)} and ${Math.floor(ktoa.length / WORDS)} entries: ` +
        "give one of each for every ring",
      { port: name },
    );
  }
  const paired: CsbRings = {
    i32,
    atok,
    ktoa,
    txCount: tx.length,
    count,
    ring: Int32Array.from(all, (ring) => ring.word),
    slots: Int32Array.from(all, (ring) => ring.numSlots),
    head: new Int32Array(count),
    cur: new Int32Array(count),
    kicked: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) takeUp(paired, i, name);
  return paired;
}

/** Sets a ring's pointers to what its entries say. */
function takeUp(c: CsbRings, i: number, name: string): void {
  const at = i * WORDS;
  const head = Atomics.load(c.atok, at + HEAD);
  const cur = Atomics.load(c.atok, at + CUR);
  const tail = Atomics.load(c.ktoa, at + HWTAIL);
  for (const pointer of [head, cur, tail]) {
    if (pointer >= 0 && pointer < c.slots[i]) continue;
    throw new NetmapError(
      EINVAL,
      `Cannot use CSB entry ${i} of '${name}' as it points to slot ${pointer} of ${c.slots[i]}: ` +
        "enable CSB mode first, which sets the entries up",
      { port: name },
    );
  }
  c.head[i] = head;
  c.cur[i] = cur;
  Atomics.store(c.i32, c.ring[i] + RING_HEAD, head);
  Atomics.store(c.i32, c.ring[i] + RING_CUR, cur);
  Atomics.store(c.i32, c.ring[i] + RING_TAIL, tail);
  // Entries are set up with the wish to be kicked, which nobody waits for yet.
  Atomics.store(c.atok, at + APPL_NEED_KICK, 0);
}

/**
 * Publishes a ring's head and cur.
 *
 * @returns whether the loop has to be kicked for it: it asked for that, has something to do, and was
 * not kicked for the same already
 */
export function publish(c: CsbRings, i: number): boolean {
  const r = c.ring[i];
  const at = i * WORDS;
  const head = c.i32[r + RING_HEAD];
  const cur = c.i32[r + RING_CUR];
  if (head !== c.head[i] || cur !== c.cur[i]) {
    c.head[i] = head;
    c.cur[i] = cur;
    c.kicked[i] = 0;
    Atomics.store(c.atok, at + CUR, cur);
    Atomics.store(c.atok, at + HEAD, head);
  }
  if (c.kicked[i] !== 0 || Atomics.load(c.ktoa, at + KERN_NEED_KICK) === 0) return false;
  if (Atomics.load(c.ktoa, at + HWCUR) === head) return false;
  c.kicked[i] = 1;
  return true;
}

/**
 * Learns how far the loop is and moves the ring's tail. A tail that no ring of that size can have is
 * left aside: the loop may be another process.
 */
export function learn(c: CsbRings, i: number): void {
  const tail = Atomics.load(c.ktoa, i * WORDS + HWTAIL);
  const word = c.ring[i] + RING_TAIL;
  // Nobody else writes the ring's tail in CSB mode, so a plain load tells whether it moved.
  if (tail !== c.i32[word] && tail >= 0 && tail < c.slots[i]) Atomics.store(c.i32, word, tail);
}

/** Whether a ring has what a waiter waits for: slots from cur on. */
export function isReady(c: CsbRings, i: number): boolean {
  const r = c.ring[i];
  return c.i32[r + RING_CUR] !== c.i32[r + RING_TAIL];
}

/** Asks for kicks, or for none. Whoever asks has to look at the ring once more before it sleeps. */
export function needKick(c: CsbRings, i: number, needed: boolean): void {
  Atomics.store(c.atok, i * WORDS + APPL_NEED_KICK, needed ? 1 : 0);
}
