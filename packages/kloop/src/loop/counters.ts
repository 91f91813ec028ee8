/**
 * Counters of a descriptor's loop, from the state image: they go on from one run to the next.
 *
 * @module
 */

import { D_KLOOP_COUNTERS, type DataPath } from "@netmap/engine";
import { C_KICKS, C_RING_ERRORS, C_ROUNDS, C_SLEEPS } from "./rings.ts";

/** What a loop has done. */
export interface KloopCounters {
  /** Rounds over all rings. */
  readonly rounds: number;
  /** Sleeps: on the eventfds, or between two rounds of a busy wait. */
  readonly sleeps: number;
  /** Kicks to the application. */
  readonly kicks: number;
  /** Rings that were stopped because of what their application wrote. */
  readonly ringErrors: number;
}

/** Counters of a descriptor's loop. @param d the descriptor's record */
export function kloopCounters(dp: DataPath, d: number): KloopCounters {
  const at = (d >> 1) + D_KLOOP_COUNTERS;
  const c = dp.counters;
  return {
    rounds: c[at + C_ROUNDS],
    sleeps: c[at + C_SLEEPS],
    kicks: c[at + C_KICKS],
    ringErrors: c[at + C_RING_ERRORS],
  };
}

/** Sets them to 0: the record belongs to another registration now. */
export function clearCounters(dp: DataPath, d: number): void {
  const at = (d >> 1) + D_KLOOP_COUNTERS;
  for (const counter of [C_ROUNDS, C_SLEEPS, C_KICKS, C_RING_ERRORS]) dp.counters[at + counter] = 0;
}
