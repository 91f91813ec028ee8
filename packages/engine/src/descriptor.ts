/**
 * One `open("/dev/netmap")` of the embedded engine (`struct netmap_priv_d`): nothing yet, or a
 * range of the rings of one port.
 *
 * @module
 */

import {
  closedError,
  closeFd,
  type ControlRequest,
  createEventfd,
  type Descriptor,
  ENXIO,
  findMapping,
  fromLegacy,
  IF_BUFS_HEAD,
  type LegacyCommand,
  type Memory,
  NetmapError,
  POLLIN,
  waitFd,
} from "@netmap/core";
import type { Adapter, RingRange } from "./adapter.ts";
import { runControl } from "./control/dispatch.ts";
import type { UserMapping } from "./control/user_memory.ts";
import type { Engine } from "./engine.ts";
import { freeExtra } from "./memory/rings.ts";
import {
  D_FD_PID,
  D_FLAGS,
  D_NIFP,
  D_PORT,
  D_REGION,
  D_RX,
  D_RX_COUNT,
  D_TX,
  D_TX_COUNT,
  D_WAKE,
  K_WAITERS,
  NR_RX,
  NR_TX,
  WAITER_DESC,
  WAITER_NEXT,
  WAITER_WORDS,
  WAKE_NONE,
} from "./state/layout.ts";
import { pollRound, rxsync, txsync } from "./state/sync.ts";
import { pollUntil, type Sleeper, waitUntil } from "./state/waiting.ts";
import { armAlways, setWakeFd, wakeDescriptor } from "./state/wake.ts";

/** What a descriptor holds once a REGISTER succeeded. */
export interface Registration {
  /** The port. */
  readonly adapter: Adapter;
  /** Its transmit rings. */
  readonly tx: RingRange;
  /** Its receive rings. */
  readonly rx: RingRange;
  /** `NR_EXCLUSIVE` was asked for. */
  readonly exclusive: boolean;
  /** `D_FLAG_*`. */
  readonly flags: number;
  /** Byte offset of its `netmap_if`. */
  readonly nifp: number;
  /** Extra buffers that it was given. */
  readonly extra: number;
}

/** An open descriptor. */
export class EngineDescriptor implements Descriptor {
  /** The engine. */
  readonly engine: Engine;
  /** Number in the engine's table. */
  readonly index: number;
  /** Record in the state image. */
  readonly word: number;
  /**
   * What is behind an address that a request has in it: a mapping of this thread's. Who serves
   * others puts theirs in its place, and so keeps their addresses from meaning his own memory.
   */
  findMemory: (address: number, bytes: number) => UserMapping | null = findMapping;
  #registration: Registration | null = null;
  readonly #beforeUnregister: (() => void)[] = [];
  #waiters: number[] = [];
  #fd = -1;
  #closed = false;
  readonly #sleeper: Sleeper;

  /** Made by `Engine.open`. */
  constructor(engine: Engine, index: number, word: number) {
    this.engine = engine;
    this.index = index;
    this.word = word;
    const isClosed = (): boolean => this.#closed;
    this.#sleeper = {
      get closed(): boolean {
        return isClosed();
      },
      wakeFd: () => this.wakeFd(),
      round: (events) => pollRound(engine.dp, word, events),
      block: (fd, timeoutMs) => engine.interrupts.poll(fd, timeoutMs),
      sleep: (fd, signal) => waitFd(fd, POLLIN, signal),
    };
  }

  /** What it is registered on; null before a REGISTER. */
  get registration(): Registration | null {
    return this.#registration;
  }

  control(request: ControlRequest): void {
    this.#checkOpen();
    runControl(this.engine, this, request);
  }

  legacy(command: LegacyCommand, nmreq: Uint8Array): void {
    this.#checkOpen();
    const { request, answer } = fromLegacy(command, nmreq);
    runControl(this.engine, this, request);
    answer();
  }

  get memory(): Memory {
    this.#checkOpen();
    if (this.#registration) return this.#registration.adapter.region.memory;
    throw new NetmapError(
      ENXIO,
      "Cannot give memory as the descriptor has no port: register one first",
    );
  }

  txsync(): void {
    this.#checkOpen();
    txsync(this.engine.dp, this.word);
  }

  rxsync(): void {
    this.#checkOpen();
    rxsync(this.engine.dp, this.word);
  }

  poll(events: number, timeoutMs: number): number {
    this.#checkOpen();
    const { dp, interrupts } = this.engine;
    if (timeoutMs === 0 && interrupts.size > 0) interrupts.poll(-1, 0);
    return pollUntil(dp, this.word, this.#sleeper, events, timeoutMs);
  }

  async wait(events: number, signal?: AbortSignal): Promise<number> {
    this.#checkOpen();
    signal?.throwIfAborted();
    const { dp, interrupts } = this.engine;
    interrupts.acquire();
    try {
      return await waitUntil(dp, this.word, this.#sleeper, events, signal);
    } finally {
      interrupts.release();
    }
  }

  get fd(): number {
    this.#checkOpen();
    const fd = this.wakeFd();
    armAlways(this.engine.dp, this.word);
    return fd;
  }

  /**
   * Binds the descriptor to its rings: fills its record in the image and enters it into the
   * rings' lists of those to wake.
   */
  bind(registration: Registration): void {
    const { dp, heap } = this.engine;
    const { state } = dp;
    const { adapter, tx, rx } = registration;
    this.#waiters = heap.allocAll(WAITER_WORDS, tx.count + rx.count);
    this.#registration = registration;
    const d = this.word;
    state[d + D_TX] = adapter.kring(NR_TX, tx.first);
    state[d + D_TX_COUNT] = tx.count;
    state[d + D_RX] = adapter.kring(NR_RX, rx.first);
    state[d + D_RX_COUNT] = rx.count;
    state[d + D_REGION] = adapter.region.slot;
    state[d + D_NIFP] = registration.nifp;
    state[d + D_FLAGS] = registration.flags;
    this.#krings().forEach((k, i) => {
      const node = this.#waiters[i];
      state[node + WAITER_DESC] = d;
      state[node + WAITER_NEXT] = state[k + K_WAITERS];
      Atomics.store(state, k + K_WAITERS, node);
    });
    Atomics.store(state, d + D_PORT, adapter.port);
  }

  /** Undoes {@link bind}; the extra buffers go back with the list that the user left. */
  unbind(): void {
    const registration = this.#registration;
    if (!registration) return;
    const { dp, heap } = this.engine;
    const { state } = dp;
    const { adapter } = registration;
    Atomics.store(state, this.word + D_PORT, 0);
    for (const k of this.#krings()) {
      let at = k + K_WAITERS;
      while (state[at] !== 0 && !this.#waiters.includes(state[at])) {
        at = state[at] + WAITER_NEXT;
      }
      if (state[at] !== 0) Atomics.store(state, at, state[state[at] + WAITER_NEXT]);
    }
    for (const node of this.#waiters) heap.release(node, WAITER_WORDS);
    this.#waiters = [];
    this.#registration = null;
    freeExtra(
      adapter.region,
      adapter.region.memory.i32[(registration.nifp >> 2) + IF_BUFS_HEAD],
      registration.extra,
    );
    wakeDescriptor(dp, this.word);
  }

  /** Runs `action` once before the registration ends: for who works on its rings. */
  beforeUnregister(action: () => void): void {
    this.#beforeUnregister.push(action);
  }

  /** Ends the registration, if there is one; another may follow. */
  unregister(): void {
    for (const action of this.#beforeUnregister.splice(0)) action();
    if (this.#registration) unregister(this, this.#registration);
  }

  close(): void {
    if (this.#closed) return;
    this.unregister();
    this.#closed = true;
    const { state } = this.engine.dp;
    wakeDescriptor(this.engine.dp, this.word);
    Atomics.store(state, this.word + D_WAKE, WAKE_NONE);
    state[this.word + D_FD_PID] = 0;
    if (this.#fd >= 0) closeFd(this.#fd);
    this.engine.descriptors.delete(this.index);
  }

  /** Closes the descriptor. */
  [Symbol.dispose](): void {
    this.close();
  }

  #krings(): number[] {
    const registration = this.#registration;
    if (!registration) return [];
    const { adapter, tx, rx } = registration;
    const list: number[] = [];
    for (let i = 0; i < tx.count; i++) list.push(adapter.kring(NR_TX, tx.first + i));
    for (let i = 0; i < rx.count; i++) list.push(adapter.kring(NR_RX, rx.first + i));
    return list;
  }

  /** The eventfd of its wake-up word, made at the first call. */
  wakeFd(): number {
    if (this.#fd < 0) {
      this.#fd = createEventfd();
      setWakeFd(this.engine.dp, this.word, this.#fd);
    }
    return this.#fd;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError("descriptor");
  }
}

/** Ends a registration (`netmap_do_unregif`). */
function unregister(descriptor: EngineDescriptor, registration: Registration): void {
  const { adapter, tx, rx, exclusive, nifp } = registration;
  adapter.activeFds--;
  adapter.putKrings(tx, rx, exclusive);
  if (adapter.activeFds === 0) {
    for (const follower of [...adapter.followers]) follower.portStops();
  }
  adapter.lockRings();
  descriptor.unbind();
  if (adapter.activeFds === 0 || adapter.modePending) adapter.register(false);
  adapter.unlockRings();
  adapter.deleteRings();
  if (adapter.activeFds === 0) adapter.deleteKrings();
  adapter.region.ifs.release(adapter.region.ifs.indexAt(nifp));
  adapter.drop();
}
