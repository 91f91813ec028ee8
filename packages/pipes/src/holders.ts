/**
 * Who holds which buffer of a pipe.
 *
 * The two rings of a pair show the same buffers, but a side's slots are only true while it has
 * them: a reader may put another buffer into a slot and use the first elsewhere, and the writer's
 * slot still names the first until the reader gives the slot back.
 *
 * ```
 *   index        R.hwcur          R.K_PEER_TAIL           T.hwcur          R.hwcur
 *     |------------|------- R -----------|--------- T ---------|------- T -----|
 *                    published, not          copied, not        the writer's,
 *                      given back          published (packet      and the one
 *                                           without its end)     that stays empty
 * ```
 *
 * netmap drops the part between R.K_PEER_TAIL and T.hwcur: a pipe closed within a packet loses those
 * buffers for as long as the region lives. Here they are the writer's.
 *
 * @module
 */

import { RING_SLOTS, SLOT_BUF_IDX, SLOT_WORDS } from "@netmap/core";
import { K_HWCUR, K_NUM_SLOTS, K_PEER, K_PEER_TAIL, K_RING } from "@netmap/engine";

/**
 * Empties each slot of a pair of rings whose buffer the other ring holds, so that every buffer is
 * named once. For when both ends are closed and the rings are about to go.
 *
 * @param t the transmit kring of the pair
 */
export function leaveToHolders(state: Int32Array, i32: Int32Array, t: number): void {
  const r = state[t + K_PEER];
  const rings = [state[t + K_RING], state[r + K_RING]];
  // Never made: nobody opened this pair.
  if (rings[0] === 0 || rings[1] === 0) return;
  const slots = state[t + K_NUM_SLOTS];
  const first = state[r + K_HWCUR];
  const count = (Atomics.load(state, r + K_PEER_TAIL) - first + slots) % slots;
  for (let i = 0; i < slots; i++) {
    const readers = (i - first + slots) % slots < count;
    i32[rings[readers ? 0 : 1] + RING_SLOTS + i * SLOT_WORDS + SLOT_BUF_IDX] = 0;
  }
}
