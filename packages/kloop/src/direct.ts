/**
 * Direct mode: whoever kicks a ring syncs it, in the thread that kicks, with no wake-up in between.
 *
 * ```
 *   application's thread                                 loop's thread
 *   txsync(): publish, kern_need_kick is always set
 *     kick(i) ---> DirectKicks: syncs ring i             asleep; wakes for the port's notifications
 *   learn: hwcur and hwtail are new already              and for kicks that come by eventfd
 * ```
 *
 * That needs the engine's images in the application's thread, so it is for code that is trusted: a
 * virtual machine's exit handler, a daemon's own thread. An application that has only memory kicks
 * its eventfd also in direct mode, and the loop's thread does the sync.
 *
 * @module
 */

import { type DataPath, yieldThread } from "@netmap/engine";
import type { CsbEntries } from "./client/csb.ts";
import {
  BUSY,
  GONE,
  goneError,
  type KloopRings,
  openRings,
  type RingError,
  syncEntry,
} from "./loop/rings.ts";

/** Syncs rings of a descriptor in CSB mode, one at a time. */
export class DirectKicks {
  readonly #rings: KloopRings;

  /**
   * Names a descriptor in CSB mode.
   *
   * @param dp this thread's view of the images, with the kinds of the port in it
   * @param d the descriptor's record
   * @param entries its CSB entries, mapped in this thread
   * @param onRingError told of each ring that is stopped because of what its application wrote
   */
  constructor(
    dp: DataPath,
    d: number,
    entries: CsbEntries,
    onRingError?: (error: RingError) => void,
  ) {
    this.#rings = openRings(dp, d, entries, { onRingError });
  }

  /**
   * Syncs a ring; waits while another thread does.
   *
   * @param entry number of its CSB entry
   * @throws {NetmapError} EIO when the port went away
   */
  kick(entry: number): void {
    for (;;) {
      const found = syncEntry(this.#rings, entry);
      if ((found & GONE) !== 0) throw goneError();
      if ((found & BUSY) === 0) return;
      yieldThread();
    }
  }
}
