/**
 * Waiting until a word of the state image changes, across threads and processes.
 *
 * @module
 */

import { FUTEX_WAIT, FUTEX_WAKE, libc, linuxConstants, runtime } from "@netmap/core";

let number = 0;

function futexNumber(): number {
  if (number === 0) {
    number = linuxConstants(runtime().arch === "arm64" ? "arm64" : "x64").SYS_futex;
  }
  return number;
}

// struct timespec.
const TIME = new Int32Array(4);

/**
 * Sleeps while a word has a value.
 *
 * @param words the image
 * @param at the word
 * @param value what it has; returns at once when it has another
 * @param timeoutMs milliseconds at most, below 1000
 */
export function waitWhile(
  words: Int32Array,
  at: number,
  value: number,
  timeoutMs: number,
): void {
  TIME[2] = timeoutMs * 1e6;
  libc().futex(futexNumber(), words.subarray(at, at + 1), FUTEX_WAIT, value >>> 0, TIME, null, 0);
}

/** Wakes all who sleep on a word. */
export function wakeWaitersOf(words: Int32Array, at: number): void {
  libc().futex(
    futexNumber(),
    words.subarray(at, at + 1),
    FUTEX_WAKE,
    0x7fffffff,
    null,
    null,
    0,
  );
}
