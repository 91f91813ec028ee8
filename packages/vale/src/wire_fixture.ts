/**
 * A network interface for tests: what a test puts on its wire is received, what is sent is kept
 * for the test to look at. Rings as a driver has them: 64 slots, one of them never in use.
 *
 * ```
 *   wire.inject(frame) --> rx rings --> whoever has the interface
 *   wire.sent          <-- tx rings <--
 * ```
 *
 * @module
 */

import { RING_SLOTS, SLOT_BUF_IDX, SLOT_LEN_FLAGS, SLOT_WORDS } from "@netmap/core";
import {
  Adapter,
  bufferWord,
  type DataPath,
  type Engine,
  type Feature,
  K_HWCUR,
  K_HWTAIL,
  K_LOCAL,
  K_NUM_SLOTS,
  K_RHEAD,
  K_RING,
  K_RING_ID,
  KIND,
  notifyRing,
  NR_RX,
  NR_TX,
  type PortKind,
} from "@netmap/engine";

/** Data path of the interfaces. */
export const wireKind: PortKind = {
  id: KIND.nic,
  name: "wire",
  txsync(dp: DataPath, k: number): void {
    const { state } = dp;
    const wire = dp.local[state[k + K_LOCAL]] as Wire;
    const n = state[k + K_NUM_SLOTS];
    const memory = dp.regionOf(k);
    let i = state[k + K_HWCUR];
    while (i !== state[k + K_RHEAD] && wire.credit > 0) {
      const slot = state[k + K_RING] + RING_SLOTS + i * SLOT_WORDS;
      const at = bufferWord(state, k, memory.i32[slot + SLOT_BUF_IDX]) * 4;
      const len = memory.i32[slot + SLOT_LEN_FLAGS] & 0xffff;
      wire.sent.push(memory.u8.slice(at, at + len));
      wire.sentOn.push(state[k + K_RING_ID]);
      wire.credit--;
      i = i + 1 === n ? 0 : i + 1;
    }
    state[k + K_HWCUR] = i;
    Atomics.store(state, k + K_HWTAIL, i === 0 ? n - 1 : i - 1);
  },
  rxsync(dp: DataPath, k: number): void {
    const { state } = dp;
    state[k + K_HWCUR] = state[k + K_RHEAD];
    const wire = dp.local[state[k + K_LOCAL]] as Wire;
    const waiting = wire.arriving[state[k + K_RING_ID]];
    const n = state[k + K_NUM_SLOTS];
    const memory = dp.regionOf(k);
    let tail = state[k + K_HWTAIL];
    for (;;) {
      const after = tail + 1 === n ? 0 : tail + 1;
      if (after === state[k + K_HWCUR]) break;
      const frame = waiting.shift();
      if (frame === undefined) break;
      const slot = state[k + K_RING] + RING_SLOTS + tail * SLOT_WORDS;
      memory.u8.set(frame, bufferWord(state, k, memory.i32[slot + SLOT_BUF_IDX]) * 4);
      memory.i32[slot + SLOT_LEN_FLAGS] = frame.length;
      tail = after;
    }
    Atomics.store(state, k + K_HWTAIL, tail);
  },
};

/** An interface of the tests. */
export class Wire extends Adapter {
  /** What was sent. */
  readonly sent: Uint8Array[] = [];
  /** On which ring each of them was sent. */
  readonly sentOn: number[] = [];
  /** Frames that the wire still takes. */
  credit: number = Infinity;
  /** What arrives, by rx ring. */
  readonly arriving: Uint8Array[][] = [];
  /** Whether it announces what arrives. */
  interrupts = true;
  /** Whether it is in netmap mode. */
  on = false;
  /** Fails the next register(true) with this. */
  failure: Error | null = null;
  readonly #local: number;

  constructor(engine: Engine, name: string, rings: number, hostRings: number) {
    super(engine, name, wireKind, engine.regionFor(null), {
      txRings: rings,
      rxRings: rings,
      txSlots: 64,
      rxSlots: 64,
      hostTxRings: hostRings,
      hostRxRings: hostRings,
    });
    for (let i = 0; i < rings + hostRings; i++) this.arriving.push([]);
    this.#local = engine.dp.local.push(this) - 1;
    engine.ports.set(name, this);
  }

  /** Puts frames on the wire, or gives them to the host's stack for ring numbers behind the wire's. */
  inject(frames: readonly Uint8Array[], ring: number = 0): void {
    this.arriving[ring].push(...frames);
    if (this.interrupts) notifyRing(this.engine.dp, this.kring(NR_RX, ring));
  }

  override createKrings(): void {
    super.createKrings();
    for (const k of this.allKrings()) this.engine.dp.state[k + K_LOCAL] = this.#local;
  }

  override register(on: boolean): void {
    if (on && this.failure) throw this.failure;
    this.on = on;
    super.register(on);
  }

  override enableInterrupts(on: boolean): void {
    this.interrupts = on;
  }

  override destroy(): void {
    this.engine.ports.delete(this.name);
  }

  /** Tells that something was sent, as a driver does at a transmit interrupt. */
  sentInterrupt(ring: number = 0): void {
    notifyRing(this.engine.dp, this.kring(NR_TX, ring));
  }
}

/** Interfaces `eth0`, `eth1`... of one ring and one host ring; `multi0` has 2 rings; `bare0` no host rings. */
export function wires(): Feature {
  return {
    name: "wires",
    order: 50,
    kinds: [wireKind],
    find({ engine, name }) {
      if (!/^(eth|multi|bare)\d$/.test(name)) return null;
      const rings = name.startsWith("multi") ? 2 : 1;
      return engine.ports.get(name) ??
        new Wire(engine, name, rings, name.startsWith("bare") ? 0 : 1);
    },
  };
}
