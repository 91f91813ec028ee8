/**
 * Mapped memory that fails cleanly after its close.
 *
 * ```
 *   close():  1. private zero pages take the place of the file's   nothing can fault from here on
 *             2. the buffer is detached                            all views have length 0
 *             3. the address range is given back, later            the last 256 stay reserved
 * ```
 *
 * `ArrayBuffer.prototype.transfer(0)` detaches memory that is not the runtime's own in both
 * runtimes without a copy (measured: 10 us for 340 MB) and frees nothing, as no finalizer was
 * given. What no detaching reaches are asynchronous calls of the runtime that are under way with a
 * view: Bun then does not detach at all (the range stays reserved for good, such a view reads
 * zeros), Deno detaches and its threads go on with the bare address (a `crypto.scrypt` crashed the
 * process when the range was given back at once). So ranges wait as zeros, which costs addresses
 * and no memory, until 256 more were closed.
 *
 * @module
 */

import type { Memory } from "../device.ts";
import { EINVAL, ENOMEM } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { constants } from "./constants.ts";
import { check, libc } from "./libc.ts";
import { AT_EMPTY_PATH, STATX_SIZE, STATX_TYPE } from "./linux.ts";

/** How to map. */
export interface MapOptions {
  /** First byte of the file, a multiple of the page size. */
  offset?: number;
  /**
   * Stores stay private to this mapping and reach nobody, so a descriptor opened for reading is
   * enough. (Truly read-only pages would turn a stray store into a crash of the process.)
   */
  readOnly?: boolean;
  /** Touch all pages now and not at their first use. */
  populate?: boolean;
}

/** Closed ranges that wait as private zeros, oldest first; see the top of the file. */
const retired: { address: number; size: number }[] = [];
const RETIRED_MAX = 256;

function retire(address: number, size: number): void {
  retired.push({ address, size });
  if (retired.length <= RETIRED_MAX) return;
  const oldest = retired.shift()!;
  check(libc().munmap(oldest.address, oldest.size), `unmap ${oldest.size} bytes`);
}

const EMPTY_U8 = new Uint8Array(0);
const EMPTY_U16 = new Uint16Array(0);
const EMPTY_I32 = new Int32Array(0);

/**
 * A region of memory as views; made by {@linkcode mapMemory}.
 */
export class Mapping implements Memory {
  /** Bytes in the region; 0 after close. */
  size: number;
  /** The region as bytes; detached (length 0) after close. */
  u8: Uint8Array<ArrayBuffer>;
  /** The region as 16-bit halves. */
  u16: Uint16Array<ArrayBuffer>;
  /** The region as 32-bit words. */
  i32: Int32Array<ArrayBuffer>;
  /** Address of the first byte in this process; 0 after close. */
  address: number;

  /**
   * Takes over what mmap returned: this object unmaps it.
   *
   * @param address what mmap returned
   * @param bytes its length
   */
  constructor(address: number, bytes: number) {
    const buffer = runtime().viewAt(address, bytes);
    this.size = bytes;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer, 0, bytes >>> 1);
    this.i32 = new Int32Array(buffer, 0, Math.floor(bytes / 4));
    this.address = address;
  }

  /** True once the region was unmapped. */
  get closed(): boolean {
    return this.address === 0;
  }

  /**
   * Unmaps the region; all views of it have length 0 from then on (in Bun, one that an asynchronous
   * call still holds reads zeros). Closing twice is harmless.
   */
  close(): void {
    const { address, size, u8 } = this;
    if (address === 0) return;
    const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE } =
      constants();
    check(
      libc().mmap(
        address,
        size,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
        -1,
        0,
      ),
      `unmap ${size} bytes`,
    );
    this.address = 0;
    this.size = 0;
    this.u8 = EMPTY_U8;
    this.u16 = EMPTY_U16;
    this.i32 = EMPTY_I32;
    u8.buffer.transfer(0);
    if (u8.length === 0) retire(address, size);
  }

  /** Unmaps the region. */
  [Symbol.dispose](): void {
    this.close();
  }
}

const STATX = new Uint8Array(256);
const STATX_WORDS = new Uint32Array(STATX.buffer);
const NO_PATH = new Uint8Array(1);
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/** Bytes of a regular file or memfd; infinite for devices, which answer mmap by themselves. */
function fileSize(fd: number): number {
  const { statx } = libc();
  check(
    statx(fd, NO_PATH, AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, STATX),
    `map descriptor '${fd}'`,
  );
  // struct statx, statx(2): stx_mode at 28, stx_size at 40
  const mode = STATX_WORDS[7] & S_IFMT;
  return mode === S_IFREG ? STATX_WORDS[10] + STATX_WORDS[11] * 2 ** 32 : Infinity;
}

/**
 * Maps a descriptor's memory, shared with whoever else maps it.
 *
 * @param fd a memfd, file or device; it may be closed afterwards
 * @param bytes how much
 * @param options where, and how
 * @returns the mapping
 * @throws {NetmapError} EINVAL when the file is shorter (touching what is past its end would kill
 *   the process), EBADF, EACCES, ENOMEM, ENODEV for what cannot be mapped
 *
 * @example
 * ```ts
 * import { closeFd, createMemfd, mapMemory } from "@netmap/core";
 * const fd = createMemfd("example", 8192);
 * using a = mapMemory(fd, 8192), b = mapMemory(fd, 8192);
 * a.i32[1] = 7;
 * console.log(Atomics.load(b.i32, 1)); // 7
 * closeFd(fd);
 * ```
 */
export function mapMemory(fd: number, bytes: number, options: MapOptions = {}): Mapping {
  const { offset = 0, readOnly = false, populate = false } = options;
  if (!(Number.isSafeInteger(bytes) && bytes > 0 && Number.isSafeInteger(offset) && offset >= 0)) {
    throw new NetmapError(
      EINVAL,
      `Cannot map '${bytes}' bytes at offset '${offset}': both must be whole, the first above 0`,
    );
  }
  const end = fileSize(fd);
  if (offset + bytes > end) {
    throw new NetmapError(
      EINVAL,
      `Cannot map ${bytes} bytes at offset ${offset} of descriptor '${fd}' as it has ${end}: ` +
        "make it longer first",
    );
  }
  const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_SHARED, MAP_NORESERVE, MAP_POPULATE } =
    constants();
  const address = libc().mmap(
    0,
    bytes,
    PROT_READ | PROT_WRITE,
    (readOnly ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED) | (populate ? MAP_POPULATE : 0),
    fd,
    offset,
  );
  check(address, `map ${bytes} bytes of descriptor '${fd}'`);
  try {
    return new Mapping(address, bytes);
  } catch (cause) {
    libc().munmap(address, bytes);
    throw new NetmapError(
      ENOMEM,
      `Cannot see ${bytes} bytes as one array as this runtime has a limit (4 GiB in Bun): ` +
        "map it in parts",
      { cause },
    );
  }
}
