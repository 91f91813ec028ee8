/**
 * Sleeping for microseconds, for those who have nothing to be woken by.
 *
 * @module
 */

import { libc } from "@netmap/core";

// struct timespec: seconds and nanoseconds, 64 bits each.
const TIME = new Int32Array(4);

/** Sleeps. @param us microseconds, whole; 0 gives the rest of the time slice away */
export function nap(us: number): void {
  if (us <= 0) {
    libc().sched_yield();
    return;
  }
  const seconds = Math.floor(us / 1e6);
  TIME[0] = seconds;
  TIME[2] = (us - seconds * 1e6) * 1000;
  libc().ppoll(null, 0, TIME, null);
}
