/**
 * A port kind for tests and benches of the loop: what is sent on a ring arrives on the receive ring of
 * the same number, slot by slot of the same index. So one application sees both directions of the CSB
 * protocol, and each packet passes it twice. Names begin with `echo`.
 *
 * Packets are copied, which may be done twice: a thread that is killed in the middle leaves nothing
 * half done. Ports named `echoswap...` swap buffers instead, for benches.
 *
 * @module
 */

import { NS_BUF_CHANGED, RING_SLOTS, SLOT_BUF_IDX, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import {
  Adapter,
  bufferWord,
  C_PACKETS,
  type DataPath,
  type Feature,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_SLOTS,
  K_PORT,
  K_RHEAD,
  K_RING,
  K_RING_ID,
  KRING_WORDS,
  notifyRing,
  P_FEATURE,
  P_RX,
  P_TX,
  type PortKind,
} from "@netmap/engine";

const CHANGED = NS_BUF_CHANGED << 16;

function txsync(dp: DataPath, k: number): void {
  const { state } = dp;
  const rx = state[state[k + K_PORT] + P_RX] + state[k + K_RING_ID] * KRING_WORDS;
  const n = state[k + K_NUM_SLOTS];
  const head = state[k + K_RHEAD];
  const { i32 } = dp.regionOf(k);
  const txSlots = state[k + K_RING] + RING_SLOTS;
  const rxSlots = state[rx + K_RING] + RING_SLOTS;
  const free = Atomics.load(state, rx + K_HWCUR);
  const last = free === 0 ? n - 1 : free - 1;
  const swaps = state[state[k + K_PORT] + P_FEATURE] !== 0;
  const first = state[k + K_HWCUR];
  let i = first;
  for (; i !== head && i !== last; i = i + 1 === n ? 0 : i + 1) {
    const src = txSlots + i * SLOT_WORDS;
    const dst = rxSlots + i * SLOT_WORDS;
    const len = i32[src + SLOT_LEN_FLAGS] & 0xffff;
    if (swaps) {
      const idx = i32[src + SLOT_BUF_IDX];
      i32[src + SLOT_BUF_IDX] = i32[dst + SLOT_BUF_IDX];
      i32[dst + SLOT_BUF_IDX] = idx;
      i32[dst + SLOT_LEN_FLAGS] = len | CHANGED;
    } else {
      const from = bufferWord(state, k, i32[src + SLOT_BUF_IDX]);
      const to = bufferWord(state, rx, i32[dst + SLOT_BUF_IDX]);
      for (let w = 0; w < 16; w++) i32[to + w] = i32[from + w];
      i32[dst + SLOT_LEN_FLAGS] = len;
    }
  }
  if (i !== first) {
    dp.counters[(k >> 1) + C_PACKETS] += i > first ? i - first : i - first + n;
    state[k + K_HWCUR] = i;
    state[k + K_HWTAIL] = i === 0 ? n - 1 : i - 1;
  }
  // Also where this call moved nothing: the thread that did may have died before it came here.
  if (Atomics.load(state, rx + K_HWTAIL) === i) return;
  Atomics.store(state, rx + K_HWTAIL, i);
  notifyRing(dp, rx);
}

function rxsync(dp: DataPath, k: number): void {
  const { state } = dp;
  if (state[k + K_HWCUR] === state[k + K_RHEAD]) return;
  Atomics.store(state, k + K_HWCUR, state[k + K_RHEAD]);
  // The sender has room again.
  notifyRing(dp, state[state[k + K_PORT] + P_TX] + state[k + K_RING_ID] * KRING_WORDS);
}

/** Its data path. */
export const echoKind: PortKind = { id: 31, name: "echo", txsync, rxsync };

/** Its feature. */
export function echo(): Feature {
  return {
    name: "echo",
    order: 60,
    kinds: [echoKind],
    find({ engine, name, body, region }) {
      if (!name.startsWith("echo")) return null;
      const known = engine.ports.get(name);
      if (known) return known;
      const adapter = new Adapter(engine, name, echoKind, engine.regionFor(region), {
        txRings: body.txRings || 1,
        rxRings: body.rxRings || 1,
        txSlots: body.txSlots || 64,
        rxSlots: body.rxSlots || 64,
      });
      engine.dp.state[adapter.port + P_FEATURE] = name.startsWith("echoswap") ? 1 : 0;
      engine.ports.set(name, adapter);
      adapter.destroy = () => engine.ports.delete(name);
      return adapter;
    },
  };
}
