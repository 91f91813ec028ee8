/**
 * How a thread waits on a descriptor: the two loops behind `poll()` and `wait()`, the same for the
 * owner, a Worker and another process.
 *
 * ```
 *   look at the rings -> say that somebody sleeps -> look again -> sleep -> look at the rings
 * ```
 *
 * The second look closes the gap between the first one and the word that says that somebody sleeps,
 * see `wake.ts`.
 *
 * @module
 */

import { drainEventfd, POLLERR } from "@netmap/core";
import type { DataPath } from "./data_path.ts";
import { arm, disarm } from "./wake.ts";

/** What differs between those who wait. */
export interface Sleeper {
  /** Whether the descriptor was closed, or its engine is gone: nothing comes any more. */
  readonly closed: boolean;
  /** The eventfd of the descriptor's wake-up word, as this process numbers it. */
  wakeFd(): number;
  /** One look at the rings, syncing them. @returns the events that hold */
  round(events: number): number;
  /** Blocks until the eventfd is readable, or there is another reason to look again. */
  block(fd: number, timeoutMs: number): void;
  /** The same for an event loop. @throws the signal's reason */
  sleep(fd: number, signal: AbortSignal | undefined): Promise<unknown>;
}

/**
 * Blocks until one of `events` holds.
 *
 * @param dp this thread's view of the image
 * @param d the descriptor's record
 * @param sleeper how this thread sleeps
 * @param events POLLIN | POLLOUT
 * @param timeoutMs milliseconds, -1 for ever
 * @returns the events that hold, 0 on timeout, POLLERR when the descriptor was closed
 */
export function pollUntil(
  dp: DataPath,
  d: number,
  sleeper: Sleeper,
  events: number,
  timeoutMs: number,
): number {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const early = sleeper.round(events);
    if (early !== 0 || timeoutMs === 0) return early;
    const fd = sleeper.wakeFd();
    arm(dp, d);
    const again = sleeper.round(events);
    const left = timeoutMs < 0 ? -1 : Math.max(0, Math.ceil(deadline - performance.now()));
    if (again !== 0 || left === 0) {
      disarm(dp, d);
      return again;
    }
    sleeper.block(fd, left);
    if (sleeper.closed) return POLLERR;
    disarm(dp, d);
    drainEventfd(fd);
  }
}

/**
 * The same for an event loop.
 *
 * @param dp this thread's view of the image
 * @param d the descriptor's record
 * @param sleeper how this thread sleeps
 * @param events POLLIN | POLLOUT
 * @param signal ends the wait
 * @returns the events that hold, POLLERR when the descriptor was closed
 * @throws the signal's reason
 */
export async function waitUntil(
  dp: DataPath,
  d: number,
  sleeper: Sleeper,
  events: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    for (;;) {
      if (sleeper.closed) return POLLERR;
      const early = sleeper.round(events);
      if (early !== 0) return early;
      const fd = sleeper.wakeFd();
      arm(dp, d);
      const again = sleeper.round(events);
      if (again !== 0) return again;
      try {
        await sleeper.sleep(fd, signal);
      } catch (error) {
        // Closing the descriptor ends its waits, as close(2) ends a poll: with POLLERR.
        if (sleeper.closed) return POLLERR;
        throw error;
      }
      if (!sleeper.closed) drainEventfd(fd);
    }
  } finally {
    if (!sleeper.closed) disarm(dp, d);
  }
}
