/**
 * Waking those who wait, at no cost where nobody does.
 *
 * Each descriptor has a wake-up word and an eventfd. A waiter writes the word, looks at its rings
 * once more, and only then sleeps; a notifier publishes its slots, then reads the word. Both sides
 * use sequentially consistent atomics, so one of them always sees the other (the double check of
 * the CSB protocol). A word that says WAKE_NONE costs the notifier one load.
 *
 * @module
 */

import { signalEventfd } from "@netmap/core";
import type { DataPath } from "./data_path.ts";
import {
  D_FD,
  D_FD_PID,
  D_FD_SERIAL,
  D_WAKE,
  IMAGE_FD_SERIAL,
  K_NOTIFY,
  K_WAITERS,
  WAITER_DESC,
  WAITER_NEXT,
  WAKE_ALWAYS,
  WAKE_NONE,
  WAKE_ONCE,
} from "./layout.ts";

/** Tells the descriptors bound to a ring that it has something new (`nm_notify`). */
export function notifyRing(dp: DataPath, k: number): void {
  const state = dp.state;
  const taker = dp.kinds[state[k + K_NOTIFY]];
  if (taker?.notify !== undefined) taker.notify(dp, k);
  else wakeWaiters(dp, k);
}

/** Wakes the descriptors bound to a ring, whoever has taken its notifications. */
export function wakeWaiters(dp: DataPath, k: number): void {
  const state = dp.state;
  let node = Atomics.load(state, k + K_WAITERS);
  while (node !== 0) {
    wakeDescriptor(dp, state[node + WAITER_DESC]);
    node = Atomics.load(state, node + WAITER_NEXT);
  }
}

/** Wakes whoever waits on a descriptor. */
export function wakeDescriptor(dp: DataPath, d: number): void {
  const state = dp.state;
  const word = Atomics.load(state, d + D_WAKE);
  if (word === WAKE_NONE) return;
  if (word === WAKE_ONCE) {
    if (Atomics.compareExchange(state, d + D_WAKE, WAKE_ONCE, WAKE_NONE) !== WAKE_ONCE) return;
  }
  if (state[d + D_FD_PID] === dp.pid) signalEventfd(state[d + D_FD]);
  else dp.wakeElsewhere(d);
}

/** Says that somebody is about to sleep on a descriptor. Look at its rings again after this. */
export function arm(dp: DataPath, d: number): void {
  Atomics.compareExchange(dp.state, d + D_WAKE, WAKE_NONE, WAKE_ONCE);
}

/** Takes back {@link arm}. */
export function disarm(dp: DataPath, d: number): void {
  Atomics.compareExchange(dp.state, d + D_WAKE, WAKE_ONCE, WAKE_NONE);
}

/** From now on every notification signals the eventfd: it was handed out to somebody's epoll. */
export function armAlways(dp: DataPath, d: number): void {
  Atomics.store(dp.state, d + D_WAKE, WAKE_ALWAYS);
}

/**
 * Says which eventfd a record's wake-up word has. The owner alone does this.
 *
 * @param d a descriptor's record, or another one of that form
 * @param fd the eventfd, a descriptor of this process
 */
export function setWakeFd(dp: DataPath, d: number, fd: number): void {
  const { state } = dp;
  state[d + D_FD] = fd;
  state[d + D_FD_SERIAL] = ++state[IMAGE_FD_SERIAL];
  Atomics.store(state, d + D_FD_PID, dp.pid);
}
