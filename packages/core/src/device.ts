/**
 * The seam. Everything above it (ports, rings, applications, the conformance suite) knows only
 * these interfaces; everything below is a device: the kernel's `/dev/netmap`, the embedded engine,
 * or a daemon's engine.
 *
 * ```
 *      Port  Ring  apps  conformance
 *   ------------------------------------  NetmapDevice / Descriptor / Memory
 *      kernel     embedded     remote
 * ```
 *
 * Requests cross it in netmap's own binary layout (API 14), so that a device may hand them to an
 * ioctl as they are.
 *
 * @module
 */

import type { LegacyCommand } from "./abi/legacy_request.ts";

/** There is something to read: a receive ring is not empty. As in `poll(2)`. */
export const POLLIN = 0x1;
/** There is room to write: a transmit ring is not full. As in `poll(2)`. */
export const POLLOUT = 0x4;
/** The descriptor is not registered, or its port is gone. As in `poll(2)`. */
export const POLLERR = 0x8;

/** Where packets live once a descriptor is registered: one mapped region. */
export interface Memory {
  /** Bytes in the region. */
  readonly size: number;
  /** The region as bytes; detached (length 0) after close. */
  readonly u8: Uint8Array;
  /** The region as 16-bit halves, for `len` and `flags` of a slot. */
  readonly u16: Uint16Array;
  /** The region as 32-bit words; everything in netmap's rings is reached through it. */
  readonly i32: Int32Array;
  /** Address of the first byte in this process, for FFI copies; 0 after close. */
  readonly address: number;
  /** True once the region was unmapped. */
  readonly closed: boolean;
}

/**
 * A control request in netmap's binary form: a `struct nmreq_header`, its body and its options.
 * The device fills pointers in by itself and writes the reply into the same bytes, as the
 * `NIOCCTRL` ioctl does.
 */
export interface ControlRequest {
  /** `struct nmreq_header`, 88 bytes; `nr_options` and `nr_body` are ignored. */
  readonly header: Uint8Array;
  /** The body that `nr_reqtype` asks for, or null for requests that have none. */
  readonly body: Uint8Array | null;
  /** Options in order, each a `struct nmreq_option` with its body behind it. */
  readonly options: readonly Uint8Array[];
}

/** One `open("/dev/netmap")`: nothing yet, or one port once a REGISTER succeeded. */
export interface Descriptor extends Disposable {
  /**
   * Carries out a control request (`NIOCCTRL`); the reply is written into the request's own bytes.
   *
   * @throws {NetmapError} with the errno that netmap gives
   */
  control(request: ControlRequest): void;
  /**
   * Carries out a request of the interface before API 14; the reply is written into the same bytes.
   *
   * @param command the ioctl, `NIOCREGIF` or `NIOCGINFO`
   * @param nmreq a `struct nmreq`, 60 bytes
   * @throws {NetmapError} with the errno that netmap gives: EINVAL below version 14
   */
  legacy(command: LegacyCommand, nmreq: Uint8Array): void;
  /** The mapped region. @throws {NetmapError} ENXIO before a REGISTER. */
  readonly memory: Memory;
  /** Tells the device about new packets and learns what was sent (`NIOCTXSYNC`). */
  txsync(): void;
  /** Gives received slots back and learns of new ones (`NIOCRXSYNC`). */
  rxsync(): void;
  /**
   * Blocks until one of `events` holds, syncing as netmap's `poll` does.
   *
   * @param events POLLIN | POLLOUT
   * @param timeoutMs milliseconds; 0 returns at once, -1 waits for ever
   * @returns the events that hold; 0 on timeout
   */
  poll(events: number, timeoutMs: number): number;
  /** The same for an event loop: never blocks the isolate. Rejects with the signal's reason. */
  wait(events: number, signal?: AbortSignal): Promise<number>;
  /** A real descriptor for select/poll/epoll: readable when a sync would yield something new. */
  readonly fd: number;
  /** Ends the registration and gives everything back. Closing twice is harmless. */
  close(): void;
}

/** Somewhere that `open("/dev/netmap")` can be asked of. */
export interface NetmapDevice {
  /** Which kind of device this is. */
  readonly kind: "kernel" | "embedded" | "remote";
  /** What applications print: `embedded`, `kernel:/dev/netmap`, `unix:/run/netmap.sock`. */
  readonly name: string;
  /** A new descriptor. */
  open(): Descriptor;
}
