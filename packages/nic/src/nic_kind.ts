/**
 * The data path of interfaces: what is the same for all drivers. A driver moves hwtail, or hwcur
 * of a transmit ring; here slots are given back and interrupts switched on and off.
 *
 * Sockets belong to the engine's own thread, so in another one (a Worker that attached to the
 * image) a sync does nothing.
 *
 * @module
 */

import {
  type DataPath,
  K_HWCUR,
  K_HWTAIL,
  K_LOCAL,
  K_NUM_SLOTS,
  K_RHEAD,
  KIND,
  type PortKind,
} from "@netmap/engine";
import { type OpenNic, TX_DONE } from "./driver.ts";

/** What the data path knows of an open port, in the owner's table of local resources. */
export interface NicLocal {
  /** The driver's part. */
  readonly nic: OpenNic;
  /** A transmit ring's packets wait. @param why `TX_*` */
  txBlocked(k: number, why: number): void;
  /** A receive ring has room and the interface has no packet: interrupts are wanted again. */
  rxDrained(k: number): void;
}

/** Data path of interfaces. */
export const nicKind: PortKind = {
  id: KIND.nic,
  name: "nic",
  txsync(dp: DataPath, k: number): void {
    const local = dp.local[dp.state[k + K_LOCAL]] as NicLocal | null | undefined;
    if (!local) return;
    const outcome = local.nic.txsync(dp, k);
    if (outcome !== TX_DONE) local.txBlocked(k, outcome);
  },
  rxsync(dp: DataPath, k: number): void {
    const { state } = dp;
    state[k + K_HWCUR] = state[k + K_RHEAD];
    const local = dp.local[state[k + K_LOCAL]] as NicLocal | null | undefined;
    if (!local) return;
    local.nic.rxsync(dp, k);
    const after = Atomics.load(state, k + K_HWTAIL) + 1;
    const isFull = (after === state[k + K_NUM_SLOTS] ? 0 : after) === state[k + K_HWCUR];
    if (!isFull) local.rxDrained(k);
  },
};
