/**
 * Rings and slots as the classic applications take them in `-C`.
 *
 * @module
 */

import { UsageError } from "./arguments.ts";
import { wholeNumber } from "./letters.ts";

/** Rings and slots; 0 leaves the choice to netmap. */
export interface RingConfig {
  /** Slots of a transmit ring. */
  readonly txSlots: number;
  /** Slots of a receive ring. */
  readonly rxSlots: number;
  /** Transmit rings. */
  readonly txRings: number;
  /** Receive rings. */
  readonly rxRings: number;
}

/**
 * Reads `TX-SLOTS[,RX-SLOTS[,TX-RINGS[,RX-RINGS]]]`; what is left out is as the one before it.
 *
 * @param text as written; empty leaves everything to netmap
 * @throws {UsageError} when it is none
 */
export function parseRingConfig(text: string): RingConfig {
  const [slots = 0, rxSlots = slots, rings = 0, rxRings = rings] = parseNumbers(text, 4);
  return { txSlots: slots, rxSlots, txRings: rings, rxRings };
}

/**
 * Reads numbers with commas between.
 *
 * @param text as written
 * @param most how many at most
 * @throws {UsageError} when they are none, or more
 */
export function parseNumbers(text: string, most: number): number[] {
  const parts = text === "" ? [] : text.split(",");
  if (parts.length > most) {
    throw new UsageError(`Cannot use '-C ${text}': give at most ${most} numbers`);
  }
  return parts.map((part) => wholeNumber(part, "-C", 0, 0xffff));
}
