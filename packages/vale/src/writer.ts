/**
 * Changing a switch while other threads forward through it (`BDG_WLOCK`).
 *
 * ```
 *   owner                                   thread that flushes
 *   S_WRITER = owner                        S_READERS[me] = me
 *   wait until S_READERS[*] is 0            S_WRITER != 0 ?  S_READERS[me] = 0, try later
 *   change                                  ... flush ...
 *   S_WRITER = 0                            S_READERS[me] = 0
 * ```
 *
 * Both sides write first and read then, with sequentially consistent atomics: one of them always
 * sees the other. A thread that died in a flush is not waited for; its word is cleared.
 *
 * @module
 */

import { EDEADLK, NetmapError } from "@netmap/core";
import { type DataPath, yieldThread } from "@netmap/engine";
import { S_READERS, S_WRITER } from "./layout.ts";

/** Words of S_READERS; owner tags are 1 to 255. */
const READERS = 256;
/** Looks at a reader's word before the time slice is given away and its life is checked. */
const SPINS = 200;

/**
 * Runs `change` while nobody forwards through a switch. May be nested for the same switch.
 *
 * @param dp the owner's view of the image
 * @param s the switch's record
 * @param name the switch, for the error
 * @param change must not wait for a ring (K_BUSY): its holder may wait for this to end
 * @returns what `change` returns
 * @throws {NetmapError} EDEADLK when this very thread is forwarding: a lookup may not change ports
 */
export function withWriter<T>(dp: DataPath, s: number, name: string, change: () => T): T {
  const { state } = dp;
  if (Atomics.load(state, s + S_READERS + dp.owner) !== 0) {
    throw new NetmapError(
      EDEADLK,
      `Cannot change switch '${name}' as this thread is forwarding through it: ` +
        "do it after the lookup has returned",
    );
  }
  if (Atomics.load(state, s + S_WRITER) === dp.owner) return change();
  Atomics.store(state, s + S_WRITER, dp.owner);
  try {
    for (let tag = 1; tag < READERS; tag++) waitForReader(dp, s + S_READERS + tag, tag);
    return change();
  } finally {
    Atomics.store(state, s + S_WRITER, 0);
  }
}

function waitForReader(dp: DataPath, word: number, tag: number): void {
  let spins = 0;
  while (Atomics.load(dp.state, word) !== 0) {
    if (++spins < SPINS) continue;
    spins = 0;
    if (!dp.ownerAlive(tag)) {
      Atomics.store(dp.state, word, 0);
      return;
    }
    yieldThread();
  }
}
