/**
 * Second half of a batch: what stands in a queue goes into its receive ring.
 *
 * ```
 *   lock: how many fit? take a lease :unlock     copy or swap     lock: done, count :unlock
 * ```
 *
 * What does not fit is dropped and counted at the receiver. A port that passes packets on by itself
 * (an attached device) is told at once, and may make room RETRIES times (`netmap_txsync_retry`). Others
 * are told once all is delivered and the source has moved on (`notifyAll`): whatever comes of waking
 * somebody, no packet is sent twice.
 *
 * @module
 */

import { RING_SLOTS } from "@netmap/core";
import {
  C_BYTES,
  C_DROP_BAD_SLOT,
  C_DROP_DEVICE,
  C_DROP_NO_ROOM,
  C_DROP_TOO_LONG,
  C_PACKETS,
  type DataPath,
  K_BUF_BASE,
  K_BUF_WORDS,
  K_NOTIFY,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_OFFSET_MASK,
  K_PORT,
  K_RING,
  lockRing,
  notifyRing,
  P_MAX_FRAME,
  P_VNET_HDR,
  unlockRing,
} from "@netmap/engine";
import { S_FLAG_ZERO_COPY, S_FLAGS } from "../layout.ts";
import {
  type Batch,
  BROADCAST_QUEUE,
  NIL,
  Q_HEAD,
  Q_KRING,
  Q_NEWS,
  Q_PACKETS,
  Q_SLOTS,
  type Remaining,
} from "./batch.ts";
import { copyPackets } from "./copy.ts";
import { copyBytes } from "./copy_bytes.ts";
import { copyRun, isPlain, swapRun } from "./copy_run.ts";
import { judge, slotsThatFit } from "./judge.ts";
import { finishLease, leaseSpace, leaseStart, publish, takeLease } from "./lease.ts";
import { takesBroadcasts } from "./queue.ts";

/** Times that an attached device is asked to make room (`netmap_txsync_retry`). */
const RETRIES = 2;

/** Delivers all queues of a batch. */
export function deliverAll(dp: DataPath, b: Batch): void {
  const { queues, used } = b;
  const broadcast = queues[BROADCAST_QUEUE + Q_HEAD];
  for (let i = 0; i < b.usedCount; i++) {
    const q = used[i];
    const too = broadcast !== NIL && takesBroadcasts(q);
    if (queues[q + Q_HEAD] !== NIL || too) deliver(dp, b, q, too);
  }
}

/** Wakes the receivers that have something new. */
export function notifyAll(dp: DataPath, b: Batch): void {
  const { queues, used } = b;
  for (let i = 0; i < b.usedCount; i++) {
    if (queues[used[i] + Q_NEWS] !== 0) notifyRing(dp, queues[used[i] + Q_KRING]);
  }
}

/** @param too whether the broadcasts go to this ring too */
function deliver(dp: DataPath, b: Batch, q: number, too: boolean): void {
  const { state } = dp;
  const { queues, left, target } = b;
  const k = queues[q + Q_KRING];
  const header = state[state[k + K_PORT] + P_VNET_HDR];
  left.slots = queues[q + Q_SLOTS] + (too ? queues[BROADCAST_QUEUE + Q_SLOTS] : 0);
  left.packets = queues[q + Q_PACKETS] + (too ? queues[BROADCAST_QUEUE + Q_PACKETS] : 0);
  left.tooLong = left.offload = 0;
  b.unicast = queues[q + Q_HEAD];
  b.broadcast = too ? queues[BROADCAST_QUEUE + Q_HEAD] : NIL;
  aim(dp, b, k, header);
  const bytewise = header !== b.header || b.hasOffsets || state[k + K_OFFSET_MASK] !== 0;
  const swap = (state[b.s + S_FLAGS] & S_FLAG_ZERO_COPY) !== 0 && target.memory === b.memory &&
    target.bufBase === b.bufBase && target.bufWords === b.bufWords;
  const plain = isPlain(b) && !(swap && b.stays);
  const passesOn = state[k + K_NOTIFY] !== 0;
  let retries = passesOn ? RETRIES : 0;
  while (left.slots > 0) {
    const lease = reserve(dp, k, b, q);
    if (lease !== 0) {
      if (bytewise) copyBytes(dp, k, b, header);
      else if (!plain) copyPackets(b, swap);
      else if (swap && b.unicast !== NIL) swapRun(b);
      else copyRun(b);
      left.slots -= target.count;
      left.packets -= b.copiedPackets + b.badBuffers + b.tooLong;
      if (finish(dp, k, b, lease)) {
        if (passesOn) notifyRing(dp, k);
        else queues[q + Q_NEWS] = 1;
      }
    }
    if (left.slots === 0 || retries-- === 0) break;
    if (lease === 0) notifyRing(dp, k);
  }
  if (left.packets + left.tooLong + left.offload > 0) countDropped(dp, k, left);
}

/** Sets the target to a ring, and judges the packets if it may not be able to take them. */
function aim(dp: DataPath, b: Batch, k: number, header: number): void {
  const { state } = dp;
  const { target, left } = b;
  target.memory = dp.regionOf(k);
  target.slots = state[k + K_RING] + RING_SLOTS;
  target.numSlots = state[k + K_NUM_SLOTS];
  target.bufBase = state[k + K_BUF_BASE];
  target.bufWords = state[k + K_BUF_WORDS];
  target.numBufs = state[k + K_NUM_BUFS];
  const limit = Math.min(target.bufWords << 2, state[state[k + K_PORT] + P_MAX_FRAME]);
  target.judged = header !== b.header || limit < b.bufWords << 2;
  if (!target.judged) return;
  left.slots = left.packets = 0;
  judge(b, b.unicast, limit, header, left);
  judge(b, b.broadcast, limit, header, left);
}

/** Takes slots for as many packets as fit. @returns the lease, 0 when not one does */
function reserve(dp: DataPath, k: number, b: Batch, q: number): number {
  const { state } = dp;
  const { target, left } = b;
  lockRing(dp, k);
  target.start = leaseStart(state, k);
  let space = leaseSpace(state, k, target.start);
  if (space < left.slots && publish(dp, k, false)) {
    b.queues[q + Q_NEWS] = 1;
    target.start = leaseStart(state, k);
    space = leaseSpace(state, k, target.start);
  }
  if (left.slots <= space) target.count = left.slots;
  else if (left.slots === left.packets) target.count = space;
  else target.count = slotsThatFit(b, b.unicast, b.broadcast, target.judged, space);
  const lease = target.count === 0 ? 0 : takeLease(dp, k, target.start, target.count);
  unlockRing(dp, k);
  return lease;
}

/** Ends a lease and counts what is in it. @returns whether the receiver has something new */
function finish(dp: DataPath, k: number, b: Batch, lease: number): boolean {
  const { counters } = dp;
  const c = k >> 1;
  lockRing(dp, k);
  counters[c + C_PACKETS] += b.copiedPackets;
  counters[c + C_BYTES] += b.copiedBytes;
  if (b.badBuffers > 0) counters[c + C_DROP_BAD_SLOT] += b.badBuffers;
  if (b.tooLong > 0) counters[c + C_DROP_TOO_LONG] += b.tooLong;
  const news = finishLease(dp, k, lease);
  unlockRing(dp, k);
  return news;
}

function countDropped(dp: DataPath, k: number, left: Remaining): void {
  const { counters } = dp;
  const c = k >> 1;
  lockRing(dp, k);
  if (left.packets > 0) counters[c + C_DROP_NO_ROOM] += left.packets;
  if (left.tooLong > 0) counters[c + C_DROP_TOO_LONG] += left.tooLong;
  if (left.offload > 0) counters[c + C_DROP_DEVICE] += left.offload;
  unlockRing(dp, k);
}
