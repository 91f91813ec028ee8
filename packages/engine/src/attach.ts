/**
 * The data path of a descriptor in a thread that has only the images: a Worker of this process, or
 * another process that was given the memfds.
 *
 * @module
 */

import { ENXIO, type Memory, NetmapError, POLLIN, PollSet, waitFd } from "@netmap/core";
import type { DataPath } from "./state/data_path.ts";
import { D_FD, D_PORT, D_REGION, DESC_TABLE, DESC_WORDS } from "./state/layout.ts";
import { pollRound, rxsync, txsync } from "./state/sync.ts";
import { pollUntil, type Sleeper, waitUntil } from "./state/waiting.ts";
import { armAlways } from "./state/wake.ts";

/** How a thread other than the owner's sleeps; each part has a default for a Worker of its process. */
export type AttachedSleeper = Partial<Sleeper>;

/**
 * A descriptor that its owner registered, seen from another thread: rings, syncs and waiting, no
 * control. Only one thread may use a ring at a time, as with netmap.
 */
export class AttachedDescriptor {
  readonly #dp: DataPath;
  readonly #word: number;
  readonly #sleeper: Sleeper;

  /**
   * A descriptor of the owner's, for use in this thread.
   *
   * @param dp this thread's view of the images
   * @param index `EngineDescriptor.index` of the descriptor in its owner
   * @param sleeper what differs where this is not a Worker that was given a descriptor whose owner
   * called its `wakeFd()`
   */
  constructor(dp: DataPath, index: number, sleeper: AttachedSleeper = {}) {
    this.#dp = dp;
    this.#word = DESC_TABLE + index * DESC_WORDS;
    const set = new PollSet();
    const at = set.add(-1, POLLIN);
    this.#sleeper = {
      get closed(): boolean {
        return sleeper.closed ?? false;
      },
      wakeFd: sleeper.wakeFd ?? (() => dp.state[this.#word + D_FD]),
      round: sleeper.round ?? ((events) => pollRound(dp, this.#word, events)),
      block: sleeper.block ?? ((fd, timeoutMs) => {
        set.set(at, fd, POLLIN);
        set.wait(timeoutMs);
      }),
      sleep: sleeper.sleep ?? ((fd, signal) => waitFd(fd, POLLIN, signal)),
    };
  }

  /** Record in the state image. */
  get word(): number {
    return this.#word;
  }

  /** The port's region, mapped in this thread. @throws {NetmapError} ENXIO without a port */
  get memory(): Memory {
    if (this.#dp.state[this.#word + D_PORT] === 0) {
      throw new NetmapError(
        ENXIO,
        "Cannot give memory as the descriptor has no port: register one first",
      );
    }
    return this.#dp.region(this.#dp.state[this.#word + D_REGION]);
  }

  /** Transmits (`NIOCTXSYNC`). */
  txsync(): void {
    txsync(this.#dp, this.#word);
  }

  /** Receives (`NIOCRXSYNC`). */
  rxsync(): void {
    rxsync(this.#dp, this.#word);
  }

  /** Blocks until one of `events` holds, as `Descriptor.poll` says. */
  poll(events: number, timeoutMs: number): number {
    return pollUntil(this.#dp, this.#word, this.#sleeper, events, timeoutMs);
  }

  /** The same for an event loop. */
  async wait(events: number, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    return await waitUntil(this.#dp, this.#word, this.#sleeper, events, signal);
  }

  /** For select, poll or epoll: readable when a sync would yield something new. */
  get fd(): number {
    armAlways(this.#dp, this.#word);
    return this.#sleeper.wakeFd();
  }
}
