/** A Worker that writes random values into the CSB entries of one ring, until it is told to end. */

import { CSB_ENTRY_WORDS, mapMemory } from "@netmap/core";
import { mapCsb } from "./client/csb.ts";
import { HALT, PROGRESS_WORDS, SEEN } from "./exchange_fixture.ts";
import { answer, task } from "./task_fixture.ts";

/** What it is told. */
export interface ScribbleTask {
  readonly csbFd: number;
  readonly entries: number;
  /** Entries to write into. */
  readonly victims: readonly number[];
  /** Memory that says when to end. */
  readonly progressFd: number;
  /** Slots of the ring. */
  readonly slots: number;
  readonly seed: number;
}

const { csbFd, entries, victims, progressFd, slots, seed } = task<ScribbleTask>();
using csb = mapCsb(csbFd, entries);
using progress = mapMemory(progressFd, PROGRESS_WORDS * 4);
const { atok, ktoa } = csb;
let random = seed;
/** xorshift32: the same numbers for the same seed. */
function next(): number {
  random ^= random << 13;
  random ^= random >>> 17;
  random ^= random << 5;
  return random;
}
let stores = 0;
while (Atomics.load(progress.i32, HALT) === 0) {
  for (let i = 0; i < 1000; i++, stores++) {
    const value = (next() & 3) === 0 ? next() : (next() >>> 1) % (slots + 2) - 1;
    const at = victims[(next() >>> 1) % victims.length] * CSB_ENTRY_WORDS + (next() & 3);
    Atomics.store((next() & 3) === 0 ? ktoa : atok, at, value);
  }
  Atomics.store(progress.i32, SEEN, stores & 0x7fffffff);
}
answer(stores);
