/**
 * The C library libnetmap, where one is installed: its port specifications, its contexts, its error
 * texts; and of its ports the same {@linkcode Port} that `openPort` gives.
 *
 * ```
 *   Libnetmap.open("netmap:eth0@conf:rings=2")
 *        |                       C                                  here
 *        v              nmport_open() --> struct nmport_d  ---->  Nmport.port: Port
 *                       /dev/netmap, its mmap                     rings in a mapping of our own
 * ```
 *
 * Nothing here is needed to open ports: `openPort` with a `KernelDevice` takes the same names. It is
 * for programs that share a process, a context or a port with C code, and to compare.
 *
 * @module
 */

import { NETMAP_DEVICE_NAME } from "../abi/constants.ts";
import { closedError } from "../errors.ts";
import { type KernelCalls, systemCalls } from "../kernel/calls.ts";
import { KernelDevice } from "../kernel/kernel_device.ts";
import type { Port } from "../port.ts";
import { cString } from "../sys/system.ts";
import { NmContext } from "./context.ts";
import { openLibrary } from "./library.ts";
import { Nmport } from "./nmport.ts";
import type { NmportOwner } from "./owner.ts";

/** How to open the library. */
export interface LibnetmapOptions {
  /** Where it is; the names of `LIBNETMAP_NAMES` are tried when it is left out. */
  readonly path?: string;
  /** Told the text of every error, also of those that are thrown. */
  readonly onError?: (message: string) => void;
  /** How the kernel is reached for syncs, polls and mappings; the system's calls when left out. */
  readonly calls?: KernelCalls;
}

const isAddress = (result: number): boolean => result !== 0;
const isZero = (result: number): boolean => result === 0;

/**
 * libnetmap with a context of its own: ports of one `Libnetmap` that are in the same region have the
 * same `memory`, and so may exchange buffers.
 *
 * One thread at a time: the library keeps its default context and its table of options for the whole
 * process.
 */
export class Libnetmap implements Disposable {
  /** What was opened. */
  readonly path: string;
  readonly #owner: NmportOwner;
  #closed = false;

  /**
   * Opens the library; see {@linkcode openLibnetmap}.
   *
   * @param options where it is, and who is told of errors
   */
  constructor(options: LibnetmapOptions = {}) {
    const { path, calls } = openLibrary(options.path);
    this.path = path;
    const opened = new Map<number, () => void>();
    const kernel: KernelCalls = {
      ...(options.calls ?? systemCalls()),
      // The library closes what it opened.
      close(fd) {
        const end = opened.get(fd);
        opened.delete(fd);
        end?.();
      },
    };
    this.#owner = {
      calls,
      context: new NmContext(calls, options.onError),
      device: new KernelDevice(NETMAP_DEVICE_NAME, kernel),
      ports: new Set(),
      opened,
    };
  }

  /**
   * Opens a port (`nmport_open`).
   *
   * @param portspec as `libnetmap.h` describes it: `netmap:eth0-2/T@conf:rings=4`
   * @returns the open port; its `port` has the rings
   * @throws {NetmapError} what the library fails with, in its own words; EBADF after close
   */
  open(portspec: string): Nmport {
    return this.#nmport(portspec, false);
  }

  /**
   * Opens a port that closes all of itself, as `openPort` does.
   *
   * @param portspec as for {@linkcode Libnetmap.open}
   * @returns the port
   * @throws {NetmapError} as for {@linkcode Libnetmap.open}
   */
  openPort(portspec: string): Port {
    return this.#nmport(portspec, true).port;
  }

  /**
   * Parses a specification and opens nothing yet (`nmport_prepare`).
   *
   * @param portspec as for {@linkcode Libnetmap.open}
   * @returns the prepared port
   * @throws {NetmapError} EINVAL in the library's own words; EBADF after close
   */
  prepare(portspec: string): Nmport {
    const owner = this.#open();
    const call = (): number => owner.calls.nmport_prepare(cString(portspec));
    return new Nmport(owner, owner.context.run(`prepare '${portspec}'`, call, isAddress, portspec));
  }

  /**
   * Allows an option in specifications (`nmport_enable_option`): `offset` is not by default.
   *
   * @param option its name
   * @throws {NetmapError} EOPNOTSUPP for one that the library does not know; EBADF after close
   */
  enableOption(option: string): void {
    const { calls, context } = this.#open();
    const enable = (): number => calls.nmport_enable_option(cString(option));
    context.run(`enable option '${option}'`, enable, isZero);
  }

  /**
   * Forbids an option (`nmport_disable_option`); one that the library does not know is forbidden.
   *
   * @param option its name
   * @throws {NetmapError} EBADF after close
   */
  disableOption(option: string): void {
    this.#open().calls.nmport_disable_option(cString(option));
  }

  /** Closes all its ports and ends its context. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const nmport of [...this.#owner.ports]) nmport.close();
    this.#owner.context.close();
  }

  /** The same as {@linkcode Libnetmap.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #open(): NmportOwner {
    if (this.#closed) throw closedError(this.path);
    return this.#owner;
  }

  #nmport(portspec: string, closesWithPort: boolean): Nmport {
    const owner = this.#open();
    const call = (): number => owner.calls.nmport_open(cString(portspec));
    const address = owner.context.run(`open '${portspec}'`, call, isAddress, portspec);
    return Nmport.adopt(owner, address, closesWithPort);
  }
}

/**
 * Opens the C library.
 *
 * @param options where it is, and who is told of errors
 * @returns the library, with a context of its own
 * @throws {NetmapError} ENOENT when there is none, ENOSYS when it lacks functions, EPERM in Deno
 *   without `--allow-ffi`
 *
 * @example
 * ```ts
 * import { NetmapError } from "@netmap/core";
 * import { openLibnetmap } from "@netmap/core/libnetmap";
 * try {
 *   using lib = openLibnetmap();
 *   using a = lib.open("netmap:eth0"), b = lib.open("netmap:eth1");
 *   console.log(a.port.memory === b.port.memory); // true where packets can go without a copy
 * } catch (error) {
 *   if (!(error instanceof NetmapError)) throw error;
 *   console.log(error.message); // no libnetmap here, or no such interface
 * }
 * ```
 */
export function openLibnetmap(options: LibnetmapOptions = {}): Libnetmap {
  return new Libnetmap(options);
}
