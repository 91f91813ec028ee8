/**
 * The kernel's netmap: `/dev/netmap` opened, asked by ioctl, mapped once a memory region.
 *
 * Never run against a kernel module by us: no machine of ours has one. It is proved against a
 * stand-in for the kernel that answers the same ioctls from the embedded engine.
 *
 * @module
 */

import { NETMAP_DEVICE_NAME, NETMAP_REQ_REGISTER } from "../abi/constants.ts";
import { NETMAP_IOCTLS, type NetmapIoctls } from "../abi/ioctl.ts";
import { NMREQ } from "../abi/legacy.ts";
import type { LegacyCommand } from "../abi/legacy_request.ts";
import { NMREQ_REGISTER, type NmreqRegister } from "../abi/nmreq_bodies.ts";
import { NMREQ_HEADER } from "../abi/nmreq_header.ts";
import { portInfoRequest } from "../abi/request.ts";
import { requestName } from "../abi/request_table.ts";
import { structView } from "../abi/struct_view.ts";
import {
  type ControlRequest,
  type Descriptor,
  type Memory,
  type NetmapDevice,
  POLLERR,
} from "../device.ts";
import { EACCES, ENOENT, ENOTTY, ENXIO, EPERM, errnoName } from "../errno.ts";
import { closedError, NetmapError } from "../errors.ts";
import { registerDevice } from "../pick_device.ts";
import type { Mapping } from "../sys/mapping.ts";
import { type KernelCalls, systemCalls } from "./calls.ts";
import { NativeRequest } from "./native_request.ts";

/** A region is mapped once, however many ports are in it. */
interface SharedMapping {
  readonly mapping: Mapping;
  users: number;
}

/** The kernel's netmap. */
export class KernelDevice implements NetmapDevice {
  /** This is the kernel's. */
  readonly kind = "kernel" as const;
  /** `kernel:/dev/netmap`. */
  readonly name: string;
  /** The device node. */
  readonly path: string;
  /** How it is reached. */
  readonly calls: KernelCalls;
  readonly #mappings: Map<number, SharedMapping> = new Map();

  /**
   * The device; nothing is opened yet.
   *
   * @param path the device node
   * @param calls how it is reached; the system's calls when left out
   */
  constructor(path: string = NETMAP_DEVICE_NAME, calls: KernelCalls = systemCalls()) {
    this.path = path;
    this.name = `kernel:${path}`;
    this.calls = calls;
  }

  /** Opens the node. @throws {NetmapError} ENOENT, EACCES and what else open(2) fails with */
  open(): Descriptor {
    const fd = this.calls.open(this.path);
    if (fd >= 0) return new KernelDescriptor(this, fd);
    throw openError(this.path, -fd);
  }

  /**
   * A descriptor that somebody else opened and registered, a C library for instance; closing it
   * closes `fd`.
   *
   * @param fd a descriptor of this device
   * @param reply what the registration answered: its region and how large that is
   * @throws {NetmapError} what mmap(2) fails with; `fd` is left open then
   */
  adopt(fd: number, reply: Pick<NmreqRegister, "memId" | "memsize">): Descriptor {
    return new KernelDescriptor(this, fd, reply);
  }

  /** The mapping of a region; made with the first port in it. */
  mapRegion(fd: number, memId: number, bytes: number): Mapping {
    const known = this.#mappings.get(memId);
    if (known && known.mapping.size === bytes) {
      known.users++;
      return known.mapping;
    }
    const mapping = this.calls.map(fd, bytes);
    this.#mappings.set(memId, { mapping, users: 1 });
    return mapping;
  }

  /** Ends a port's use of a region; the last one unmaps it. */
  unmapRegion(memId: number, mapping: Mapping): void {
    const known = this.#mappings.get(memId);
    if (!known || known.mapping !== mapping) {
      mapping.close();
      return;
    }
    if (--known.users > 0) return;
    this.#mappings.delete(memId);
    mapping.close();
  }
}

/** One open descriptor of the kernel's netmap. */
class KernelDescriptor implements Descriptor {
  readonly #device: KernelDevice;
  readonly #calls: KernelCalls;
  readonly #ioctls: NetmapIoctls;
  readonly #fd: number;
  #region: { readonly memId: number; readonly mapping: Mapping } | null = null;
  #closed = false;

  constructor(
    device: KernelDevice,
    fd: number,
    registered: Pick<NmreqRegister, "memId" | "memsize"> | null = null,
  ) {
    this.#device = device;
    this.#calls = device.calls;
    this.#ioctls = NETMAP_IOCTLS[device.calls.os];
    this.#fd = fd;
    if (registered !== null) this.#map(registered.memId, registered.memsize);
  }

  control(request: ControlRequest): void {
    this.#checkOpen();
    const native = new NativeRequest(request);
    const result = this.#calls.ioctl(this.#fd, this.#ioctls.NIOCCTRL, native.block);
    native.copyBack();
    const { reqtype, name } = structView(NMREQ_HEADER, request.header);
    if (result < 0) {
      throw new NetmapError(
        -result,
        `Cannot carry out ${requestName(reqtype)} for '${name}' as '${this.#device.path}' ` +
          `answers ${errnoName(-result)}: the kernel's log may say more`,
        { request: requestName(reqtype), port: name },
      );
    }
    if (reqtype === NETMAP_REQ_REGISTER && request.body) {
      const { memId, memsize } = structView(NMREQ_REGISTER, request.body);
      this.#map(memId, memsize);
    }
  }

  legacy(command: LegacyCommand, nmreq: Uint8Array): void {
    this.#checkOpen();
    const result = this.#calls.ioctl(this.#fd, this.#ioctls[command], nmreq);
    const { name, cmd, arg2 } = structView(NMREQ, nmreq);
    if (result < 0) {
      throw new NetmapError(
        -result,
        `Cannot carry out ${command} for '${name}' as '${this.#device.path}' answers ` +
          `${errnoName(-result)}: the kernel's log may say more`,
        { request: command, port: name },
      );
    }
    if (command !== "NIOCREGIF" || cmd !== 0) return;
    // nr_memsize is the region's size modulo 2^32: ask for all of it.
    const { request, body } = portInfoRequest("", { memId: arg2 });
    this.control(request);
    this.#map(arg2, body.memsize);
  }

  get memory(): Memory {
    this.#checkOpen();
    if (this.#region) return this.#region.mapping;
    throw new NetmapError(
      ENXIO,
      "Cannot give memory as the descriptor has no port: register one first",
    );
  }

  txsync(): void {
    this.#sync(this.#ioctls.NIOCTXSYNC, "txsync");
  }

  rxsync(): void {
    this.#sync(this.#ioctls.NIOCRXSYNC, "rxsync");
  }

  poll(events: number, timeoutMs: number): number {
    this.#checkOpen();
    return this.#calls.poll(this.#fd, events, timeoutMs);
  }

  async wait(events: number, signal?: AbortSignal): Promise<number> {
    this.#checkOpen();
    try {
      return await this.#calls.wait(this.#fd, events, signal);
    } catch (error) {
      if (this.#closed) return POLLERR;
      throw error;
    }
  }

  get fd(): number {
    this.#checkOpen();
    return this.#fd;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#region) this.#device.unmapRegion(this.#region.memId, this.#region.mapping);
    this.#calls.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #map(memId: number, bytes: number): void {
    this.#region = { memId, mapping: this.#device.mapRegion(this.#fd, memId, bytes) };
  }

  #sync(request: number, what: string): void {
    this.#checkOpen();
    const result = this.#calls.ioctl(this.#fd, request, null);
    if (result >= 0) return;
    throw new NetmapError(
      -result,
      `Cannot ${what} as '${this.#device.path}' answers ${errnoName(-result)}` +
        (result === -ENXIO ? ": register a port first" : ""),
    );
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError(this.#device.name);
  }
}

function openError(path: string, errno: number): NetmapError {
  const choice = "unset NETMAP, or set NETMAP=embedded, to run without a kernel module";
  if (errno === ENOENT) {
    return new NetmapError(
      errno,
      `Cannot open '${path}' as there is no such device: load the netmap module, or ${choice}`,
    );
  }
  if (errno === EACCES || errno === EPERM) {
    return new NetmapError(
      errno,
      `Cannot open '${path}' without the right to read and write it: run as root, or ${choice}`,
    );
  }
  return new NetmapError(errno, `Cannot open '${path}' (${errnoName(errno)}): ${choice}`);
}

/**
 * Opens the node once and asks it about its memory: a file that is no netmap device says so here, and
 * not at the first port.
 *
 * @throws {NetmapError} ENOTTY for another kind of file, and what open(2) fails with
 */
function checkDevice(device: KernelDevice): KernelDevice {
  using descriptor = device.open();
  try {
    descriptor.control(portInfoRequest("").request);
  } catch (error) {
    if (!(error instanceof NetmapError) || error.errno !== ENOTTY) throw error;
    throw new NetmapError(
      ENOTTY,
      `Cannot use '${device.path}' as it is no netmap device: name netmap's node in NETMAP`,
    );
  }
  return device;
}

registerDevice({
  scheme: "kernel",
  order: 10,
  open(argument, selected) {
    const device = (): KernelDevice =>
      checkDevice(new KernelDevice(argument || NETMAP_DEVICE_NAME));
    if (selected) return device();
    try {
      return device();
    } catch {
      // It is not there, or not for us: look further.
      return null;
    }
  },
});
