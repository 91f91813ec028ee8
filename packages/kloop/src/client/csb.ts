/**
 * Memory for CSB entries: what the application and the loop share beside the rings themselves.
 *
 * ```
 *   memfd   | atok 0 | atok 1 | ... | ktoa 0 | ktoa 1 | ...      64 bytes each, one of each a bound ring,
 *             written by the          written by the             transmit rings first
 *             application             loop
 * ```
 *
 * The memfd can be given to another thread by its number and to another process over a socket; each
 * maps it with {@linkcode mapCsb}.
 *
 * @module
 */

import {
  closeFd,
  createMemfd,
  CSB_ENTRY_WORDS,
  dupFd,
  EINVAL,
  mapMemory,
  type Mapping,
  NetmapError,
  optCsb,
} from "@netmap/core";

const ENTRY_BYTES = CSB_ENTRY_WORDS * 4;
const PAGE = 4096;
/** A ring each way for every ring that a port may have. */
const MOST = 1 << 16;

/** The two arrays of entries as words; entry `i` begins at word `16 * i`. */
export interface CsbEntries {
  /** `struct nm_csb_atok`, which the application writes. */
  readonly atok: Int32Array;
  /** `struct nm_csb_ktoa`, which the loop writes. */
  readonly ktoa: Int32Array;
}

/** CSB entries in memory of their own; made by {@linkcode createCsb} and {@linkcode mapCsb}. */
export class Csb implements CsbEntries, Disposable {
  /** How many of each. */
  readonly entries: number;
  /** The memfd; closed with this object. */
  readonly fd: number;
  readonly #memory: Mapping;

  /**
   * Takes over a descriptor and maps it.
   *
   * @param fd the memfd; this object's from then on
   * @param entries how many of each, 1 to 65536
   * @throws {NetmapError} EINVAL when the file is too short
   */
  constructor(fd: number, entries: number) {
    this.entries = entries;
    this.fd = fd;
    // The device has to find the file behind the addresses that it is told.
    this.#memory = mapMemory(fd, csbBytes(entries), { keepFd: true });
  }

  /** The entries that the application writes; of length 0 once closed. */
  get atok(): Int32Array {
    return this.#memory.i32.subarray(0, this.entries * CSB_ENTRY_WORDS);
  }

  /** The entries that the loop writes; of length 0 once closed. */
  get ktoa(): Int32Array {
    const first = this.entries * CSB_ENTRY_WORDS;
    return this.#memory.i32.subarray(first, 2 * first);
  }

  /** Address of the first atok entry in this process; 0 once closed. */
  get atokAddress(): number {
    return this.#memory.address;
  }

  /** Address of the first ktoa entry in this process; 0 once closed. */
  get ktoaAddress(): number {
    return this.#memory.closed ? 0 : this.#memory.address + this.entries * ENTRY_BYTES;
  }

  /** The option that tells a device of these entries, for REGISTER and CSB_ENABLE. */
  option(): Uint8Array {
    return optCsb(this.atokAddress, this.ktoaAddress);
  }

  /** Unmaps the entries. A loop that uses them goes on by itself. Closing twice is harmless. */
  close(): void {
    if (this.#memory.closed) return;
    this.#memory.close();
    closeFd(this.fd);
  }

  /** Unmaps the entries. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Bytes of the memory for so many entries, in whole pages. */
function csbBytes(entries: number): number {
  if (!(Number.isInteger(entries) && entries > 0 && entries <= MOST)) {
    throw new NetmapError(
      EINVAL,
      `Cannot make '${entries}' CSB entries: make one for each bound ring, 1 to ${MOST}`,
    );
  }
  return Math.ceil(2 * entries * ENTRY_BYTES / PAGE) * PAGE;
}

/**
 * Makes memory for CSB entries, all zero.
 *
 * @param entries how many of each: one for each ring that will be bound, 1 to 65536
 * @returns the entries; close them
 * @throws {NetmapError} EINVAL for a count out of range, EMFILE, ENOMEM
 *
 * @example
 * ```ts
 * import { createCsb } from "@netmap/kloop/client";
 * using csb = createCsb(2);
 * console.log(csb.atok.length, csb.option().length); // 32 40
 * ```
 */
export function createCsb(entries: number): Csb {
  return own(createMemfd("netmap-csb", csbBytes(entries)), entries);
}

/**
 * Maps CSB entries that somebody else made.
 *
 * @param fd their memfd; not taken over
 * @param entries how many of each there are
 * @throws {NetmapError} EINVAL when the file is too short for so many, EBADF
 *
 * @example
 * ```ts
 * import { createCsb, mapCsb } from "@netmap/kloop/client";
 * using made = createCsb(2);
 * using same = mapCsb(made.fd, 2);
 * made.atok[0] = 7;
 * console.log(same.atok[0]); // 7
 * ```
 */
export function mapCsb(fd: number, entries: number): Csb {
  return own(dupFd(fd), entries);
}

function own(fd: number, entries: number): Csb {
  try {
    return new Csb(fd, entries);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}
