/**
 * Work on a device that only the engine's owner can do: sockets and their like are its own. A
 * thread or process that forwards to such a device leaves the frames in its ring and wakes the
 * owner, as it would wake a user.
 *
 * @module
 */

import { closeFd, createEventfd, drainEventfd } from "@netmap/core";
import {
  D_WAKE,
  DESC_WORDS,
  type Engine,
  type InterruptSource,
  K_WAITERS,
  setWakeFd,
  WAITER_DESC,
  WAITER_NEXT,
  WAITER_WORDS,
  WAKE_ALWAYS,
} from "@netmap/engine";

/** Something to run in the owner whenever one of some rings is announced elsewhere. */
export class OwnerWake {
  readonly #engine: Engine;
  readonly #record: number;
  readonly #fd: number;
  readonly #source: InterruptSource;
  readonly #nodes: [kring: number, node: number][] = [];

  /**
   * @param engine the engine
   * @param krings whose waiters the owner joins
   * @param serve does the work
   */
  constructor(engine: Engine, krings: readonly number[], serve: () => void) {
    const { dp, heap } = engine;
    const { state } = dp;
    this.#engine = engine;
    this.#fd = createEventfd();
    this.#record = heap.alloc(DESC_WORDS);
    setWakeFd(dp, this.#record, this.#fd);
    state[this.#record + D_WAKE] = WAKE_ALWAYS;
    for (const k of krings) {
      const node = heap.alloc(WAITER_WORDS);
      state[node + WAITER_DESC] = this.#record;
      state[node + WAITER_NEXT] = state[k + K_WAITERS];
      Atomics.store(state, k + K_WAITERS, node);
      this.#nodes.push([k, node]);
    }
    this.#source = {
      fd: this.#fd,
      handle: () => {
        drainEventfd(this.#fd);
        serve();
      },
    };
    engine.interrupts.add(this.#source);
  }

  /** Ends it; nobody announces the rings any more. */
  end(): void {
    const { dp, heap, interrupts } = this.#engine;
    interrupts.remove(this.#source);
    for (const [k, node] of this.#nodes) {
      Atomics.store(dp.state, k + K_WAITERS, dp.state[node + WAITER_NEXT]);
      heap.release(node, WAITER_WORDS);
    }
    heap.release(this.#record, DESC_WORDS);
    closeFd(this.#fd);
  }
}
