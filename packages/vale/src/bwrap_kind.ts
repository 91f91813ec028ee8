/**
 * The data path of a device that is a port of a switch (`netmap_bwrap_*`). The wrapper's krings
 * and the device's krings share the netmap_rings, with the directions swapped: what the device
 * receives is what the port sends into the switch.
 *
 * ```
 *   switch                wrapper (bwrap)        ring in memory       device (hw)
 *     <-- txsync  ......  tx kring  ............ netmap_ring ........ rx kring  <-- wire
 *     --> delivers .....  rx kring  ............ netmap_ring ........ tx kring  --> wire
 *                         K_PEER  ------------------------------------>
 *                          <------------------------------------------ K_PEER
 * ```
 *
 * Nobody polls such a port: whoever tells it of packets (`notifyRing`) moves them on, right there.
 * That is the device's driver for its rx krings, and a sender of the switch for the wrapper's rx
 * krings. No user has these rings, so head, cur and tail live in the krings alone.
 *
 * A device with resources of the owner's (K_LOCAL: a socket) is served in the owner alone; a sender
 * in another thread wakes it (`owner_wake.ts`).
 *
 * @module
 */

import {
  C_BATCHES,
  type DataPath,
  ENTERED,
  K_DIR,
  K_FLAGS,
  K_HWCUR,
  K_HWTAIL,
  K_KIND,
  K_LOCAL,
  K_NUM_SLOTS,
  K_PEER,
  K_RCUR,
  K_RHEAD,
  K_RTAIL,
  KIND,
  KRING_WORDS,
  leave,
  lockRing,
  NR_RX,
  P_RX,
  type PortKind,
  tryEnter,
  unlockRing,
  wakeWaiters,
} from "@netmap/engine";
import { valeKind } from "./data_path/vale_kind.ts";
import { NKR_BWRAP } from "./layout.ts";

/**
 * Times that one notification goes round for packets that came meanwhile. Two switches that were
 * joined in a circle would go round for ever; what is left waits for the next notification.
 */
const MAX_ROUNDS = 16;

/** The port kind of the wrappers' krings. */
export const bwrapKind: PortKind = {
  id: KIND.bwrap,
  name: "bwrap",
  txsync: valeKind.txsync,
  rxsync: valeKind.rxsync,
  notify: bwrapNotify,
};

/** Takes the notification of a wrapper's rx kring, or of a kring of a wrapped device. */
function bwrapNotify(dp: DataPath, k: number): void {
  const { state } = dp;
  if ((state[k + K_FLAGS] & NKR_BWRAP) !== 0) {
    const h = state[k + K_PEER];
    // Not even for a look may K_BUSY be taken here: the owner that comes meanwhile would go away.
    if (isServedHere(dp, h)) sendToDevice(dp, h);
    else wakeWaiters(dp, k);
  } else if (state[k + K_DIR] === NR_RX) receiveFromDevice(dp, k);
  // The device has sent something: what waits for room goes now (the reference waits on).
  else sendToDevice(dp, k);
}

/** Whether this thread can run a device's txsync. */
function isServedHere(dp: DataPath, h: number): boolean {
  return dp.isOwner ||
    (dp.state[h + K_LOCAL] === 0 && dp.kinds[dp.state[h + K_KIND]] !== undefined);
}

/**
 * Moves what a device has received into the switch that it is attached to: what a driver does at
 * an interrupt. Drivers need not import it: `notifyRing` on the device's rx kring comes here.
 *
 * @param dp this thread's view of the image
 * @param port the device's port record
 * @param ring number of the rx ring, host rings behind the others
 * @returns whether packets were moved
 *
 * @example
 * ```ts ignore
 * bwrapInterrupt(engine.dp, adapter.port, 0);
 * ```
 */
export function bwrapInterrupt(dp: DataPath, port: number, ring: number): boolean {
  return receiveFromDevice(dp, dp.state[port + P_RX] + ring * KRING_WORDS);
}

/** What {@link moveReceived} came to. */
const NOTHING = 0;
const SOME = 1;
/** The switch did not take them all. */
const STUCK = 2;

/** @param k the device's rx kring @returns whether packets were moved */
function receiveFromDevice(dp: DataPath, k: number): boolean {
  const { state } = dp;
  let moved = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (tryEnter(dp, k) !== ENTERED) return moved;
    let came: number;
    try {
      if (state[k + K_PEER] === 0) return moved;
      came = moveReceived(dp, k, state[k + K_PEER]);
    } finally {
      leave(dp, k);
    }
    if (came !== NOTHING) moved = true;
    // What came while packets were moved, or was announced while we had the ring: look once more.
    if (came === STUCK || Atomics.load(state, k + K_HWTAIL) === state[k + K_RHEAD]) return moved;
  }
  return moved;
}

function moveReceived(dp: DataPath, k: number, b: number): number {
  const { state } = dp;
  const device = dp.kinds[state[k + K_KIND]];
  device.rxsync(dp, k);
  const tail = Atomics.load(state, k + K_HWTAIL);
  if (tail === state[k + K_HWCUR]) return NOTHING;
  dp.counters[(k >> 1) + C_BATCHES]++;
  dp.counters[(b >> 1) + C_BATCHES]++;
  state[b + K_RHEAD] = state[b + K_RCUR] = tail;
  dp.kinds[state[b + K_KIND]].txsync(dp, b);
  // What the switch did not take yet stays in the device's ring (the reference loses it).
  const taken = state[b + K_HWCUR];
  state[k + K_RHEAD] = state[k + K_RCUR] = state[k + K_RTAIL] = taken;
  device.rxsync(dp, k);
  return taken === tail ? SOME : STUCK;
}

/**
 * Sends what the switch has put into a device's ring, and gives the switch the slots back that
 * the device is done with. Called before a delivery too, when there was no room.
 *
 * @param h the device's tx kring
 */
function sendToDevice(dp: DataPath, h: number): void {
  const { state } = dp;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (tryEnter(dp, h) !== ENTERED) return;
    let b = 0;
    try {
      b = state[h + K_PEER];
      if (b === 0) return;
      const device = dp.kinds[state[h + K_KIND]];
      state[h + K_RHEAD] = state[h + K_RCUR] = Atomics.load(state, b + K_HWTAIL);
      dp.counters[(h >> 1) + C_BATCHES]++;
      dp.counters[(b >> 1) + C_BATCHES]++;
      device.txsync(dp, h);
      giveBack(dp, b, h);
    } finally {
      leave(dp, h);
    }
    // Whoever delivered while we had the ring found it busy and went on: look once more.
    if (Atomics.load(state, b + K_HWTAIL) === state[h + K_RHEAD]) return;
  }
}

/** Slots behind the device's hwtail are the switch's again. */
function giveBack(dp: DataPath, b: number, h: number): void {
  const { state } = dp;
  const tail = Atomics.load(state, h + K_HWTAIL);
  const free = tail + 1 === state[h + K_NUM_SLOTS] ? 0 : tail + 1;
  if (state[b + K_HWCUR] === free) return;
  lockRing(dp, b);
  state[b + K_RHEAD] = state[b + K_RCUR] = free;
  Atomics.store(state, b + K_HWCUR, free);
  unlockRing(dp, b);
}
