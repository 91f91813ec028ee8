/**
 * Stopping a loop from any thread (`netmap_sync_kloop_stop`).
 *
 * @module
 */

import { D_KLOOP, D_KLOOP_FLAGS, type DataPath, KLOOP_STOPPING } from "@netmap/engine";
import { isRunning, runOfOurs, wakeKloop } from "./state.ts";
import { waitWhile } from "./stop_futex.ts";

/** How long to sleep before asking whether the loop's thread still lives. */
const LOOK_MS = 100;

/**
 * Stops a descriptor's loop and waits until it has ended. Where none runs, the next one will end at
 * once: so a stop that comes before its start is not lost, as in netmap.
 *
 * @param dp this thread's view of the images
 * @param d the descriptor's record
 */
export function stopKloop(dp: DataPath, d: number): void {
  Atomics.or(dp.state, d + D_KLOOP_FLAGS, KLOOP_STOPPING);
  // Our own loop cannot be waited for: this thread is the one that runs it.
  runOfOurs(dp, d)?.end();
  while (isRunning(dp, d)) {
    wakeKloop(dp, d);
    const holder = Atomics.load(dp.state, d + D_KLOOP);
    if (holder !== 0) waitWhile(dp.state, d + D_KLOOP, holder, LOOK_MS);
  }
}

/** Forgets that a stop was asked for: the registration ends with it. */
export function forgetStop(dp: DataPath, d: number): void {
  Atomics.store(dp.state, d + D_KLOOP_FLAGS, 0);
  Atomics.store(dp.state, d + D_KLOOP, 0);
}
