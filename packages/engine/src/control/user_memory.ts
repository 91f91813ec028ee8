/**
 * The memory of a process that asks for something by pointer, as a kernel's copyin and copyout see
 * it: a bad pointer is an error, never a crash.
 *
 * @module
 */

import { addressOf, EFAULT, errno, failure, libc, NetmapError, pid } from "@netmap/core";

/** Bytes of another process, or of this one, by address. */
export interface UserMemory {
  /** Copies bytes in. @throws {NetmapError} EFAULT when they cannot be read */
  read(address: number, bytes: number): Uint8Array;
  /** Copies bytes out. @throws {NetmapError} EFAULT when they cannot be written */
  write(address: number, bytes: Uint8Array): void;
}

/** What is behind an address of whoever makes a request. */
export interface UserMapping {
  /** Address of its first byte, for the one who asks. */
  readonly address: number;
  /** Descriptor of its file in this process; negative where none is kept. */
  readonly fd: number;
  /** First byte of the file. */
  readonly offset: number;
}

/** A process's memory through `process_vm_readv(2)` and `process_vm_writev(2)`. */
export class ProcessMemory implements UserMemory {
  readonly #pid: number;
  // struct iovec: address and length, 64 bits each.
  readonly #local: Uint32Array = new Uint32Array(4);
  readonly #remote: Uint32Array = new Uint32Array(4);

  /**
   * The memory of a process.
   *
   * @param process its id; this one when left out
   */
  constructor(process: number = pid()) {
    this.#pid = process;
  }

  /** Copies bytes in. @throws {NetmapError} EFAULT when they cannot be read */
  read(address: number, bytes: number): Uint8Array {
    const into = new Uint8Array(bytes);
    if (bytes > 0) this.#move("read", address, into);
    return into;
  }

  /** Copies bytes out. @throws {NetmapError} EFAULT when they cannot be written */
  write(address: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.#move("write", address, bytes);
  }

  #move(what: "read" | "write", address: number, bytes: Uint8Array): void {
    setIovec(this.#local, addressOf(bytes), bytes.length);
    setIovec(this.#remote, address, bytes.length);
    const { process_vm_readv, process_vm_writev } = libc();
    const call = what === "read" ? process_vm_readv : process_vm_writev;
    const moved = call(this.#pid, this.#local, 1, this.#remote, 1, 0);
    if (moved === bytes.length) return;
    const number = moved < 0 ? errno() : EFAULT;
    if (number !== EFAULT) throw failure(number, `${what} memory of process ${this.#pid}`);
    throw new NetmapError(
      EFAULT,
      `Cannot ${what} ${bytes.length} bytes at address 0x${address.toString(16)} of process ` +
        `${this.#pid}: pass a pointer to memory that is there`,
    );
  }
}

function setIovec(iovec: Uint32Array, address: number, bytes: number): void {
  iovec[0] = address >>> 0;
  iovec[1] = Math.floor(address / 2 ** 32) >>> 0;
  iovec[2] = bytes;
  iovec[3] = 0;
}
