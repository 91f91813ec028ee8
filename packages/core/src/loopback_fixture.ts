/**
 * A device for the tests of this package: plain ArrayBuffers laid out as netmap lays memory out, and
 * a port that hears itself. What txsync takes from transmit ring k appears in receive ring k.
 *
 * ```
 *   0    +-----------+  netmap_if at NIFP
 *        | rings     |  tx, host tx, rx, host rx; those that the mode leaves out have no entry
 *        | buffers   |  0 and 1 reserved, then those of the rings, then extra ones
 *        +-----------+
 * ```
 */

import {
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "./abi/constants.ts";
import { NETMAP_IF } from "./abi/netmap_if.ts";
import {
  NETMAP_RING,
  RING_CUR,
  RING_DIR_RX,
  RING_DIR_TX,
  RING_HEAD,
  RING_SLOTS,
  RING_TAIL,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_WORDS,
} from "./abi/netmap_ring.ts";
import { NMREQ_PORT_INFO_GET, NMREQ_REGISTER, type NmreqRegister } from "./abi/nmreq_bodies.ts";
import { fromLegacy, type LegacyCommand } from "./abi/legacy_request.ts";
import { requestHeader } from "./abi/request.ts";
import { structView } from "./abi/struct_view.ts";
import {
  type ControlRequest,
  type Descriptor,
  type Memory,
  type NetmapDevice,
  POLLIN,
  POLLOUT,
} from "./device.ts";
import { EINVAL, ENXIO } from "./errno.ts";
import { closedError, NetmapError } from "./errors.ts";

/** Where the fixture puts `netmap_if`. */
export const NIFP = 128;

/** What a loopback port looks like. */
export interface LoopbackShape {
  readonly txRings?: number;
  readonly rxRings?: number;
  readonly hostRings?: number;
  readonly slots?: number;
  readonly bufSize?: number;
  /** Where buffer 0 begins beyond the rings, to have it unaligned. */
  readonly gap?: number;
  readonly offsetMask?: bigint;
}

/** Memory of the fixture; `close` detaches it as unmapping does. */
export class LoopbackMemory implements Memory {
  u8: Uint8Array;
  u16: Uint16Array;
  i32: Int32Array;
  address = 4096;
  #buffer: ArrayBuffer;

  constructor(bytes: number) {
    this.#buffer = new ArrayBuffer(Math.ceil(bytes / 4) * 4);
    this.u8 = new Uint8Array(this.#buffer);
    this.u16 = new Uint16Array(this.#buffer);
    this.i32 = new Int32Array(this.#buffer);
  }
  get size(): number {
    return this.u8.length;
  }
  get closed(): boolean {
    return this.address === 0;
  }
  close(): void {
    if (this.address !== 0) this.#buffer.transfer(0);
    this.address = 0;
  }
}

interface Pair {
  readonly tx: number; // words
  readonly rx: number;
  hwcur: number; // of tx
  hwtail: number; // of rx
}

/** One descriptor of the fixture, with switches for the tests. */
export class LoopbackDescriptor implements Descriptor {
  readonly fd = 42;
  /** The last REGISTER's body, copied as it came in. */
  asked: NmreqRegister | null = null;
  /** The options that came with it. */
  options: readonly Uint8Array[] = [];
  /** Names that were asked about, and registered. */
  readonly names: string[] = [];
  /** While true, txsync takes nothing. */
  stalled = false;
  /** Calls of txsync and rxsync. */
  syncs: number = 0;
  /** What `poll` and `wait` add to the events. */
  errorEvents = 0;
  closes = 0;
  readonly #shape: Required<LoopbackShape>;
  readonly #waiters = new Set<() => void>();
  #memory: LoopbackMemory | null = null;
  #pairs: Pair[] = [];
  #given: { readonly word: number; readonly event: number }[] = [];

  constructor(shape: LoopbackShape) {
    this.#shape = {
      txRings: 1,
      rxRings: 1,
      hostRings: 1,
      slots: 8,
      bufSize: 2048,
      gap: 0,
      offsetMask: 0n,
      ...shape,
    };
  }

  get memory(): LoopbackMemory {
    if (this.#memory === null) throw new NetmapError(ENXIO, "Cannot map before a REGISTER");
    return this.#memory;
  }

  control(request: ControlRequest): void {
    const { name, reqtype } = requestHeader(request);
    if (name === "missing") throw new NetmapError(ENXIO, `Cannot find a port named '${name}'`);
    this.names.push(name);
    if (reqtype === NETMAP_REQ_PORT_INFO_GET) {
      structView(NMREQ_PORT_INFO_GET, request.body!).memId = 7;
    } else if (reqtype === NETMAP_REQ_REGISTER) {
      this.options = request.options;
      this.asked = structView(NMREQ_REGISTER, request.body!.slice());
      this.#layOut(structView(NMREQ_REGISTER, request.body!));
    } else {
      throw new NetmapError(EINVAL, `Cannot carry out request ${reqtype}`);
    }
  }

  legacy(command: LegacyCommand, nmreq: Uint8Array): void {
    const { request, answer } = fromLegacy(command, nmreq);
    this.control(request);
    answer();
  }

  #layOut(body: NmreqRegister): void {
    const { txRings, rxRings, hostRings, slots, bufSize, gap, offsetMask } = this.#shape;
    const total = txRings + rxRings + 2 * hostRings;
    const ringBytes = 256 + slots * SLOT_WORDS * 4;
    const rings = 1024 + NIFP + total * 8;
    const buffers = rings + total * ringBytes + gap;
    const count = 2 + total * slots + body.extraBufs;
    const memory = new LoopbackMemory(buffers + count * bufSize);
    this.#memory = memory;
    const nifp = structView(NETMAP_IF, memory.u8, NIFP);
    Object.assign(nifp, { txRings, rxRings, hostTxRings: hostRings, hostRxRings: hostRings });
    let nextBuffer = 2;
    const words: number[] = [];
    for (let k = 0; k < total; k++) {
      const at = rings + k * ringBytes;
      const isTx = k < txRings + hostRings;
      const ring = structView(NETMAP_RING, memory.u8, at);
      Object.assign(ring, {
        bufOfs: buffers - at,
        numSlots: slots,
        bufSize,
        ringid: isTx ? k : k - txRings - hostRings,
        dir: isTx ? RING_DIR_TX : RING_DIR_RX,
        tail: isTx ? slots - 1 : 0,
        offsetMask,
      });
      for (let i = 0; i < slots; i++) {
        memory.i32[at / 4 + RING_SLOTS + i * SLOT_WORDS + SLOT_BUF_IDX] = nextBuffer++;
      }
      words.push(at / 4);
      if (isGiven(body, isTx, isTx ? k : k - txRings - hostRings, isTx ? txRings : rxRings)) {
        nifp.ringOfs.set(k, at - NIFP);
        this.#given.push({ word: at / 4, event: isTx ? POLLOUT : POLLIN });
      }
    }
    for (let n = 0; n < body.extraBufs; n++, nextBuffer++) {
      if (n === 0) nifp.bufsHead = nextBuffer;
      const place = buffers + nextBuffer * bufSize;
      new DataView(memory.u8.buffer).setUint32(
        place,
        n + 1 < body.extraBufs ? nextBuffer + 1 : 0,
        true,
      );
    }
    const rx = words.slice(txRings + hostRings);
    this.#pairs = words.slice(0, txRings + hostRings)
      .map((tx, k) => ({ tx, rx: rx[Math.min(k, rx.length - 1)], hwcur: 0, hwtail: 0 }));
    Object.assign(body, { offset: NIFP, memsize: memory.size, memId: body.memId || 1 });
    Object.assign(body, { txRings, rxRings, txSlots: slots, rxSlots: slots });
  }

  txsync(): void {
    this.syncs++;
    if (this.stalled) return;
    const { i32 } = this.memory;
    const { slots } = this.#shape;
    for (const pair of this.#pairs) {
      const head = i32[pair.tx + RING_HEAD];
      while (pair.hwcur !== head) {
        const after = (pair.hwtail + 1) % slots;
        if (after === i32[pair.rx + RING_HEAD]) break; // as a pipe does: wait for the reader
        this.#move(pair, pair.hwcur, pair.hwtail);
        pair.hwtail = after;
        pair.hwcur = (pair.hwcur + 1) % slots;
      }
      i32[pair.tx + RING_TAIL] = (pair.hwcur + slots - 1) % slots;
    }
    this.wake();
  }

  #move(pair: Pair, from: number, to: number): void {
    const { i32 } = this.memory;
    const tx = pair.tx + RING_SLOTS + from * SLOT_WORDS;
    const rx = pair.rx + RING_SLOTS + to * SLOT_WORDS;
    for (const word of [SLOT_BUF_IDX, SLOT_LEN_FLAGS]) {
      [i32[tx + word], i32[rx + word]] = [i32[rx + word], i32[tx + word]];
    }
  }

  rxsync(): void {
    this.syncs++;
    for (const pair of this.#pairs) this.memory.i32[pair.rx + RING_TAIL] = pair.hwtail;
  }

  poll(events: number, _timeoutMs: number): number {
    this.txsync();
    if (events & POLLIN) this.rxsync();
    return this.#ready(events);
  }

  #ready(events: number): number {
    const { i32 } = this.memory;
    let ready = this.errorEvents;
    for (const { word, event } of this.#given) {
      if (events & event && i32[word + RING_CUR] !== i32[word + RING_TAIL]) ready |= event;
    }
    return ready;
  }

  async wait(events: number, signal?: AbortSignal): Promise<number> {
    for (;;) {
      signal?.throwIfAborted();
      if (this.closes > 0) throw closedError("the loopback port");
      if (events & POLLIN) this.rxsync();
      const ready = this.#ready(events);
      if (ready !== 0) return ready;
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  /** Lets every wait look again. */
  wake(): void {
    for (const resolve of this.#waiters) resolve();
    this.#waiters.clear();
  }

  close(): void {
    this.closes++;
    this.#memory?.close();
    this.wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Which rings a registration gives; `k` counts host rings after those of the NIC. */
function isGiven(body: NmreqRegister, isTx: boolean, k: number, nicRings: number): boolean {
  if (body.flags & (isTx ? NR_RX_RINGS_ONLY : NR_TX_RINGS_ONLY)) return false;
  switch (body.mode) {
    case NR_REG_ALL_NIC:
      return k < nicRings;
    case NR_REG_SW:
      return k >= nicRings;
    case NR_REG_NIC_SW:
      return true;
    case NR_REG_ONE_NIC:
      return k === body.ringid;
    case NR_REG_ONE_SW:
      return k - nicRings === body.ringid;
    default:
      return false;
  }
}

/** A device of loopback ports that remembers its descriptors. */
export class LoopbackDevice implements NetmapDevice {
  readonly kind = "embedded";
  readonly name = "loopback";
  readonly opened: LoopbackDescriptor[] = [];
  readonly #shape: LoopbackShape;

  constructor(shape: LoopbackShape = {}) {
    this.#shape = shape;
  }

  open(): LoopbackDescriptor {
    const descriptor = new LoopbackDescriptor(this.#shape);
    this.opened.push(descriptor);
    return descriptor;
  }
}
