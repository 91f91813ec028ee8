/**
 * An interface as a port of the engine.
 *
 * ```
 *      interface          socket              port
 *      packets arrive --> readable  --handle--> notifyRing(rx)     who waits is woken, or a switch
 *                                                                  takes the packets right there
 *                         source removed until a rxsync has        no spinning on packets that
 *                         found the interface empty                nobody takes
 *
 *      up --> down:       rings stopped: syncs say EIO, poll says POLLERR; with "up" they run again
 *      gone:              the same for good; the name is free for another interface
 * ```
 *
 * Sockets are open exactly while a ring is in netmap mode.
 *
 * @module
 */

import { ENXIO, NetmapError, POLLERR, POLLIN, POLLOUT } from "@netmap/core";
import {
  Adapter,
  type Engine,
  type InterruptSource,
  K_LOCAL,
  K_NOTIFY,
  K_PENDING_MODE,
  K_RING_ID,
  K_STOPPED,
  KR_STOPPED,
  notifyRing,
  NR_RX,
  NR_TX,
  type PortShape,
  type Region,
} from "@netmap/engine";
import { type NicDriver, type NicOpenOptions, type OpenNic, TX_FULL, TX_LATER } from "./driver.ts";
import { hasLro } from "./internal/ethtool.ts";
import { interfaceAt, type InterfaceInfo } from "./interfaces.ts";
import type { LinkListener, LinkWatch } from "./link_watch.ts";
import { nicKind, type NicLocal } from "./nic_kind.ts";
import type { NicNoticeKind } from "./notice.ts";
import { RetryTimer } from "./retry_timer.ts";

/**
 * Who syncs in a loop of its own, without poll() or wait(), serves no interrupts. It learns of its
 * interface's end after so many receive syncs: one system call for all of them.
 */
const LOOK_AFTER = 4096;

/** What an adapter is made with. */
export interface NicAdapterOptions {
  /** How the interface is reached. */
  readonly driver: NicDriver;
  /** How it is opened. */
  readonly open: Omit<NicOpenOptions, "rings" | "bufBytes">;
  /** Where changes of links are heard. */
  readonly links: LinkWatch;
  /** Takes what is to be told to a person. */
  readonly notice: (kind: NicNoticeKind, message: string) => void;
}

/** A ring's descriptor among the engine's interrupts. */
interface RingSource {
  readonly source: InterruptSource;
  /** Whether it is waited for. */
  armed: boolean;
  /** Receive: whether the last notification led to a sync that found the interface empty. */
  drained: boolean;
}

/** A network interface as a port. */
export class NicAdapter extends Adapter implements LinkListener, NicLocal {
  readonly #options: NicAdapterOptions;
  #info: InterfaceInfo;
  #nic: OpenNic | null = null;
  #local = 0;
  #rx: RingSource[] = [];
  #tx: RingSource[] = [];
  #retry: RetryTimer | null = null;
  #interrupts = true;
  /** Rings are stopped, as the interface went down or away. */
  #halted = false;
  #gone = false;
  /** Receive syncs since somebody looked at links. */
  #syncs = 0;

  /**
   * @param engine the engine
   * @param info the interface
   * @param region memory of the port
   * @param shape its rings and slots
   * @param options how it is reached
   */
  constructor(
    engine: Engine,
    info: InterfaceInfo,
    region: Region,
    shape: PortShape,
    options: NicAdapterOptions,
  ) {
    super(engine, info.name, nicKind, region, shape);
    this.#info = info;
    this.#options = options;
    engine.ports.set(this.name, this);
  }

  /** The interface as it was when something changed last. */
  get interface(): InterfaceInfo {
    return this.#info;
  }

  /** How the interface is reached, as users are shown it: `af_packet`. */
  get description(): string {
    return this.#nic?.description ?? this.#options.driver.name;
  }

  get linkIndex(): number {
    return this.#info.index;
  }

  /** The driver's part. Only while rings are in netmap mode, which is when rings are synced. */
  get nic(): OpenNic {
    return this.#nic!;
  }

  override register(on: boolean): void {
    const { state } = this.engine.dp;
    const wanted = this.allKrings().some((k) => state[k + K_PENDING_MODE] === 1);
    if (wanted && this.#nic === null) this.#open();
    else if (!wanted) this.close();
    super.register(on);
  }

  override enableInterrupts(on: boolean): void {
    this.#interrupts = on;
    for (const ring of this.#rx) {
      if (on) this.#arm(ring);
      else this.#disarm(ring);
    }
  }

  override destroy(): void {
    this.close();
    if (this.engine.ports.get(this.name) === this) this.engine.ports.delete(this.name);
  }

  /** Closes the interface; the port stays. Closing twice is harmless. */
  close(): void {
    if (this.#nic === null) return;
    this.#options.links.remove(this);
    for (const ring of [...this.#rx, ...this.#tx]) this.#disarm(ring);
    this.#rx = [];
    this.#tx = [];
    this.#retry?.close();
    this.#retry = null;
    this.engine.dp.local[this.#local] = null;
    for (const k of this.allKrings()) this.engine.dp.state[k + K_LOCAL] = 0;
    this.#nic.close();
    this.#nic = null;
  }

  txBlocked(k: number, why: number): void {
    if (why === TX_FULL) {
      this.#arm(this.#tx[this.engine.dp.state[k + K_RING_ID]]);
      return;
    }
    if (why !== TX_LATER) {
      // What is known to be down is announced when it comes up.
      if (this.#halted || !this.#info.up) return;
      this.linkChanged();
      if (this.#halted || !this.#info.up) return;
    }
    this.#retryLater();
  }

  rxDrained(k: number): void {
    const ring = this.#rx[this.engine.dp.state[k + K_RING_ID]];
    ring.drained = true;
    if (!ring.armed && this.#interrupts) this.#arm(ring);
    if (++this.#syncs < LOOK_AFTER) return;
    this.#syncs = 0;
    this.#options.links.look();
  }

  linkChanged(): void {
    if (this.#gone) return;
    const before = this.#info;
    const info = interfaceAt(before.index);
    if (info === null) {
      this.#gone = true;
      this.#halt();
      if (this.engine.ports.get(this.name) === this) this.engine.ports.delete(this.name);
      for (const ring of [...this.#rx, ...this.#tx]) this.#disarm(ring);
      this.#tell("gone", "was removed, or moved to another network namespace: close the port");
      return;
    }
    this.#info = info;
    if (info.name !== before.name) {
      this.#tell(
        "renamed",
        `is called '${info.name}' now: the port keeps its name until it is closed`,
      );
    }
    if (before.up && !info.up) {
      this.#halt();
      this.#tell("down", "went down: the port reports errors until it is up again");
    } else if (!before.up && info.up) {
      this.#halted = false;
      this.#setStopped(0);
      this.#notifyAll();
      this.#tell("up", "is up: packets flow");
    }
  }

  #open(): void {
    const info = interfaceAt(this.#info.index);
    if (info === null) {
      throw new NetmapError(
        ENXIO,
        `Cannot open interface '${this.name}' as it is gone: open it by the name of one that exists`,
        { port: this.name },
      );
    }
    this.#info = info;
    this.#halted = false;
    const { driver, open, links } = this.#options;
    const rings = Math.max(this.numTxRings, this.numRxRings);
    const nic = driver.open(info, { ...open, rings, bufBytes: this.region.bufs.objectSize });
    this.#nic = nic;
    const { dp } = this.engine;
    this.#local = dp.local.indexOf(null, 1);
    if (this.#local < 0) this.#local = dp.local.length;
    dp.local[this.#local] = this;
    for (const k of this.allKrings()) dp.state[k + K_LOCAL] = this.#local;
    for (let i = 0; i < this.numTxRings; i++) this.#tx.push(this.#txSource(nic.txFd(i), i));
    for (let i = 0; i < this.numRxRings; i++) this.#rx.push(this.#rxSource(nic.rxFd(i), i));
    try {
      links.add(this);
    } catch (error) {
      this.close();
      throw error;
    }
    if (this.#interrupts) { for (const ring of this.#rx) this.#arm(ring); }
    if (!info.up) {
      this.#tell("down", `is down: switch it on with 'ip link set ${info.name} up'`);
    }
    if (hasLro(info.name)) {
      this.#tell(
        "lro",
        "merges frames on the card (large receive offload), which not all drivers describe so that " +
          `they can be cut again: switch it off with 'ethtool -K ${info.name} lro off'`,
      );
    }
  }

  #rxSource(fd: number, ring: number): RingSource {
    const own: RingSource = {
      source: { fd, events: POLLIN, handle: (revents) => this.#readable(own, ring, revents) },
      armed: false,
      drained: false,
    };
    return own;
  }

  #txSource(fd: number, ring: number): RingSource {
    const own: RingSource = {
      source: {
        fd,
        events: POLLOUT,
        handle: () => {
          this.#disarm(own);
          notifyRing(this.engine.dp, this.kring(NR_TX, ring));
        },
      },
      armed: false,
      drained: false,
    };
    return own;
  }

  #readable(own: RingSource, ring: number, revents: number): void {
    if ((revents & POLLERR) !== 0) {
      this.nic.takeError(ring);
      this.linkChanged();
      if (this.#nic === null || this.#gone) return;
    }
    if ((revents & POLLIN) === 0) return;
    const { dp } = this.engine;
    const k = this.kring(NR_RX, ring);
    own.drained = false;
    notifyRing(dp, k);
    if (own.drained || this.#nic === null) return;
    this.#disarm(own);
    // A switch that could not take all has nobody who would sync again: ask it once more.
    if (dp.state[k + K_NOTIFY] !== 0) this.#retryLater();
  }

  #arm(ring: RingSource): void {
    if (ring.armed) return;
    ring.armed = true;
    this.engine.interrupts.add(ring.source);
  }

  #disarm(ring: RingSource): void {
    if (!ring.armed) return;
    ring.armed = false;
    this.engine.interrupts.remove(ring.source);
  }

  #retryLater(): void {
    this.#retry ??= new RetryTimer(this.engine.interrupts, () => this.#notifyAll());
    this.#retry.arm();
  }

  /** Stops the rings without waiting for a sync that runs: it may be our caller. */
  #halt(): void {
    this.#halted = true;
    this.#setStopped(KR_STOPPED);
    this.#notifyAll();
  }

  #setStopped(how: number): void {
    for (const k of this.allKrings()) Atomics.store(this.engine.dp.state, k + K_STOPPED, how);
  }

  #notifyAll(): void {
    const { dp } = this.engine;
    for (let i = 0; i < this.#tx.length; i++) notifyRing(dp, this.kring(NR_TX, i));
    for (let i = 0; i < this.#rx.length; i++) notifyRing(dp, this.kring(NR_RX, i));
  }

  #tell(kind: NicNoticeKind, message: string): void {
    this.#options.notice(kind, `Interface '${this.name}' ${message}`);
  }
}
