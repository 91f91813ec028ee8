/**
 * Who runs a descriptor's loop: one thread at most, by its id in the descriptor's record. A thread
 * that died does not count, so its loop can be started again.
 *
 * @module
 */

import { EBUSY, NetmapError, signalEventfd, threadId } from "@netmap/core";
import {
  D_FD,
  D_FD_PID,
  D_KLOOP,
  D_KLOOP_FLAGS,
  type DataPath,
  KLOOP_STOPPING,
  tidAlive,
} from "@netmap/engine";
import { wakeWaitersOf } from "./stop_futex.ts";

/** Loops of this isolate: their records and what ends them. */
const ours: WeakMap<DataPath, Map<number, KloopRun>> = new WeakMap();

/** A loop that runs in this isolate. */
export class KloopRun {
  /** This thread's view of the image. */
  readonly dp: DataPath;
  /** The descriptor's record. */
  readonly d: number;
  /** Called when it ends, for what it sleeps on. */
  onEnd: () => void = () => {};
  #ended = false;

  /**
   * Begins to run a descriptor's loop.
   *
   * @throws {NetmapError} EBUSY while another one runs
   */
  constructor(dp: DataPath, d: number) {
    this.dp = dp;
    this.d = d;
    const mine = threadId();
    const runs = ours.get(dp) ?? new Map<number, KloopRun>();
    for (;;) {
      const holder = Atomics.load(dp.state, d + D_KLOOP);
      // A thread's id that is ours without a loop of ours belonged to an isolate that ended here.
      const alive = holder === mine ? runs.has(d) : holder !== 0 && tidAlive(holder);
      if (alive) {
        throw new NetmapError(
          EBUSY,
          `Cannot start a sync loop as thread ${holder} runs one on this descriptor: stop it first`,
        );
      }
      if (Atomics.compareExchange(dp.state, d + D_KLOOP, holder, mine) === holder) break;
    }
    ours.set(dp, runs.set(d, this));
  }

  /** Whether the loop has to end: somebody stopped it, or the descriptor is gone. */
  get mustEnd(): boolean {
    return this.#ended ||
      (Atomics.load(this.dp.state, this.d + D_KLOOP_FLAGS) & KLOOP_STOPPING) !== 0;
  }

  /** Ends the run; others may start one. Twice is harmless. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    ours.get(this.dp)?.delete(this.d);
    const { state } = this.dp;
    Atomics.store(state, this.d + D_KLOOP_FLAGS, 0);
    Atomics.store(state, this.d + D_KLOOP, 0);
    wakeWaitersOf(state, this.d + D_KLOOP);
    this.onEnd();
  }
}

/** The loop of this isolate on a descriptor, if it runs one. */
export function runOfOurs(dp: DataPath, d: number): KloopRun | undefined {
  return ours.get(dp)?.get(d);
}

/** Whether some thread runs a descriptor's loop. */
export function isRunning(dp: DataPath, d: number): boolean {
  const holder = Atomics.load(dp.state, d + D_KLOOP);
  if (holder === 0) return false;
  return holder === threadId() ? runOfOurs(dp, d) !== undefined : tidAlive(holder);
}

/** Wakes a loop, also one that did not ask for it. */
export function wakeKloop(dp: DataPath, d: number): void {
  if (dp.state[d + D_FD_PID] === dp.pid) signalEventfd(dp.state[d + D_FD]);
  else dp.wakeElsewhere(d);
}
