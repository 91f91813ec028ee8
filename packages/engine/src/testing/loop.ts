/**
 * A port kind for the engine's own tests: what is sent on a ring arrives on the receive ring of
 * the same number, by swapping buffers. Names begin with `loop`.
 *
 * @module
 */

import {
  type Memory,
  NS_BUF_CHANGED,
  RING_SLOTS,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_WORDS,
} from "@netmap/core";
import { Adapter } from "../adapter.ts";
import type { Feature } from "../feature.ts";
import type { DataPath, PortKind } from "../state/data_path.ts";
import { bufferWord } from "../state/kring.ts";
import {
  K_BUF_WORDS,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_SLOTS,
  K_OFFSET_MAX,
  K_PORT,
  K_RHEAD,
  K_RING,
  K_RING_ID,
  KRING_WORDS,
  P_RX,
} from "../state/layout.ts";
import { setSlotOffset, slotOffset } from "../state/offsets.ts";
import { notifyRing } from "../state/wake.ts";

function next(state: Int32Array, k: number, i: number): number {
  return i + 1 === state[k + K_NUM_SLOTS] ? 0 : i + 1;
}

/** Offsets go with their buffers; a packet that begins later than the receiver allows moves down. */
function swapOffsets(
  state: Int32Array,
  { i32, u8 }: Memory,
  k: number,
  src: number,
  rx: number,
  dst: number,
): void {
  const from = slotOffset(state, k, i32, src);
  const to = Math.min(from, state[rx + K_OFFSET_MAX]);
  setSlotOffset(state, k, i32, src, slotOffset(state, rx, i32, dst));
  setSlotOffset(state, rx, i32, dst, to);
  if (from === to) return;
  const buffer = bufferWord(state, k, i32[src + SLOT_BUF_IDX]) << 2;
  u8.copyWithin(buffer + to, buffer + from, buffer + (state[k + K_BUF_WORDS] << 2));
}

/** Data path of the loop. */
export const loopKind: PortKind = {
  id: 30,
  name: "loop",
  offsets: true,
  txsync(dp: DataPath, k: number): void {
    const { state } = dp;
    const rx = state[state[k + K_PORT] + P_RX] + state[k + K_RING_ID] * KRING_WORDS;
    const memory = dp.regionOf(k);
    const { i32 } = memory;
    let from = state[k + K_HWCUR];
    let to = state[rx + K_HWTAIL];
    while (from !== state[k + K_RHEAD] && next(state, rx, to) !== state[rx + K_HWCUR]) {
      const src = state[k + K_RING] + RING_SLOTS + from * SLOT_WORDS;
      const dst = state[rx + K_RING] + RING_SLOTS + to * SLOT_WORDS;
      swapOffsets(state, memory, k, src, rx, dst);
      const idx = i32[src + SLOT_BUF_IDX];
      i32[src + SLOT_BUF_IDX] = i32[dst + SLOT_BUF_IDX];
      i32[dst + SLOT_BUF_IDX] = idx;
      i32[dst + SLOT_LEN_FLAGS] = i32[src + SLOT_LEN_FLAGS] & 0xffff | NS_BUF_CHANGED << 16;
      from = next(state, k, from);
      to = next(state, rx, to);
    }
    state[k + K_HWCUR] = from;
    Atomics.store(state, k + K_HWTAIL, from === 0 ? state[k + K_NUM_SLOTS] - 1 : from - 1);
    Atomics.store(state, rx + K_HWTAIL, to);
    notifyRing(dp, rx);
  },
  rxsync(dp: DataPath, k: number): void {
    dp.state[k + K_HWCUR] = dp.state[k + K_RHEAD];
  },
};

/** The feature of the loop. */
export function loop(): Feature {
  return {
    name: "loop",
    order: 45, // before interfaces, which know every other name
    kinds: [loopKind],
    find({ engine, name, body, region }) {
      if (!name.startsWith("loop")) return null;
      const known = engine.ports.get(name);
      if (known) return known;
      const adapter = new Adapter(engine, name, loopKind, engine.regionFor(region), {
        txRings: body.txRings || 1,
        rxRings: body.rxRings || 1,
        txSlots: body.txSlots || 64,
        rxSlots: body.rxSlots || 64,
        hostTxRings: name.includes("host") ? body.hostTxRings || 2 : 0,
        hostRxRings: name.includes("host") ? body.hostRxRings || 2 : 0,
      });
      engine.ports.set(name, adapter);
      adapter.destroy = () => engine.ports.delete(name);
      return adapter;
    },
  };
}
