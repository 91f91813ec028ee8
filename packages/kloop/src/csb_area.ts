/**
 * Where a descriptor's CSB entries are: kept in its record in the state image, so that any thread
 * that is attached to the engine can map them and run the loop.
 *
 * ```
 *   record d      D_CSB_*  fd, place ----+        the file behind the user's own mapping:
 *   owner         dup of the fd          v        it may be closed at any time, the loop goes on
 *   loop's thread mapMemory(fd)     | atok | ktoa |
 * ```
 *
 * @module
 */

import {
  closeFd,
  CSB_ENTRY_WORDS,
  dupFd,
  EFAULT,
  findMapping,
  mapMemory,
  type Mapping,
  NetmapError,
} from "@netmap/core";
import {
  D_CSB_ATOK_AT,
  D_CSB_ATOK_FD,
  D_CSB_KTOA_AT,
  D_CSB_KTOA_FD,
  D_FLAG_CSB,
  D_FLAGS,
  D_RX_COUNT,
  D_TX_COUNT,
  type DataPath,
  type Engine,
  IMAGE_OWNER_PID,
} from "@netmap/engine";
import type { CsbEntries } from "./client/csb.ts";

/** Bytes of an entry, either direction; its address is a multiple of that. */
export const ENTRY_BYTES: number = CSB_ENTRY_WORDS * 4;
const PAGE = 4096;

/** A file and a place in it. */
export interface FilePlace {
  /** Descriptor; whoever has it closes it. */
  readonly fd: number;
  /** Byte in the file. */
  readonly offset: number;
}

/** The entries, mapped. */
export interface MappedCsb extends CsbEntries, Disposable {
  /** Unmaps them. */
  close(): void;
}

/** Entries that a descriptor has, as bound rings. */
export function entryCount(state: Int32Array, d: number): number {
  return state[d + D_TX_COUNT] + state[d + D_RX_COUNT];
}

/**
 * The file behind addresses of this process.
 *
 * @param engine whose regions count too: entries may be in buffers
 * @param address first byte
 * @param bytes how many
 * @returns the file, by a new descriptor, and the place in it
 * @throws {NetmapError} EFAULT when the bytes are in no file that others can map
 */
export function filePlace(engine: Engine, address: number, bytes: number): FilePlace {
  const mapping = findMapping(address, bytes);
  if (mapping !== null) {
    const region = [...engine.regions].find(({ memory }) => memory === mapping);
    const fd = region?.fd ?? mapping.fd;
    const first = region?.fileOffset ?? mapping.offset;
    if (fd >= 0) return { fd: dupFd(fd), offset: first + address - mapping.address };
  }
  throw new NetmapError(
    EFAULT,
    `Cannot use ${bytes} bytes at address 0x${address.toString(16)} for CSB entries as ` +
      (mapping === null
        ? "they are in no mapping of this program: take the memory from createCsb()"
        : "their file is not known any more: map it with 'keepFd', or take createCsb()"),
  );
}

/** Writes down where a descriptor's entries are. */
export function recordCsb(dp: DataPath, d: number, atok: FilePlace, ktoa: FilePlace): void {
  const { state } = dp;
  state[d + D_CSB_ATOK_FD] = atok.fd;
  state[d + D_CSB_ATOK_AT] = atok.offset / ENTRY_BYTES;
  state[d + D_CSB_KTOA_FD] = ktoa.fd;
  state[d + D_CSB_KTOA_AT] = ktoa.offset / ENTRY_BYTES;
  Atomics.or(state, d + D_FLAGS, D_FLAG_CSB);
}

/** Undoes {@link recordCsb}, in the owner, and closes the files. @returns whether there were any */
export function forgetCsb(dp: DataPath, d: number): boolean {
  const { state } = dp;
  if ((Atomics.and(state, d + D_FLAGS, ~D_FLAG_CSB) & D_FLAG_CSB) === 0) return false;
  closeFd(state[d + D_CSB_ATOK_FD]);
  closeFd(state[d + D_CSB_KTOA_FD]);
  return true;
}

/** Whether a descriptor is in CSB mode. */
export function hasCsb(dp: DataPath, d: number): boolean {
  return (Atomics.load(dp.state, d + D_FLAGS) & D_FLAG_CSB) !== 0;
}

/**
 * Maps a descriptor's entries in this thread.
 *
 * @throws {NetmapError} EFAULT in another process than the owner's, where its descriptors mean nothing
 */
export function mapRecordedCsb(dp: DataPath, d: number): MappedCsb {
  const { state } = dp;
  if (dp.pid !== state[IMAGE_OWNER_PID]) {
    throw new NetmapError(
      EFAULT,
      "Cannot map the CSB entries in another process than the engine's: pass them as 'entries'",
    );
  }
  return mapPlaces(
    { fd: state[d + D_CSB_ATOK_FD], offset: state[d + D_CSB_ATOK_AT] * ENTRY_BYTES },
    { fd: state[d + D_CSB_KTOA_FD], offset: state[d + D_CSB_KTOA_AT] * ENTRY_BYTES },
    entryCount(state, d),
  );
}

/** Maps entries where they are. @throws {NetmapError} what mapping fails with */
export function mapPlaces(atokPlace: FilePlace, ktoaPlace: FilePlace, count: number): MappedCsb {
  const atok = mapEntries(atokPlace, count);
  try {
    const ktoa = mapEntries(ktoaPlace, count);
    const close = (): void => {
      atok.mapping.close();
      ktoa.mapping.close();
    };
    return { atok: atok.words, ktoa: ktoa.words, close, [Symbol.dispose]: close };
  } catch (error) {
    atok.mapping.close();
    throw error;
  }
}

function mapEntries(
  { fd, offset }: FilePlace,
  count: number,
): { mapping: Mapping; words: Int32Array } {
  const first = offset - offset % PAGE;
  const skip = (offset - first) / 4;
  const bytes = offset - first + count * ENTRY_BYTES;
  const mapping = mapMemory(fd, bytes, { offset: first });
  return { mapping, words: mapping.i32.subarray(skip, skip + count * CSB_ENTRY_WORDS) };
}
