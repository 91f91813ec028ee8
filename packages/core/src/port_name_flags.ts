/**
 * The flags of a registration that a port name can hold.
 *
 * @module
 */

import {
  NR_EXCLUSIVE,
  NR_MONITOR_RX,
  NR_MONITOR_TX,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
  NR_ZCOPY_MON,
} from "./abi/constants.ts";

/** The letters after `/`, in the order in which they are written. */
export const FLAG_LETTERS: readonly (readonly [letter: string, flag: number])[] = [
  ["x", NR_EXCLUSIVE],
  ["z", NR_ZCOPY_MON],
  ["t", NR_MONITOR_TX],
  ["r", NR_MONITOR_RX],
  ["R", NR_RX_RINGS_ONLY],
  ["T", NR_TX_RINGS_ONLY],
];
