/**
 * What locks need to know of threads.
 *
 * @module
 */

import { EPERM, errno, libc } from "@netmap/core";

/**
 * Whether a thread still runs. Linux looks a thread up by its id alone, whatever its process
 * (kill(2) with signal 0).
 */
export function tidAlive(tid: number): boolean {
  // Someone else's thread may not be signalled, but it is there.
  return libc().kill(tid, 0) === 0 || errno() === EPERM;
}

/** Gives the rest of the time slice away: the holder of a lock may wait for this core. */
export function yieldThread(): void {
  libc().sched_yield();
}
