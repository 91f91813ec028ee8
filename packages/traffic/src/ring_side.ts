/**
 * What a loop over a ring's words needs to know of it, read once: nobody can change it later.
 *
 * @module
 */

import {
  type Memory,
  type Port,
  type Ring,
  RING_OFFSET_MASK,
  RING_OFFSET_MASK_HI,
} from "@netmap/core";

/** A ring as plain numbers. All of them count in 32-bit words of the region. */
export interface RingSide {
  /** The ring, for whoever prefers methods. */
  readonly ring: Ring;
  /** Its region. */
  readonly memory: Memory;
  /** The region as words. */
  readonly i32: Int32Array;
  /** The region as bytes. */
  readonly u8: Uint8Array;
  /** Where the ring begins. */
  readonly word: number;
  /** Slots. */
  readonly numSlots: number;
  /** Where buffer 0 begins. */
  readonly bufBase: number;
  /** Words of a buffer. */
  readonly bufWords: number;
  /** Buffers that there are. */
  readonly bufCount: number;
  /** Whether packets may begin inside their buffers. */
  readonly hasOffsets: boolean;
}

/** Reads what a loop needs to know of a ring. */
export function ringSide(memory: Memory, ring: Ring): RingSide {
  const { i32, u8 } = memory;
  const { word, numSlots, bufSize, bufCount } = ring;
  return {
    ring,
    memory,
    i32,
    u8,
    word,
    numSlots,
    bufBase: ring.bufferOffset(0) >>> 2,
    bufWords: bufSize >>> 2,
    bufCount,
    hasOffsets: (i32[word + RING_OFFSET_MASK] | i32[word + RING_OFFSET_MASK_HI]) !== 0,
  };
}

/** All receive rings of a port, those of the host last. */
export function rxSides(port: Port): RingSide[] {
  return [...port.rxRings, ...port.hostRxRings].map((ring) => ringSide(port.memory, ring));
}

/** All transmit rings of a port, those towards the host last. */
export function txSides(port: Port): RingSide[] {
  return [...port.txRings, ...port.hostTxRings].map((ring) => ringSide(port.memory, ring));
}
