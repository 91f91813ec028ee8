/**
 * An adapter is a port as the control path sees it (`struct netmap_adapter`): its name, its
 * shape, its memory, who uses it. A kind of port extends this class in its own folder, gives
 * a {@link PortKind} for the data path, and overrides what is special about it.
 *
 * The rings of an adapter exist while somebody needs them: krings from the first registration to
 * the last close, netmap_rings and buffers ring by ring.
 *
 * @module
 */

import { EBUSY, NetmapError } from "@netmap/core";
import type { Engine } from "./engine.ts";
import type { Region } from "./memory/region.ts";
import { createRings, deleteRings } from "./memory/rings.ts";
import type { PortKind } from "./state/data_path.ts";
import {
  K_BUF_BASE,
  K_BUF_WORDS,
  K_DIR,
  K_FLAGS,
  K_HWTAIL,
  K_KIND,
  K_MODE,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_PENDING_MODE,
  K_PORT,
  K_REGION,
  K_RING_ID,
  K_RTAIL,
  K_STOPPED,
  K_USERS,
  KR_LOCKED,
  KR_STOPPED,
  KRING_WORDS,
  NKR_EXCLUSIVE,
  NKR_FAKERING,
  NR_RX,
  NR_TX,
  P_HOST_RX_RINGS,
  P_HOST_TX_RINGS,
  P_MAX_FRAME,
  P_REGION,
  P_RX,
  P_RX_RINGS,
  P_TX,
  P_TX_RINGS,
  P_VNET_HDR,
  PORT_WORDS,
} from "./state/layout.ts";
import { resumeRing, stopRing } from "./state/kring.ts";
import { notifyRing } from "./state/wake.ts";

/** How many rings and slots a port has, in each direction. */
export interface PortShape {
  /** Transmit rings. */
  readonly txRings: number;
  /** Receive rings. */
  readonly rxRings: number;
  /** Slots of a transmit ring. */
  readonly txSlots: number;
  /** Slots of a receive ring. */
  readonly rxSlots: number;
  /** Host rings; 0 where the port has no host side. */
  readonly hostTxRings?: number;
  /** Host rings; 0 where the port has no host side. */
  readonly hostRxRings?: number;
}

/** A range of rings: `count` krings from number `first` on. */
export interface RingRange {
  /** Number of the first ring. */
  readonly first: number;
  /** How many. */
  readonly count: number;
}

/** Somebody who lives on another port's rings: a monitor. */
export interface Follower {
  /** The port's last user closes it: let go of its rings now. */
  portStops(): void;
}

/** A port of the engine. */
export class Adapter {
  /** The engine that it belongs to. */
  readonly engine: Engine;
  /** Its full name, as requests give it: `vale0:a`, `eth0`, `vale0:a{1`. */
  readonly name: string;
  /** Its data path. */
  readonly kind: PortKind;
  /** Its memory. */
  readonly region: Region;
  /** Its record in the state image. */
  readonly port: number;
  /** Transmit rings. */
  numTxRings: number;
  /** Receive rings. */
  numRxRings: number;
  /** Slots a transmit ring. */
  numTxSlots: number;
  /** Slots a receive ring. */
  numRxSlots: number;
  /** Host transmit rings. */
  numHostTxRings: number;
  /** Host receive rings. */
  numHostRxRings: number;
  /** Descriptors registered on it. */
  activeFds = 0;
  /** Everybody who holds it: descriptors, pipes on it, a switch that it is attached to. */
  refs = 0;
  /** Set while the engine itself uses the port (attached to a switch): nobody may register it. */
  ownedBy: string | null = null;
  /** Monitors of its rings. */
  readonly followers: Set<Follower> = new Set();
  /** First kring, 0 while there are none. */
  #krings = 0;
  #kringWords = 0;

  /** A port with a record in the image and no rings yet; it holds its region. */
  constructor(
    engine: Engine,
    name: string,
    kind: PortKind,
    region: Region,
    shape: PortShape,
  ) {
    this.engine = engine;
    this.name = name;
    this.kind = kind;
    this.region = region;
    this.numTxRings = shape.txRings;
    this.numRxRings = shape.rxRings;
    this.numTxSlots = shape.txSlots;
    this.numRxSlots = shape.rxSlots;
    this.numHostTxRings = shape.hostTxRings ?? 0;
    this.numHostRxRings = shape.hostRxRings ?? 0;
    this.port = engine.heap.alloc(PORT_WORDS);
    const state = engine.dp.state;
    state[this.port + P_REGION] = region.slot;
    state[this.port + P_MAX_FRAME] = region.bufs.objectSize;
    region.refs++;
  }

  /** Whether the port has rings towards a host stack. */
  get hasHostRings(): boolean {
    return this.numHostTxRings > 0;
  }

  /** Whether packets may begin inside their buffers (`NAF_OFFSETS`). */
  get hasOffsets(): boolean {
    return this.kind.offsets === true;
  }

  /** Rings of a direction, host rings (at least one, perhaps fake) included. */
  allRings(dir: number): number {
    return dir === NR_TX
      ? this.numTxRings + Math.max(1, this.numHostTxRings)
      : this.numRxRings + Math.max(1, this.numHostRxRings);
  }

  /** Rings of a direction without host rings. */
  rings(dir: number): number {
    return dir === NR_TX ? this.numTxRings : this.numRxRings;
  }

  /** Slots of a ring of a direction. */
  slots(dir: number): number {
    return dir === NR_TX ? this.numTxSlots : this.numRxSlots;
  }

  /** Bytes of virtio-net header in front of each frame. */
  get vnetHdrLen(): number {
    return this.engine.dp.state[this.port + P_VNET_HDR];
  }

  set vnetHdrLen(bytes: number) {
    this.engine.dp.state[this.port + P_VNET_HDR] = bytes;
  }

  /** Whether the krings exist. */
  get hasKrings(): boolean {
    return this.#krings !== 0;
  }

  /** The word of a kring. Only while {@link hasKrings}. */
  kring(dir: number, i: number): number {
    return this.#krings + ((dir === NR_TX ? 0 : this.allRings(NR_TX)) + i) * KRING_WORDS;
  }

  /** Makes the krings in the state image (`nm_krings_create`). A kind may add its own. */
  createKrings(): void {
    if (this.hasKrings) return;
    const { heap, dp } = this.engine;
    const state = dp.state;
    const nTx = this.allRings(NR_TX);
    const nRx = this.allRings(NR_RX);
    this.#kringWords = (nTx + nRx) * KRING_WORDS;
    this.#krings = heap.alloc(this.#kringWords);
    for (const dir of [NR_TX, NR_RX]) {
      for (let i = 0; i < this.allRings(dir); i++) {
        const k = this.kring(dir, i);
        const slots = this.slots(dir);
        state[k + K_KIND] = this.kind.id;
        state[k + K_DIR] = dir;
        state[k + K_RING_ID] = i;
        state[k + K_REGION] = this.region.slot;
        state[k + K_NUM_SLOTS] = slots;
        state[k + K_PORT] = this.port;
        state[k + K_BUF_BASE] = this.region.bufs.offset >> 2;
        state[k + K_BUF_WORDS] = this.region.bufs.objectSize >> 2;
        state[k + K_NUM_BUFS] = this.region.bufs.total;
        // One slot stays empty always, so that a full ring differs from an empty one.
        state[k + K_RTAIL] = state[k + K_HWTAIL] = dir === NR_TX ? slots - 1 : 0;
        if (i >= this.rings(dir) && !this.hasHostRings) state[k + K_FLAGS] |= NKR_FAKERING;
      }
    }
    state[this.port + P_TX] = this.kring(NR_TX, 0);
    state[this.port + P_TX_RINGS] = this.numTxRings;
    state[this.port + P_HOST_TX_RINGS] = this.numHostTxRings;
    state[this.port + P_RX] = this.kring(NR_RX, 0);
    state[this.port + P_RX_RINGS] = this.numRxRings;
    state[this.port + P_HOST_RX_RINGS] = this.numHostRxRings;
  }

  /** Ends the krings (`nm_krings_delete`). */
  deleteKrings(): void {
    if (!this.hasKrings) return;
    const state = this.engine.dp.state;
    for (const field of [P_TX, P_TX_RINGS, P_RX, P_RX_RINGS]) state[this.port + field] = 0;
    this.engine.heap.release(this.#krings, this.#kringWords);
    this.#krings = 0;
  }

  /** Makes the netmap_rings and buffers that are needed now and missing. */
  createRings(): void {
    createRings(this);
  }

  /** Gives back the netmap_rings and buffers that nobody needs any more. */
  deleteRings(): void {
    deleteRings(this);
  }

  /**
   * Reserves rings for a descriptor (`netmap_krings_get`).
   *
   * @throws {NetmapError} EBUSY when a ring is held exclusively, or is wanted so and in use
   */
  getKrings(tx: RingRange, rx: RingRange, exclusive: boolean): void {
    const state = this.engine.dp.state;
    for (const k of this.#selected(tx, rx)) {
      const held = (state[k + K_FLAGS] & NKR_EXCLUSIVE) !== 0;
      if (!held && !(exclusive && state[k + K_USERS] > 0)) continue;
      const ring = `${state[k + K_DIR] === NR_TX ? "tx" : "rx"} ring ${state[k + K_RING_ID]}`;
      throw new NetmapError(
        EBUSY,
        held
          ? `Cannot register '${this.name}' as ${ring} is held exclusively: close its holder first`
          : `Cannot register '${this.name}' exclusively as ${ring} has ${
            state[k + K_USERS]
          } users: close them first`,
        { port: this.name },
      );
    }
    for (const k of this.#selected(tx, rx)) {
      state[k + K_USERS]++;
      if (exclusive) state[k + K_FLAGS] |= NKR_EXCLUSIVE;
      state[k + K_PENDING_MODE] = 1;
    }
  }

  /** Undoes {@link getKrings}. */
  putKrings(tx: RingRange, rx: RingRange, exclusive: boolean): void {
    const state = this.engine.dp.state;
    for (const k of this.#selected(tx, rx)) {
      if (exclusive) state[k + K_FLAGS] &= ~NKR_EXCLUSIVE;
      state[k + K_USERS]--;
      if (state[k + K_USERS] === 0) state[k + K_PENDING_MODE] = 0;
    }
  }

  /** Whether a ring is about to go in or out of netmap mode. */
  get modePending(): boolean {
    const state = this.engine.dp.state;
    return this.allKrings().some((k) => state[k + K_MODE] !== state[k + K_PENDING_MODE]);
  }

  /** Commits the pending modes (`netmap_krings_mode_commit`). */
  commitModes(): void {
    const state = this.engine.dp.state;
    for (const k of this.allKrings()) state[k + K_MODE] = state[k + K_PENDING_MODE];
  }

  /** Tells the port that rings change their mode (`nm_register`). A kind overrides this. */
  register(_on: boolean): void {
    this.commitModes();
  }

  /** Stops all rings while the port changes. */
  lockRings(): void {
    for (const k of this.allKrings()) {
      if (!this.#isStopped(k)) stopRing(this.engine.dp, k, KR_LOCKED);
    }
  }

  /** Lets all rings run again, but for those that were stopped for good. */
  unlockRings(): void {
    for (const k of this.allKrings()) {
      if (!this.#isStopped(k)) resumeRing(this.engine.dp, k);
    }
  }

  #isStopped(k: number): boolean {
    return Atomics.load(this.engine.dp.state, k + K_STOPPED) === KR_STOPPED;
  }

  /** The port will not work again: syncs fail with EIO, those who wait are woken. */
  stop(): void {
    for (const k of this.allKrings()) {
      stopRing(this.engine.dp, k, KR_STOPPED);
      notifyRing(this.engine.dp, k);
    }
  }

  /**
   * Lets the device announce packets by itself, or keeps it from doing so while its rings are
   * polled (`nm_intr`). A kind with a descriptor to wait on overrides this.
   */
  enableInterrupts(_on: boolean): void {}

  /** One more holder. */
  hold(): this {
    this.refs++;
    return this;
  }

  /** One holder less; the last one ends the port. */
  drop(): void {
    if (--this.refs > 0) return;
    this.destroy();
    this.deleteKrings();
    this.engine.heap.release(this.port, PORT_WORDS);
    this.engine.dropRegion(this.region);
  }

  /** Called before the port ends (`nm_dtor`). A kind overrides this to leave its tables. */
  destroy(): void {}

  /** All krings that exist. */
  allKrings(): number[] {
    if (!this.hasKrings) return [];
    const list: number[] = [];
    for (const dir of [NR_TX, NR_RX]) {
      for (let i = 0; i < this.allRings(dir); i++) list.push(this.kring(dir, i));
    }
    return list;
  }

  #selected(tx: RingRange, rx: RingRange): number[] {
    const list: number[] = [];
    for (let i = 0; i < tx.count; i++) list.push(this.kring(NR_TX, tx.first + i));
    for (let i = 0; i < rx.count; i++) list.push(this.kring(NR_RX, rx.first + i));
    return list;
  }
}
