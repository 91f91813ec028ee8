/**
 * What a thread that died while it forwarded has left in a switch: its mark as a reader, and leases
 * in the rings of receivers. Whoever meets them deals with them; here the owner looks for them, so
 * that a receiver that sleeps gets what came after, and the thread's tag can be given away again.
 *
 * @module
 */

import {
  type Engine,
  K_LEASE_IDX,
  K_LEASES,
  K_NUM_SLOTS,
  KRING_WORDS,
  lockRing,
  notifyRing,
  P_RX,
  P_RX_RINGS,
  unlockRing,
} from "@netmap/engine";
import { publish } from "./data_path/lease.ts";
import { S_PORTS, S_READERS, VK_FIRST_LEASE } from "./layout.ts";
import { switchTable } from "./switch_table.ts";

/**
 * Takes back what stands under a dead thread's owner tag.
 *
 * @param engine the engine
 * @param tag of a thread that `DataPath.ownerAlive` calls dead
 * @returns whether nothing is left: a lease behind one that is being filled has to wait
 */
export function threadDied(engine: Engine, tag: number): boolean {
  const { state } = engine.dp;
  let isClean = true;
  for (const { record, ports } of switchTable(engine).all) {
    Atomics.compareExchange(state, record + S_READERS + tag, tag, 0);
    for (const number of ports.keys()) {
      const port = state[record + S_PORTS + number];
      if (port === 0) continue;
      const first = state[port + P_RX];
      const end = first + state[port + P_RX_RINGS] * KRING_WORDS;
      for (let k = first; first !== 0 && k < end; k += KRING_WORDS) {
        if (hasLease(state, k, tag) && !endLeases(engine, k, tag)) isClean = false;
      }
    }
  }
  return isClean;
}

function endLeases({ dp }: Engine, k: number, tag: number): boolean {
  lockRing(dp, k);
  const moved = publish(dp, k, true);
  const isClean = !hasLease(dp.state, k, tag);
  unlockRing(dp, k);
  if (moved) notifyRing(dp, k);
  return isClean;
}

function hasLease(state: Int32Array, k: number, tag: number): boolean {
  const leases = state[k + K_LEASES];
  if (leases === 0) return false;
  const n = state[k + K_NUM_SLOTS];
  const next = Atomics.load(state, k + K_LEASE_IDX);
  for (let i = state[k + VK_FIRST_LEASE]; i !== next; i = i + 1 === n ? 0 : i + 1) {
    if (state[leases + i] >>> 16 === tag) return true;
  }
  return false;
}
