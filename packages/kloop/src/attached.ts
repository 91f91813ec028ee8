/**
 * A descriptor's loop in another thread than the engine's owner: a Worker that was given the memfds
 * of the images and the descriptor's number.
 *
 * @module
 */

import {
  type ControlRequest,
  EOPNOTSUPP,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  NetmapError,
  NMREQ_SYNC_KLOOP_START,
  requestHeader,
  requestName,
  structView,
} from "@netmap/core";
import { type DataPath, DESC_TABLE, DESC_WORDS } from "@netmap/engine";
import type { Controlled } from "./requests.ts";
import { start, stop, type ThreadOptions } from "./start.ts";

/**
 * Carries out the requests about the loop of a descriptor that its owner registered.
 *
 * @example
 * ```ts
 * import { DataPath, type ImageHandle } from "@netmap/engine";
 * import { AttachedKloop, startKloop } from "@netmap/kloop";
 * // In a Worker: what the owner posted, and the kinds of the ports that it serves.
 * function work(handle: ImageHandle, index: number): void {
 *   using dp = DataPath.attach(handle, []);
 *   startKloop(new AttachedKloop(dp, index));
 * }
 * ```
 */
export class AttachedKloop implements Controlled {
  /** Record in the state image. */
  readonly word: number;
  readonly #dp: DataPath;
  readonly #thread: ThreadOptions;

  /**
   * Names a descriptor.
   *
   * @param dp this thread's view of the images, with the kinds of the port in it
   * @param index `EngineDescriptor.index` in its owner
   * @param thread what to report to; in another process than the owner's also where the entries are
   */
  constructor(dp: DataPath, index: number, thread: ThreadOptions = {}) {
    this.word = DESC_TABLE + index * DESC_WORDS;
    this.#dp = dp;
    this.#thread = thread;
  }

  /** Carries out SYNC_KLOOP_START or _STOP. @throws {NetmapError} EOPNOTSUPP for any other */
  control(request: ControlRequest): void {
    const { reqtype } = requestHeader(request);
    if (reqtype === NETMAP_REQ_SYNC_KLOOP_STOP) return stop(this.#dp, this.word);
    if (reqtype === NETMAP_REQ_SYNC_KLOOP_START && request.body !== null) {
      const { sleepUs } = structView(NMREQ_SYNC_KLOOP_START, request.body);
      return start(this.#dp, this.word, sleepUs, request, this.#thread);
    }
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot carry out ${requestName(reqtype)} in an attached thread: ask the engine's owner`,
    );
  }
}
