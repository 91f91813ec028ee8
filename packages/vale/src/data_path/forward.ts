/**
 * What a sender's txsync does: its slots go through the switch in batches.
 *
 * ```
 *   source ring --classify--> queues --deliver--> receive rings
 * ```
 *
 * The source's hwcur moves behind a batch once it is delivered, as the last thing: a thread that dies
 * within leaves its ring whole. (What it had delivered already is then sent again.)
 *
 * @module
 */

import { RING_SLOTS, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import {
  type DataPath,
  K_BUF_BASE,
  K_BUF_WORDS,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_OFFSET_MASK,
  K_PORT,
  K_RHEAD,
  K_RING,
  KRING_WORDS,
  P_TX,
  P_VNET_HDR,
} from "@netmap/engine";
import { S_MODULE, S_NOW, V_PORT } from "../layout.ts";
import { type Batch, borrowBatch, returnBatch } from "./batch.ts";
import { classify, countSent } from "./classify.ts";
import { classifyByModule } from "./classify_by_module.ts";
import { deliverAll, notifyAll } from "./deliver.ts";
import { seconds } from "./fdb.ts";
import { BUF_CHANGED, MOREFRAG } from "./slot_flags.ts";
import { enterSwitch, leaveSwitch, NO_SWITCH, NOT_NOW } from "./readers.ts";

/** Sends the slots from hwcur to rhead into the switch. */
export function forward(dp: DataPath, k: number): void {
  const { state } = dp;
  const end = state[k + K_RHEAD];
  const from = state[k + K_HWCUR];
  if (from === end) return;
  const s = enterSwitch(dp, state[k + K_PORT]);
  // Its owner is changing the switch in this very thread: the slots wait.
  if (s === NOT_NOW) return;
  if (s === NO_SWITCH) {
    countLost(dp, k, from, end);
    advance(state, k, end);
    return;
  }
  const b = borrowBatch(dp, k);
  try {
    aimSource(dp, b, k, s);
    for (let j = from; j !== end;) {
      const id = state[s + S_MODULE];
      j = id === 0 ? classify(dp, b, k, j, end) : classifyByModule(dp, b, k, j, end, id);
      deliverAll(dp, b);
      advance(state, k, j);
      notifyAll(dp, b);
      b.clear();
    }
  } finally {
    b.clear();
    returnBatch();
    leaveSwitch(dp, s);
  }
}

/** The slots before `j` are the user's again. */
function advance(state: Int32Array, k: number, j: number): void {
  state[k + K_HWTAIL] = j === 0 ? state[k + K_NUM_SLOTS] - 1 : j - 1;
  state[k + K_HWCUR] = j;
}

function aimSource(dp: DataPath, b: Batch, k: number, s: number): void {
  const { state } = dp;
  const p = state[k + K_PORT];
  b.s = s;
  b.k = k;
  b.p = p;
  b.port = state[p + V_PORT];
  // Host rings count from 0 in a port record of their own.
  b.ring = (k - state[p + P_TX]) / KRING_WORDS;
  b.slots = state[k + K_RING] + RING_SLOTS;
  b.numSlots = state[k + K_NUM_SLOTS];
  b.bufBase = state[k + K_BUF_BASE];
  b.bufWords = state[k + K_BUF_WORDS];
  b.numBufs = state[k + K_NUM_BUFS];
  b.header = state[p + P_VNET_HDR];
  b.hasOffsets = state[k + K_OFFSET_MASK] !== 0;
  b.now = seconds();
  if (state[s + S_NOW] !== b.now) state[s + S_NOW] = b.now;
}

/** A port that is attached to nothing sends to nobody. */
function countLost(dp: DataPath, k: number, from: number, end: number): void {
  const { i32 } = dp.regionOf(k);
  const slots = dp.state[k + K_RING] + RING_SLOTS;
  const n = dp.state[k + K_NUM_SLOTS];
  let lost = 0;
  for (let j = from; j !== end; j = j + 1 === n ? 0 : j + 1) {
    const word = i32[slots + j * SLOT_WORDS + SLOT_LEN_FLAGS];
    if ((word & BUF_CHANGED) !== 0) {
      i32[slots + j * SLOT_WORDS + SLOT_LEN_FLAGS] = word & ~BUF_CHANGED;
    }
    if ((word & MOREFRAG) === 0) lost++;
  }
  countSent(dp, k, 0, 0, 0, lost);
}
