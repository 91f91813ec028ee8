/**
 * A registered descriptor with its rings, for cases: below `Port`, which would hide what is tried.
 *
 * @module
 */

import { IF_BUFS_HEAD } from "../abi/netmap_if.ts";
import type { NmreqRegister } from "../abi/nmreq_bodies.ts";
import { registerRequest } from "../abi/request.ts";
import type { Descriptor, Memory } from "../device.ts";
import { readExtraBuffers, writeExtraBuffers } from "../extra_buffers.ts";
import { findRings, type PortRings } from "../port_rings.ts";
import type { Ring } from "../ring.ts";
import { check } from "./expect.ts";

/** A port that a case has open. */
export class BoundPort {
  /** The name that was registered. */
  readonly name: string;
  /** Its descriptor. */
  readonly descriptor: Descriptor;
  /** The registration's reply. */
  readonly reply: NmreqRegister;
  readonly #rings: PortRings;

  /**
   * Finds the rings of what is registered already.
   *
   * @param descriptor registered
   * @param name what was registered
   * @param reply the body of the registration
   */
  constructor(descriptor: Descriptor, name: string, reply: NmreqRegister) {
    this.descriptor = descriptor;
    this.name = name;
    this.reply = reply;
    this.#rings = findRings(descriptor.memory, reply.offset, name);
  }

  /** Registers a descriptor. */
  static register(
    descriptor: Descriptor,
    name: string,
    fields: Partial<NmreqRegister> = {},
    options: readonly Uint8Array[] = [],
  ): BoundPort {
    const { request, body } = registerRequest(name, fields, options);
    descriptor.control(request);
    return new BoundPort(descriptor, name, body);
  }

  /** The region. */
  get memory(): Memory {
    return this.descriptor.memory;
  }

  /** Word of the region at which the port's `netmap_if` begins. */
  get nifWord(): number {
    return this.reply.offset / 4;
  }

  /** Transmit rings that it was given. */
  get tx(): readonly Ring[] {
    return this.#rings.tx;
  }

  /** Receive rings that it was given. */
  get rx(): readonly Ring[] {
    return this.#rings.rx;
  }

  /** Host transmit rings that it was given. */
  get hostTx(): readonly Ring[] {
    return this.#rings.hostTx;
  }

  /** Host receive rings that it was given. */
  get hostRx(): readonly Ring[] {
    return this.#rings.hostRx;
  }

  /** Every ring that it was given. */
  get rings(): readonly Ring[] {
    return [...this.tx, ...this.hostTx, ...this.rx, ...this.hostRx];
  }

  /** Writes frames into a transmit ring, one slot each, without a sync. */
  put(frames: readonly Uint8Array[], ring: number = 0, flags: number = 0): void {
    const tx = this.tx[ring];
    check(tx.space() >= frames.length, `ring ${ring} of '${this.name}' has ${frames.length} free`);
    let i = tx.head;
    for (const bytes of frames) {
      this.memory.u8.set(bytes, tx.bufOffset(i));
      tx.setSlot(i, bytes.length, flags);
      i = tx.next(i);
    }
    tx.cur = i;
    tx.head = i;
  }

  /** Writes frames into a transmit ring and syncs. */
  send(frames: readonly Uint8Array[], ring: number = 0): void {
    this.put(frames, ring);
    this.descriptor.txsync();
  }

  /** Writes one packet over several slots. */
  putPieces(pieces: readonly Uint8Array[], moreFlag: number, ring: number = 0): void {
    this.put(pieces.slice(0, -1), ring, moreFlag);
    this.put(pieces.slice(-1), ring);
  }

  /** Copies what a receive ring holds, slot by slot, and moves past it, without a sync. */
  take(ring: number = 0, max: number = Infinity): Uint8Array[] {
    const rx = this.rx[ring];
    const taken: Uint8Array[] = [];
    let i = rx.head;
    for (let left = Math.min(rx.space(), max); left > 0; left--, i = rx.next(i)) {
      taken.push(rx.packet(i).slice());
    }
    rx.cur = i;
    rx.head = i;
    return taken;
  }

  /** Syncs and takes what a receive ring holds. */
  receive(ring: number = 0, max: number = Infinity): Uint8Array[] {
    this.descriptor.rxsync();
    return this.take(ring, max);
  }

  /** Buffers of the list of extra buffers. */
  extraBuffers(): number[] {
    return readExtraBuffers(this.memory, this.reply.offset, this.rings[0] ?? null);
  }

  /** Replaces that list. */
  setExtraBuffers(list: readonly number[]): void {
    writeExtraBuffers(this.memory, this.reply.offset, this.rings[0] ?? null, list);
  }

  /** The list's first buffer. */
  get extraHead(): number {
    return this.memory.i32[this.nifWord + IF_BUFS_HEAD];
  }

  /** Buffers that the slots of all rings name. */
  slotBuffers(): number[] {
    return this.rings.flatMap((ring) =>
      Array.from({ length: ring.numSlots }, (_, i) => ring.bufIdx(i))
    );
  }

  /** Ends the registration. */
  close(): void {
    this.descriptor.close();
  }
}
