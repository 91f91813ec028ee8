/**
 * What a ring's header says once and for all, checked against the region that it is in.
 *
 * @module
 */

import {
  RING_BUF_OFS,
  RING_BUF_OFS_HI,
  RING_BUF_SIZE,
  RING_NUM_SLOTS,
  RING_OFFSET_MASK,
  RING_OFFSET_MASK_HI,
  RING_SLOTS,
  SLOT_WORDS,
} from "./abi/netmap_ring.ts";
import type { Memory } from "./device.ts";
import { EINVAL } from "./errno.ts";
import { closedError, NetmapError } from "./errors.ts";

/** The parts of a ring that do not change. */
export interface RingLayout {
  /** Word of the region at which the ring begins. */
  readonly word: number;
  readonly numSlots: number;
  readonly bufSize: number;
  /** Bytes from the region's start to buffer 0. */
  readonly bufBase: number;
  /** Whole buffers from there to the region's end. */
  readonly bufCount: number;
  /** Low and high half of `offset_mask`. */
  readonly maskLo: number;
  readonly maskHi: number;
}

/**
 * Reads a ring's header.
 *
 * @param memory the region
 * @param byteOffset bytes from its start to the ring
 * @param portName for errors
 * @returns a layout whose slots and first buffer are inside the region
 * @throws {NetmapError} EBADF when the region is closed; EINVAL when there can be no ring there
 */
export function readRingLayout(memory: Memory, byteOffset: number, portName: string): RingLayout {
  if (memory.closed) throw closedError(portName);
  const { i32, u8 } = memory;
  const word = byteOffset / 4;
  const bad = (why: string): never => {
    throw new NetmapError(
      EINVAL,
      `Cannot use the ring of '${portName}' at byte ${byteOffset} of ${u8.length} as ${why}`,
      { port: portName },
    );
  };
  if (!Number.isInteger(word) || word < 0 || word + RING_SLOTS > i32.length) {
    bad("it is not inside the memory region");
  }
  const numSlots = i32[word + RING_NUM_SLOTS] >>> 0;
  if (numSlots === 0 || word + RING_SLOTS + numSlots * SLOT_WORDS > i32.length) {
    bad(`its ${numSlots} slots do not fit there`);
  }
  const bufSize = i32[word + RING_BUF_SIZE] >>> 0;
  const bufBase = byteOffset + i32[word + RING_BUF_OFS_HI] * 2 ** 32 +
    (i32[word + RING_BUF_OFS] >>> 0);
  if (bufSize === 0 || bufBase < 0 || bufBase + bufSize > u8.length) {
    bad(`its buffers of ${bufSize} bytes from byte ${bufBase} on do not fit there`);
  }
  return {
    word: small(word),
    numSlots,
    bufSize,
    bufBase: small(bufBase),
    bufCount: small(Math.floor((u8.length - bufBase) / bufSize)),
    maskLo: i32[word + RING_OFFSET_MASK],
    maskHi: i32[word + RING_OFFSET_MASK_HI],
  };
}

/**
 * The same number as an integer, where it can be one: what was multiplied with 2^32 is a double to
 * V8, and so is the field that it is stored in (measured: 4.2 instead of 3.2 ns for `bufOffset`).
 */
function small(value: number): number {
  return value < 2 ** 31 ? value | 0 : value;
}
