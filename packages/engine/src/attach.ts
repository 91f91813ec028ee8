/**
 * The data path of a descriptor in a thread that has only the images: a Worker of this process, or
 * another process that was given the memfds.
 *
 * @module
 */

import { ENXIO, type Memory, NetmapError } from "@netmap/core";
import type { DataPath } from "./state/data_path.ts";
import { D_PORT, D_REGION, DESC_TABLE, DESC_WORDS } from "./state/layout.ts";
import { rxsync, txsync } from "./state/sync.ts";

/**
 * A descriptor that its owner registered, seen from another thread: rings and syncs, no control.
 * Only one thread may use a ring at a time, as with netmap.
 */
export class AttachedDescriptor {
  readonly #dp: DataPath;
  readonly #word: number;

  /**
   * A descriptor of the owner's, for use in this thread.
   *
   * @param dp this thread's view of the images
   * @param index `EngineDescriptor.index` of the descriptor in its owner
   */
  constructor(dp: DataPath, index: number) {
    this.#dp = dp;
    this.#word = DESC_TABLE + index * DESC_WORDS;
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
        "Cannot give memory as the descriptor has no port: its owner has to register one",
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
}
