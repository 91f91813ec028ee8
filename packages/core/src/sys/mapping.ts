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
import { statFd } from "./file_stat.ts";
import { check, libc } from "./libc.ts";
import { addLiveMapping, removeLiveMapping } from "./live_mappings.ts";
import { closeFd, dupFd } from "./system.ts";

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
  /**
   * Keep a descriptor of the file as long as the mapping, so that others find it by address and map
   * the same bytes themselves: memory that is given to a port needs it.
   */
  keepFd?: boolean;
}

/** What a mapping shows. */
export interface MappingSource {
  /** Descriptor of the file, closed with the mapping; -1 when none is kept. */
  readonly fd?: number;
  /** First byte of the file. */
  readonly offset?: number;
  /** Bytes that the system mapped, where they are more than were asked for: whole huge pages. */
  readonly span?: number;
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
  /** Descriptor of the file that is mapped, with `keepFd`; -1 without, and after close. */
  fd: number;
  /** First byte of the file that is mapped. */
  readonly offset: number;
  readonly #span: number;

  /**
   * Takes over what mmap returned: this object unmaps it.
   *
   * @param address what mmap returned
   * @param bytes its length
   * @param source what it shows; the descriptor is this object's from then on
   */
  constructor(address: number, bytes: number, source: MappingSource = {}) {
    const buffer = runtime().viewAt(address, bytes);
    this.size = bytes;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer, 0, bytes >>> 1);
    this.i32 = new Int32Array(buffer, 0, Math.floor(bytes / 4));
    this.address = address;
    this.fd = source.fd ?? -1;
    this.offset = source.offset ?? 0;
    this.#span = source.span ?? bytes;
    addLiveMapping(this);
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
    const { address, size, u8, fd } = this;
    if (address === 0) return;
    const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE } =
      constants();
    check(
      libc().mmap(
        address,
        this.#span,
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
    this.fd = -1;
    removeLiveMapping(this);
    u8.buffer.transfer(0);
    if (u8.length === 0) retire(address, this.#span);
    if (fd >= 0) closeFd(fd);
  }

  /** Unmaps the region. */
  [Symbol.dispose](): void {
    this.close();
  }
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
  const { offset = 0, readOnly = false, populate = false, keepFd = false } = options;
  if (!(Number.isSafeInteger(bytes) && bytes > 0 && Number.isSafeInteger(offset) && offset >= 0)) {
    throw new NetmapError(
      EINVAL,
      `Cannot map '${bytes}' bytes at offset '${offset}': both must be whole, the first above 0`,
    );
  }
  if (readOnly && keepFd) {
    throw new NetmapError(
      EINVAL,
      `Cannot map descriptor '${fd}' with both 'readOnly' and 'keepFd' as others would not see ` +
        "the stores of a private mapping: leave one of them out",
    );
  }
  const { size: end, hugePage } = statFd(fd, `map descriptor '${fd}'`);
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
  // Parts of a huge page can be mapped, but neither unmapped nor replaced.
  const span = hugePage === 0 ? bytes : Math.ceil(bytes / hugePage) * hugePage;
  let kept = -1;
  try {
    if (keepFd) kept = dupFd(fd);
    return new Mapping(address, bytes, { fd: kept, offset, span });
  } catch (cause) {
    libc().munmap(address, span);
    if (kept >= 0) closeFd(kept);
    if (cause instanceof NetmapError) throw cause;
    throw new NetmapError(
      ENOMEM,
      `Cannot see ${bytes} bytes as one array as this runtime has a limit (4 GiB in Bun): ` +
        "map it in parts",
      { cause },
    );
  }
}
