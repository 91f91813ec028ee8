/**
 * A device as a port of a switch (`netmap_bwrap_adapter`): an adapter around the device's, with
 * tx and rx swapped, which holds the device for itself. The data path is in `bwrap_kind.ts`.
 *
 * With host rings it is two ports: `vale0:eth0` is the wire, `vale0:eth0^` the host's stack.
 *
 * @module
 */

import {
  EBUSY,
  EINVAL,
  NetmapError,
  type NmreqRegister,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
} from "@netmap/core";
import {
  Adapter,
  K_DIR,
  K_FLAGS,
  K_HWCUR,
  K_HWLEASE,
  K_HWTAIL,
  K_LOCAL,
  K_NOTIFY,
  K_NUM_SLOTS,
  K_PEER,
  K_PORT,
  K_RCUR,
  K_RHEAD,
  K_RING,
  K_RTAIL,
  KIND,
  NKR_NEEDRING,
  notifyRing,
  NR_RX,
  NR_TX,
  P_MAX_FRAME,
  P_REGION,
  P_RX,
  P_RX_RINGS,
  P_TX,
  P_TX_RINGS,
  P_VNET_HDR,
  PORT_WORDS,
  type RingRange,
} from "@netmap/engine";
import { bwrapKind } from "./bwrap_kind.ts";
import { NKR_BWRAP, V_CLOSED, V_PORT } from "./layout.ts";
import { OwnerWake } from "./owner_wake.ts";
import type { Polling } from "./polling.ts";
import type { Switch, SwitchPort } from "./switch.ts";
import { switchTable } from "./switch_table.ts";
import { allocLeases, releaseLeases } from "./vale_port.ts";

/** The host rings of a wrapped device, as a port of their own. */
export class HostSide implements SwitchPort {
  /** Whose host rings they are. */
  readonly bwrap: Bwrap;
  /** `vale0:eth0^`. */
  readonly switchName: string;
  /** Record in the state image. */
  readonly port: number;
  /** What switches call it. */
  readonly portKind = "host";
  /** It is open as long as it is attached. */
  readonly isOpen = true;

  constructor(bwrap: Bwrap) {
    this.bwrap = bwrap;
    this.switchName = `${bwrap.name}^`;
    this.port = bwrap.engine.heap.alloc(PORT_WORDS);
  }

  /** Its krings of a direction: those behind the interface's. */
  krings(dir: number): number[] {
    const { bwrap } = this;
    const count = dir === NR_TX ? bwrap.numHostTxRings : bwrap.numHostRxRings;
    return Array.from({ length: count }, (_, i) => bwrap.kring(dir, bwrap.rings(dir) + i));
  }
}

/** A device that is attached to a switch. */
export class Bwrap extends Adapter implements SwitchPort {
  /** The device. */
  readonly hw: Adapter;
  /** Its switch. */
  readonly switch: Switch;
  /** The host's side, when it was asked for. */
  readonly host: HostSide | null;
  /** How it is polled; null while it is not. */
  polling: Polling | null = null;
  #leases: number[] = [];
  #wake: OwnerWake | null = null;
  #detached = false;

  /**
   * Attaches a device to a switch. It takes over the caller's hold of the device.
   *
   * @param bridge the switch
   * @param switchName `vale0:eth0`
   * @param hw the device
   * @param reg how it is bound: NR_REG_ALL_NIC, or NR_REG_NIC_SW with its host rings
   * @throws {NetmapError} EBUSY when the device is in use; EINVAL for another mode, a ring, or host
   *   rings that it has not; ENOMEM without memory for its rings
   */
  constructor(
    bridge: Switch,
    switchName: string,
    hw: Adapter,
    reg: Pick<NmreqRegister, "mode" | "ringid">,
  ) {
    needFree(hw, switchName);
    needMode(hw, switchName, reg);
    const withHost = reg.mode === NR_REG_NIC_SW;
    bridge.needRoom(withHost ? 2 : 1, switchName);
    super(hw.engine, switchName, bwrapKind, hw.region, {
      txRings: hw.numRxRings,
      rxRings: hw.numTxRings,
      txSlots: hw.numRxSlots,
      rxSlots: hw.numTxSlots,
      hostTxRings: withHost ? hw.numHostRxRings : 0,
      hostRxRings: withHost ? hw.numHostTxRings : 0,
    });
    this.hw = hw;
    this.switch = bridge;
    this.host = withHost ? new HostSide(this) : null;
    this.engine.dp.state[this.port + V_CLOSED] = 1;
    let taken = false;
    try {
      this.#takeDevice();
      taken = true;
      bridge.add(this);
      if (this.host) bridge.add(this.host);
    } catch (error) {
      if (taken) this.#giveDeviceBack(true);
      this.#freeWords();
      this.engine.heap.release(this.port, PORT_WORDS);
      this.engine.dropRegion(this.region);
      throw error;
    }
    this.ownedBy = hw.ownedBy = `${bridge.name}:`;
    this.engine.ports.set(this.name, this);
    this.hold();
    this.#open();
  }

  /** What switches call it. */
  get portKind(): "bwrap" {
    return "bwrap";
  }

  /** It is open as long as it is attached. */
  get isOpen(): boolean {
    return true;
  }

  /** Its krings of a direction, host rings apart. */
  krings(dir: number): number[] {
    return Array.from({ length: this.rings(dir) }, (_, i) => this.kring(dir, i));
  }

  /** Its name in the switch. */
  get switchName(): string {
    return this.name;
  }

  /** Its number in the switch. */
  get portIndex(): number {
    return this.engine.dp.state[this.port + V_PORT];
  }

  /**
   * Takes the device off the switch: it is anybody's again. Who still holds this adapter (a monitor)
   * holds an empty shell.
   *
   * @throws {NetmapError} EDEADLK from within a lookup of the switch's module
   */
  detach(): void {
    if (this.#detached) return;
    // Refused now, or not at all.
    this.switch.write(() => {});
    this.#detached = true;
    this.polling?.stop();
    this.polling = null;
    this.engine.ports.delete(this.name);
    for (const follower of [...this.followers, ...this.hw.followers]) follower.portStops();
    if (this.host) this.switch.remove(this.host);
    this.switch.remove(this);
    switchTable(this.engine).release(this.switch);
    this.#wake?.end();
    this.#close();
    this.#giveDeviceBack(true);
    this.#freeWords();
    this.hw.ownedBy = null;
    this.hw.drop();
    this.drop();
  }

  /** All krings of the device that have a counterpart here, each with it: [device's, ours]. */
  #pairs(): [number, number][] {
    const pairs: [number, number][] = [];
    for (const dir of [NR_TX, NR_RX]) {
      const all = this.rings(dir) + (dir === NR_TX ? this.numHostTxRings : this.numHostRxRings);
      for (let i = 0; i < all; i++) {
        pairs.push([this.hw.kring(dir === NR_TX ? NR_RX : NR_TX, i), this.kring(dir, i)]);
      }
    }
    return pairs;
  }

  /** The rings of the device that are taken, by direction. */
  #ranges(): { tx: RingRange; rx: RingRange } {
    return {
      tx: { first: 0, count: this.numRxRings + this.numHostRxRings },
      rx: { first: 0, count: this.numTxRings + this.numHostTxRings },
    };
  }

  /** Registers the device's rings for us, and makes ours of the same memory. */
  #takeDevice(): void {
    const { hw } = this;
    const { state } = this.engine.dp;
    const { tx, rx } = this.#ranges();
    hw.createKrings();
    hw.getKrings(tx, rx, false);
    let on = false;
    try {
      hw.createRings();
      hw.lockRings();
      try {
        hw.register(true);
        on = true;
      } finally {
        hw.unlockRings();
      }
      this.createKrings();
      this.#leases = allocLeases(this, this.numRxRings + this.numHostRxRings);
    } catch (error) {
      this.#giveDeviceBack(on);
      throw error;
    }
    this.getKrings(rx, tx, false);
    this.vnetHdrLen = hw.vnetHdrLen;
    state[this.port + P_MAX_FRAME] = state[hw.port + P_MAX_FRAME];
    for (const [device, ours] of this.#pairs()) link(state, device, ours);
    if (this.host) this.#fillHostRecord(this.host.port);
  }

  /** Undoes {@link #takeDevice}, as far as it came. */
  #giveDeviceBack(on: boolean): void {
    const { hw } = this;
    const { state } = this.engine.dp;
    const { tx, rx } = this.#ranges();
    if (this.hasKrings) {
      for (const k of this.allKrings()) state[k + K_RING] = 0;
      this.deleteKrings();
      releaseLeases(this, this.#leases);
      this.#leases = [];
    }
    hw.putKrings(tx, rx, false);
    if (on) {
      hw.lockRings();
      try {
        hw.register(false);
      } finally {
        hw.unlockRings();
      }
    }
    hw.deleteRings();
    hw.deleteKrings();
  }

  /** Lets packets flow in both directions. */
  #open(): void {
    const { state } = this.engine.dp;
    this.switch.write(() => {
      this.commitModes();
      Atomics.store(state, this.port + V_CLOSED, 0);
      if (this.host) Atomics.store(state, this.host.port + V_CLOSED, 0);
    });
    for (const [device, ours] of this.#pairs()) {
      Atomics.store(state, ours + K_NOTIFY, KIND.bwrap);
      Atomics.store(state, device + K_NOTIFY, KIND.bwrap);
    }
    if (!this.#pairs().some(([device]) => state[device + K_LOCAL] !== 0)) return;
    const received = this.allKrings().filter((k) =>
      state[k + K_DIR] === NR_RX && state[k + K_PEER] !== 0
    );
    this.#wake = new OwnerWake(this.engine, received, () => {
      for (const k of received) notifyRing(this.engine.dp, k);
    });
  }

  /**
   * Takes the device's notifications back, and waits until nobody moves packets any more. The
   * switch has let go of the port before: no sender is within.
   */
  #close(): void {
    const { state } = this.engine.dp;
    const pairs = this.#pairs();
    for (const [device] of pairs) Atomics.store(state, device + K_NOTIFY, 0);
    this.hw.lockRings();
    for (const [device] of pairs) Atomics.store(state, device + K_PEER, 0);
    this.hw.unlockRings();
  }

  #fillHostRecord(p: number): void {
    const { state } = this.engine.dp;
    state[p + P_TX] = this.kring(NR_TX, this.numTxRings);
    state[p + P_TX_RINGS] = this.numHostTxRings;
    state[p + P_RX] = this.kring(NR_RX, this.numRxRings);
    state[p + P_RX_RINGS] = this.numHostRxRings;
    state[p + P_REGION] = this.region.slot;
    state[p + P_VNET_HDR] = this.vnetHdrLen;
    state[p + P_MAX_FRAME] = state[this.port + P_MAX_FRAME];
    state[p + V_CLOSED] = 1;
    for (let i = 0; i < this.numHostTxRings; i++) {
      state[this.kring(NR_TX, this.numTxRings + i) + K_PORT] = p;
    }
    for (let i = 0; i < this.numHostRxRings; i++) {
      state[this.kring(NR_RX, this.numRxRings + i) + K_PORT] = p;
    }
  }

  #freeWords(): void {
    if (this.host) this.engine.heap.release(this.host.port, PORT_WORDS);
  }
}

/** @throws {NetmapError} EBUSY when somebody has the device */
function needFree(hw: Adapter, switchName: string): void {
  if (hw.ownedBy === null && hw.activeFds === 0) return;
  throw new NetmapError(
    EBUSY,
    hw.ownedBy
      ? `Cannot attach '${switchName}' as '${hw.name}' is attached to '${hw.ownedBy}': detach it first`
      : `Cannot attach '${switchName}' as '${hw.name}' is open ${hw.activeFds} times: close it first`,
    { port: switchName },
  );
}

/** @throws {NetmapError} EINVAL unless all rings are asked for, and those that are there */
function needMode(
  hw: Adapter,
  switchName: string,
  { mode, ringid }: Pick<NmreqRegister, "mode" | "ringid">,
): void {
  const fail = (why: string): never => {
    throw new NetmapError(EINVAL, `Cannot attach '${switchName}' ${why}`, { port: switchName });
  };
  if (ringid !== 0) fail(`with ring ${ringid} alone: a switch takes all rings, ask for ring 0`);
  if (mode !== NR_REG_ALL_NIC && mode !== NR_REG_NIC_SW) {
    fail(`in mode ${mode}: use NR_REG_ALL_NIC, or NR_REG_NIC_SW with host rings`);
  }
  if (mode === NR_REG_NIC_SW && !hw.hasHostRings) {
    fail(`with host rings as '${hw.name}' has none: use NR_REG_ALL_NIC`);
  }
}

/** Makes two krings the two sides of one ring: what one has received, the other has to send. */
function link(state: Int32Array, device: number, ours: number): void {
  const slots = state[device + K_NUM_SLOTS];
  const hwcur = state[device + K_HWCUR];
  const hwtail = state[device + K_HWTAIL];
  state[ours + K_NUM_SLOTS] = slots;
  state[ours + K_RING] = state[device + K_RING];
  state[ours + K_FLAGS] |= NKR_NEEDRING | NKR_BWRAP;
  state[ours + K_PEER] = device;
  state[device + K_PEER] = ours;
  if (state[ours + K_DIR] === NR_TX) {
    state[ours + K_HWCUR] = hwcur;
    state[ours + K_RHEAD] = state[ours + K_RCUR] = hwcur;
    state[ours + K_HWTAIL] = state[ours + K_RTAIL] = hwtail;
    return;
  }
  const free = hwtail + 1 === slots ? 0 : hwtail + 1;
  state[ours + K_HWCUR] = free;
  state[ours + K_RHEAD] = state[ours + K_RCUR] = free;
  state[ours + K_HWTAIL] = state[ours + K_HWLEASE] = state[ours + K_RTAIL] = hwcur;
}
