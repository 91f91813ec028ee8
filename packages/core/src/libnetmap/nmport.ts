/**
 * A port of libnetmap (`struct nmport_d`): prepared, open, or closed.
 *
 * ```
 *   prepare() ---> prepared --- openDesc() ---> open --- close() ---> closed
 *                  ^   | ^                       |                      ^
 *   clone() -------+   | +---- undoOpenDesc() ---+                      |
 *                      +------------ close() ---------------------------+
 * ```
 *
 * Its {@linkcode Port} has a mapping of its own of the region that the library mapped too, so that
 * it can be used after its end without harm, as all ports can.
 *
 * @module
 */

import { NMREQ_REGISTER, type NmreqRegister } from "../abi/nmreq_bodies.ts";
import type { Descriptor } from "../device.ts";
import { EINVAL, ENOSYS } from "../errno.ts";
import { closedError, NetmapError } from "../errors.ts";
import { Port } from "../port.ts";
import { type OffsetSpec, type PortSpec, portSpec } from "../port_spec.ts";
import type { MappedRange } from "../register_spec.ts";
import { NMPORT_D, type NmportD } from "./layout.ts";
import { readStruct, writeStruct } from "./native.ts";
import type { NmportOwner } from "./owner.ts";

const isZero = (result: number): boolean => result === 0;

/** A port of libnetmap. */
export class Nmport implements Disposable {
  readonly #owner: NmportOwner;
  #address: number;
  #port: Port | null = null;

  /**
   * Takes over a `struct nmport_d`; {@linkcode Libnetmap} makes ports.
   *
   * @param owner the library
   * @param address where the struct is
   */
  constructor(owner: NmportOwner, address: number) {
    this.#owner = owner;
    this.#address = address;
    owner.ports.add(this);
  }

  /**
   * The same for a struct that the library has opened already.
   *
   * @param owner the library
   * @param address where the struct is
   * @param closesWithPort whether the end of its port is the end of all
   * @throws {NetmapError} what mmap(2) fails with, after the struct was closed
   */
  static adopt(owner: NmportOwner, address: number, closesWithPort: boolean): Nmport {
    const nmport = new Nmport(owner, address);
    try {
      nmport.#attach(closesWithPort);
      return nmport;
    } catch (error) {
      nmport.close();
      throw error;
    }
  }

  /** Address of its `struct nmport_d`; 0 after close. */
  get address(): number {
    return this.#address;
  }

  /** The port's name as requests carry it: `eth0`, `vale0:a`. @throws {NetmapError} EBADF */
  get name(): string {
    return this.fields().hdr.name;
  }

  /** Whether the port was closed. */
  get closed(): boolean {
    return this.#address === 0;
  }

  /** The open port. @throws {NetmapError} EBADF after close, EINVAL while it is only prepared */
  get port(): Port {
    const { name } = this;
    if (this.#port !== null) return this.#port;
    throw new NetmapError(EINVAL, `Cannot use '${name}' as it is only prepared: openDesc() it`, {
      port: name,
    });
  }

  /**
   * What the struct holds now, as a copy.
   *
   * @throws {NetmapError} EBADF after close
   */
  fields(): NmportD {
    this.#checkOpen();
    return readStruct(NMPORT_D, this.#address);
  }

  /**
   * Changes what will be asked for: extra buffers, rings, slots, flags.
   *
   * @param values members of `struct nmreq_register`
   * @throws {NetmapError} EBADF after close, EINVAL when the port is open already
   * @throws {RangeError} a value that its member does not hold
   */
  setRegister(values: Partial<NmreqRegister>): void {
    this.#checkPrepared("change the request of");
    const at = this.#address + NMPORT_D.fields.reg.offset;
    writeStruct(NMREQ_REGISTER, at, values);
  }

  /**
   * Puts the port into memory of the caller's own (`nmport_extmem`).
   *
   * @param memory a mapping, which has to stay until the port is closed
   * @throws {NetmapError} EBADF after close, EINVAL when the port is open already or has such memory
   */
  setExtmem({ address, size }: MappedRange): void {
    this.#checkPrepared("give memory to");
    const { calls } = this.#owner;
    this.#run("give memory to", () => calls.nmport_extmem(this.#address, address, size), isZero);
  }

  /**
   * Has packets begin inside their buffers (`nmport_offset`).
   *
   * @param offsets largest and first offset, bits, gap
   * @throws {NetmapError} EBADF after close, EINVAL when the port is open already, ENOSYS where the
   *   library is too old
   */
  setOffsets({ initial, max = initial, bits = 0, minGap = 0 }: InitialOffset): void {
    this.#checkPrepared("set offsets of");
    const { nmport_offset } = this.#owner.calls;
    if (nmport_offset === undefined) {
      throw new NetmapError(
        ENOSYS,
        `Cannot set offsets of '${this.name}' as this libnetmap has no nmport_offset(): take a ` +
          "newer one, or use openPort() of '@netmap/core'",
      );
    }
    const d = this.#address;
    this.#run("set offsets of", () => nmport_offset(d, initial, max, bits, minGap), isZero);
  }

  /**
   * Registers the port and maps its region (`nmport_open_desc`).
   *
   * @returns the port; closing it takes this one back to prepared
   * @throws {NetmapError} what the library fails with, in its own words; EBADF, EINVAL
   */
  openDesc(): Port {
    this.#checkPrepared("open");
    const { calls } = this.#owner;
    this.#run("open", () => calls.nmport_open_desc(this.#address), isZero);
    return this.#attach(false);
  }

  /** Ends the registration: the port is prepared again (`nmport_undo_open_desc`). */
  undoOpenDesc(): void {
    this.port.close();
  }

  /**
   * A second port that asks for the same, options left out (`nmport_clone`).
   *
   * @returns a prepared port
   * @throws {NetmapError} EBADF after close, EINVAL for external memory that is not registered
   */
  clone(): Nmport {
    this.#checkOpen();
    const { calls } = this.#owner;
    const isAddress = (result: number): boolean => result !== 0;
    const address = this.#run("clone", () => calls.nmport_clone(this.#address), isAddress);
    return new Nmport(this.#owner, address);
  }

  /**
   * Copies a packet into the next transmit ring that has room (`nmport_inject`); a sync sends it.
   *
   * @param packet its bytes; more than a buffer take several slots
   * @returns false when all rings are full
   * @throws {NetmapError} EBADF after close, EINVAL while it is only prepared
   */
  inject(packet: Uint8Array): boolean {
    void this.port;
    return this.#owner.calls.nmport_inject(this.#address, packet, packet.length) > 0;
  }

  /** Ends it all (`nmport_close`). Closing twice is harmless. */
  close(): void {
    // Twice: closing a port may close this one.
    if (this.closed) return;
    const wasOpen = this.#port !== null;
    this.#port?.close();
    if (this.closed) return;
    const { ports, calls } = this.#owner;
    const address = this.#address;
    this.#address = 0;
    ports.delete(this);
    if (wasOpen) calls.nmport_close(address);
    else calls.nmport_undo_prepare(address);
  }

  /** The same as {@linkcode Nmport.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Makes the port of a struct that the library has opened just now. */
  #attach(closesWithPort: boolean): Port {
    const { device, opened, calls } = this.#owner;
    const d = this.fields();
    opened.set(d.fd, () => {
      this.#port = null;
      calls.nmport_undo_open_desc(this.#address);
    });
    let descriptor: Descriptor | undefined;
    try {
      descriptor = device.adopt(d.fd, d.reg);
      return this.#port = new Port(descriptor, d.reg, {
        device,
        spec: specOf(d),
        onClose: () => {
          if (closesWithPort) this.close();
        },
      });
    } catch (error) {
      if (descriptor !== undefined) descriptor.close();
      else device.calls.close(d.fd);
      throw error;
    }
  }

  #run(what: string, call: () => number, isGood: (result: number) => boolean): number {
    const { name } = this;
    return this.#owner.context.run(`${what} '${name}'`, call, isGood, name);
  }

  #checkOpen(): void {
    if (this.closed) throw closedError("a port of libnetmap");
  }

  #checkPrepared(what: string): void {
    const { name } = this;
    if (this.#port === null) return;
    throw new NetmapError(EINVAL, `Cannot ${what} '${name}' as it is open: close its port first`, {
      port: name,
    });
  }
}

/** Offsets, of which the first one alone has to be given. */
export type InitialOffset = Pick<OffsetSpec, "initial"> & Partial<OffsetSpec>;

function specOf({ hdr, reg }: NmportD): PortSpec {
  return portSpec({
    name: hdr.name,
    mode: reg.mode,
    ringId: reg.ringid,
    flags: reg.flags,
    memId: reg.memId,
    txRings: reg.txRings,
    rxRings: reg.rxRings,
    hostTxRings: reg.hostTxRings,
    hostRxRings: reg.hostRxRings,
    txSlots: reg.txSlots,
    rxSlots: reg.rxSlots,
    extraBuffers: reg.extraBufs,
  });
}
