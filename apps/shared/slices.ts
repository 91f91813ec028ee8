/**
 * Work that never ends, in slices: between two of them timers, signals and sockets have their turn.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** How long a slice lasts: Ctrl-C and timers are at most this late. */
const SLICE_MS = 8;

/**
 * Does a piece of work again and again until the signal aborts.
 *
 * @param work one piece, well under a millisecond; it is called many times a slice
 * @param signal ends the work
 */
export async function workInSlices(work: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const end = performance.now() + SLICE_MS;
    do work(); while (performance.now() < end);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
