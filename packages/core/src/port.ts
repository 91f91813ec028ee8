/**
 * A registered port: its rings, its syncs, and the friendly level over them.
 *
 * ```
 *     send(frames)   receive()   batches()            copies in, hands out views, waits
 *   --------------------------------------------
 *     txRings   rxRings   hostTxRings   hostRxRings   head, cur, tail; slots by index
 *   --------------------------------------------
 *     txsync()  rxsync()  poll()  wait()              the device
 * ```
 *
 * Both levels work on the same rings and may be mixed: between calls, the friendly level keeps
 * nothing that the rings do not show.
 *
 * @module
 */

import { NMREQ_REGISTER, type NmreqRegister } from "./abi/nmreq_bodies.ts";
import {
  type Descriptor,
  type Memory,
  type NetmapDevice,
  POLLERR,
  POLLIN,
  POLLOUT,
} from "./device.ts";
import { ENXIO } from "./errno.ts";
import { closedError, NetmapError } from "./errors.ts";
import { readExtraBuffers, writeExtraBuffers } from "./extra_buffers.ts";
import { newRxState, receiveFrames, type RxState } from "./port_receive.ts";
import { findRings } from "./port_rings.ts";
import { sendFrames, type TxState } from "./port_send.ts";
import type { PortSpec } from "./port_spec.ts";
import type { Ring } from "./ring.ts";

/** How long a loop may go on before timers, signals and sockets have a turn, in milliseconds. */
const MAX_HOG_MS = 20;

/** Where a port comes from. */
export interface PortOrigin {
  /** The device that it was opened on. */
  readonly device: NetmapDevice;
  /** What was asked for. */
  readonly spec: PortSpec;
  /** Called once, after the descriptor was closed. */
  readonly onClose?: () => void;
}

/** Options of {@linkcode Port.batches}. */
export interface BatchOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
  /** Packets in a batch at most. */
  readonly max?: number;
}

/**
 * A port that is open.
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * function echo(device: NetmapDevice): number {
 *   using port = openPort(device, "vale0:echo");
 *   return port.send(port.receive()); // copies each packet from its rx slot to a tx slot
 * }
 * ```
 */
export class Port implements Disposable {
  /** The name as requests carry it: `vale0:a`. */
  readonly name: string;
  /** The device that it was opened on. */
  readonly device: NetmapDevice;
  /** What was asked for. */
  readonly spec: PortSpec;
  /** What was given: the registration's reply. */
  readonly reply: Readonly<NmreqRegister>;
  /** Bytes from the region's start to the port's `netmap_if`. */
  readonly nifp: number;
  /** Transmit rings that this port was given. */
  readonly txRings: readonly Ring[];
  /** Receive rings that this port was given. */
  readonly rxRings: readonly Ring[];
  /** Transmit rings towards the host stack, in the modes that give them. */
  readonly hostTxRings: readonly Ring[];
  /** Receive rings from the host stack, in the modes that give them. */
  readonly hostRxRings: readonly Ring[];
  readonly #descriptor: Descriptor;
  readonly #memory: Memory;
  readonly #tx: TxState;
  readonly #rx: RxState;
  readonly #onClose: () => void;
  #closed = false;

  /**
   * Wraps a descriptor that was just registered; `openPort` does it all.
   *
   * @param descriptor closed by this port from now on
   * @param reply the body of the REGISTER request, after it was carried out
   * @param origin device and spec
   * @throws {NetmapError} EINVAL when what the reply says cannot be found in the region
   */
  constructor(descriptor: Descriptor, reply: NmreqRegister, origin: PortOrigin) {
    this.name = origin.spec.name;
    this.device = origin.device;
    this.spec = origin.spec;
    this.reply = copyReply(reply);
    this.nifp = this.reply.offset;
    this.#descriptor = descriptor;
    this.#memory = descriptor.memory;
    const rings = findRings(this.#memory, this.nifp, this.name);
    this.txRings = rings.tx;
    this.rxRings = rings.rx;
    this.hostTxRings = rings.hostTx;
    this.hostRxRings = rings.hostRx;
    this.#tx = { rings: rings.tx.length > 0 ? rings.tx : rings.hostTx, next: 0 };
    this.#rx = newRxState([...rings.rx, ...rings.hostRx]);
    this.#onClose = origin.onClose ?? ((): void => {});
  }

  /** The region that the rings and their buffers are in. @throws {NetmapError} EBADF after close */
  get memory(): Memory {
    this.#checkOpen();
    return this.#memory;
  }

  /** A descriptor for select, poll or epoll. @throws {NetmapError} EBADF after close */
  get fd(): number {
    this.#checkOpen();
    return this.#descriptor.fd;
  }

  /** Whether the port was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Gives filled slots to the device and learns which were sent. @throws {NetmapError} EBADF */
  txsync(): void {
    this.#checkOpen();
    this.#descriptor.txsync();
  }

  /** Gives read slots back to the device and learns of new packets. @throws {NetmapError} EBADF */
  rxsync(): void {
    this.#checkOpen();
    this.#descriptor.rxsync();
  }

  /**
   * Blocks until an event holds, syncing on the way.
   *
   * @param events POLLIN | POLLOUT
   * @param timeoutMs milliseconds; 0 does not wait, -1 waits for ever
   * @returns the events that hold, 0 when the time is over
   * @throws {NetmapError} EBADF after close
   */
  poll(events: number, timeoutMs: number): number {
    this.#checkOpen();
    return this.#descriptor.poll(events, timeoutMs);
  }

  /**
   * Waits for an event without blocking the isolate.
   *
   * @param events POLLIN | POLLOUT
   * @param signal rejects the wait with its reason
   * @returns the events that hold
   * @throws {NetmapError} EBADF after close
   */
  async wait(events: number, signal?: AbortSignal): Promise<number> {
    this.#checkOpen();
    return await this.#descriptor.wait(events, signal);
  }

  /**
   * Copies frames into the transmit rings, one slot each, and syncs.
   *
   * Rings are filled one after the other. When all are full they are synced and, if that made room,
   * filled again; `send` never waits. A frame is taken from `frames` only when there is room for it,
   * so a generator that was not used up can be given to the next call. Frames longer than a slot are
   * refused: for chains of slots (NS_MOREFRAG) use the rings. In a mode with host rings only, those
   * are filled.
   *
   * @param frames whole frames
   * @returns how many were taken
   * @throws {NetmapError} EMSGSIZE for a frame that is longer than a buffer, EINVAL for an empty one,
   * both after the frames before it were sent; EBADF after close
   */
  send(frames: Iterable<Uint8Array>): number {
    return sendFrames(this.#tx, this.memory.u8, frames, () => this.txsync());
  }

  /**
   * Syncs and hands out the packets that are there, of all receive rings, those of the host too.
   *
   * A packet of one slot is a view of its buffer, **valid until the next `receive`**, which gives
   * the slots back; copy (`frame.slice()`) what has to live longer. A packet of several slots
   * (NS_MOREFRAG) is joined into a copy. Each view is an object: at millions of packets a second use
   * the rings.
   *
   * @param max packets at most
   * @returns the packets, ring by ring; empty when there is none
   * @throws {NetmapError} EBADF after close
   */
  receive(max: number = Infinity): Uint8Array[] {
    this.#checkOpen();
    return receiveFrames(this.#rx, max, () => this.#descriptor.rxsync());
  }

  /**
   * Receives for ever: yields batches of packets and waits between them, without blocking the
   * isolate. Views are valid until the loop asks for the next batch.
   *
   * Ends when the signal aborts, even if its reason is an error.
   *
   * @param options when to end, and how large batches may be
   * @returns batches, none of them empty
   * @throws {NetmapError} ENXIO when the port goes away, EBADF when it is closed meanwhile
   *
   * @example
   * ```ts
   * import type { Port } from "@netmap/core";
   * async function count(port: Port, signal: AbortSignal): Promise<number> {
   *   let packets = 0;
   *   for await (const batch of port.batches({ signal })) packets += batch.length;
   *   return packets;
   * }
   * ```
   */
  async *batches(options: BatchOptions = {}): AsyncGenerator<Uint8Array[], void, undefined> {
    const { signal, max } = options;
    const isAborted = (): boolean => signal?.aborted === true;
    const breathe = newBreather();
    while (!isAborted()) {
      const batch = this.receive(max);
      if (batch.length > 0) {
        yield batch;
      } else {
        try {
          this.#checkEvents(await this.wait(POLLIN, signal));
        } catch (error) {
          if (isAborted()) return;
          throw error;
        }
      }
      await breathe();
    }
  }

  /**
   * Waits until everything that was sent has left the transmit rings, without blocking the isolate.
   *
   * @param signal gives up
   * @throws {NetmapError} ENXIO when the port goes away, EBADF when it is closed meanwhile; else the
   * signal's reason
   */
  async drain(signal?: AbortSignal): Promise<void> {
    const { rings } = this.#tx;
    const breathe = newBreather();
    try {
      for (;;) {
        signal?.throwIfAborted();
        this.txsync();
        if (!rings.some((ring) => ring.txPending())) return;
        // With cur at tail, waiting ends only when a tail moves: when something was sent.
        for (const ring of rings) ring.cur = ring.tail;
        this.#checkEvents(await this.wait(POLLOUT, signal));
        await breathe();
      }
    } finally {
      for (const ring of rings) if (!ring.closed) ring.cur = ring.head;
    }
  }

  /**
   * The buffers beside those of the rings, from the list that the registration made.
   *
   * @returns buffer indexes; `reply.extraBufs` of them at first
   * @throws {NetmapError} EINVAL when the list was broken, EBADF after close
   */
  extraBuffers(): number[] {
    return readExtraBuffers(this.memory, this.nifp, this.#anyRing());
  }

  /**
   * Replaces that list. The device takes back on close what is on it: after extra buffers were moved
   * into slots, the buffers that they replaced.
   *
   * @param list buffer indexes, each once; the first 4 bytes of each buffer are overwritten
   * @throws {NetmapError} EINVAL for an index that is no buffer or comes twice, EBADF after close
   */
  setExtraBuffers(list: readonly number[]): void {
    writeExtraBuffers(this.memory, this.nifp, this.#anyRing(), list);
  }

  /**
   * Takes the registration away from this port, which is closed from then on: somebody else, such as
   * another thread, goes on with it.
   *
   * @returns the descriptor, which is the caller's to close
   * @throws {NetmapError} EBADF after close
   */
  detach(): Descriptor {
    this.#checkOpen();
    this.#end();
    this.#onClose();
    return this.#descriptor;
  }

  /** Ends the registration. Rings and views are of no use afterwards. Twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#end();
    try {
      this.#descriptor.close();
    } finally {
      this.#onClose();
    }
  }

  /** The same as {@linkcode Port.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #anyRing(): Ring | null {
    return this.txRings[0] ?? this.rxRings[0] ?? this.hostTxRings[0] ?? this.hostRxRings[0] ?? null;
  }

  #end(): void {
    this.#closed = true;
    for (const rings of [this.txRings, this.rxRings, this.hostTxRings, this.hostRxRings]) {
      for (const ring of rings) ring.close();
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.name);
  }

  #checkEvents(events: number): void {
    if ((events & POLLERR) === 0) return;
    throw new NetmapError(
      ENXIO,
      `Cannot wait for '${this.name}' as the port is gone: open it again`,
      {
        port: this.name,
      },
    );
  }
}

/** A pause for loops whose awaits may all be over at once, which are microtasks and hold up the rest. */
function newBreather(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < MAX_HOG_MS) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        last = performance.now();
        resolve();
      }, 0)
    );
  };
}

/** The reply as it is now: the request's bytes may be used again. */
function copyReply(reply: NmreqRegister): Readonly<NmreqRegister> {
  const copy: Record<string, number> = {};
  for (const key of Object.keys(NMREQ_REGISTER.fields)) {
    copy[key] = reply[key as keyof NmreqRegister];
  }
  return Object.freeze(copy) as unknown as NmreqRegister;
}
