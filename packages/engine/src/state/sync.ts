/**
 * What the NIOCTXSYNC and NIOCRXSYNC ioctls and `poll` do with the rings of a descriptor. Plain
 * functions over the image: the owner, a Worker and another process run the same code.
 *
 * @module
 */

import { EBUSY, EIO, ENXIO, NetmapError, POLLERR, POLLIN, POLLOUT, RING_HEAD } from "@netmap/core";
import type { DataPath } from "./data_path.ts";
import {
  C_BATCHES,
  D_FLAG_CSB,
  D_FLAG_TX_POLL,
  D_FLAGS,
  D_PORT,
  D_RX,
  D_RX_COUNT,
  D_TX,
  D_TX_COUNT,
  K_HWCUR,
  K_KIND,
  K_RCUR,
  K_RING,
  K_RTAIL,
  KRING_WORDS,
} from "./layout.ts";
import {
  ENTERED,
  finalize,
  leave,
  rxsyncPrologue,
  STOPPED,
  timestamp,
  tryEnter,
  txsyncPrologue,
} from "./kring.ts";

/** One txsync of one ring, K_BUSY held. @returns false when the ring was reset instead */
export function txsyncRing(dp: DataPath, k: number): boolean {
  // The port went away between the caller's look at the descriptor and its entering the ring.
  if (dp.state[k + K_RING] === 0) return true;
  const memory = dp.regionOf(k);
  if (!txsyncPrologue(dp, k, memory)) return false;
  dp.counters[(k >> 1) + C_BATCHES]++;
  dp.kinds[dp.state[k + K_KIND]].txsync(dp, k);
  finalize(dp, k, memory);
  timestamp(memory.i32, dp.state[k + K_RING]);
  return true;
}

/** One rxsync of one ring, K_BUSY held. @returns false when the ring was reset first */
export function rxsyncRing(dp: DataPath, k: number): boolean {
  // The port went away between the caller's look at the descriptor and its entering the ring.
  if (dp.state[k + K_RING] === 0) return true;
  const memory = dp.regionOf(k);
  const good = rxsyncPrologue(dp, k, memory);
  dp.kinds[dp.state[k + K_KIND]].rxsync(dp, k);
  finalize(dp, k, memory);
  timestamp(memory.i32, dp.state[k + K_RING]);
  return good;
}

function checkRegistered(dp: DataPath, d: number, what: string): void {
  dp.checkOpen();
  if (dp.state[d + D_PORT] === 0) {
    throw new NetmapError(
      ENXIO,
      `Cannot ${what} as the descriptor has no port: register one first`,
    );
  }
  if ((dp.state[d + D_FLAGS] & D_FLAG_CSB) !== 0) {
    throw new NetmapError(
      EBUSY,
      `Cannot ${what} as the descriptor is in CSB mode: its kloop does it`,
    );
  }
}

function stoppedError(what: string): NetmapError {
  return new NetmapError(
    EIO,
    `Cannot ${what} as the port was stopped: its interface or its parent went away`,
  );
}

/**
 * Transmits on all rings of a descriptor (`NIOCTXSYNC`).
 *
 * @throws {NetmapError} ENXIO without a port, EBUSY in CSB mode, EIO when the port was stopped
 */
export function txsync(dp: DataPath, d: number): void {
  checkRegistered(dp, d, "txsync");
  const state = dp.state;
  const first = state[d + D_TX];
  const end = first + state[d + D_TX_COUNT] * KRING_WORDS;
  for (let k = first; k < end; k += KRING_WORDS) {
    const entered = tryEnter(dp, k);
    if (entered === STOPPED) throw stoppedError("txsync");
    if (entered !== ENTERED) continue;
    try {
      // The port may have gone meanwhile, and its words be another's.
      if (Atomics.load(state, d + D_PORT) === 0) return;
      txsyncRing(dp, k);
    } finally {
      leave(dp, k);
    }
  }
}

/**
 * Receives on all rings of a descriptor (`NIOCRXSYNC`).
 *
 * @throws {NetmapError} ENXIO without a port, EBUSY in CSB mode, EIO when the port was stopped
 */
export function rxsync(dp: DataPath, d: number): void {
  checkRegistered(dp, d, "rxsync");
  const state = dp.state;
  const first = state[d + D_RX];
  const end = first + state[d + D_RX_COUNT] * KRING_WORDS;
  for (let k = first; k < end; k += KRING_WORDS) {
    const entered = tryEnter(dp, k);
    if (entered === STOPPED) throw stoppedError("rxsync");
    if (entered !== ENTERED) continue;
    try {
      // The port may have gone meanwhile, and its words be another's.
      if (Atomics.load(state, d + D_PORT) === 0) return;
      rxsyncRing(dp, k);
    } finally {
      leave(dp, k);
    }
  }
}

/**
 * One round of netmap's `poll`: transmits what is pending (unless `NR_NO_TX_POLL`), receives if
 * POLLIN is asked for, and says which events hold.
 *
 * @returns POLLIN | POLLOUT | POLLERR as they hold, 0 when none does
 */
export function pollRound(dp: DataPath, d: number, events: number): number {
  const state = dp.state;
  if (state[d + D_PORT] === 0 || (state[d + D_FLAGS] & D_FLAG_CSB) !== 0) return POLLERR;
  let revents = 0;
  const wantTx = (events & POLLOUT) !== 0;
  if (wantTx || (state[d + D_FLAGS] & D_FLAG_TX_POLL) !== 0) {
    const first = state[d + D_TX];
    const end = first + state[d + D_TX_COUNT] * KRING_WORDS;
    for (let k = first; k < end; k += KRING_WORDS) {
      const ring = state[k + K_RING];
      const pending = Atomics.load(dp.regionOf(k).i32, ring + RING_HEAD) !== state[k + K_HWCUR];
      // Room was found already, and nothing to send here: leave the ring alone.
      if (!pending && (!wantTx || (revents & POLLOUT) !== 0)) continue;
      revents |= syncForPoll(dp, k, txsyncRing, POLLOUT & events);
    }
  }
  if ((events & POLLIN) !== 0) {
    const first = state[d + D_RX];
    const end = first + state[d + D_RX_COUNT] * KRING_WORDS;
    for (let k = first; k < end; k += KRING_WORDS) {
      revents |= syncForPoll(dp, k, rxsyncRing, POLLIN);
    }
  }
  return revents;
}

function syncForPoll(
  dp: DataPath,
  k: number,
  sync: (dp: DataPath, k: number) => boolean,
  event: number,
): number {
  const entered = tryEnter(dp, k);
  if (entered === STOPPED) return POLLERR;
  if (entered !== ENTERED) return 0;
  try {
    let revents = sync(dp, k) ? 0 : POLLERR;
    if (dp.state[k + K_RCUR] !== dp.state[k + K_RTAIL]) revents |= event;
    return revents;
  } finally {
    leave(dp, k);
  }
}
