/**
 * Flags of a slot where they stand in its second word, above the length.
 *
 * @module
 */

import { NS_BUF_CHANGED, NS_INDIRECT, NS_MOREFRAG } from "@netmap/core";

/** The slot has another buffer than before. */
export const BUF_CHANGED: number = NS_BUF_CHANGED << 16;
/** The data is at an address of the sender's memory. */
export const INDIRECT: number = NS_INDIRECT << 16;
/** The packet goes on in the next slot. */
export const MOREFRAG: number = NS_MOREFRAG << 16;
