/**
 * What stands between a netmap port and the way in which its interface is reached. netmap calls
 * these native and emulated mode; here they are drivers behind one interface.
 *
 * ```
 *    NicAdapter, nicKind      rings, interrupts, link state: the same for all
 *    ---------------------------------------------  NicDriver / OpenNic
 *    af_packet   (af_xdp, tap: to come)
 * ```
 *
 * @module
 */

import type { DataPath } from "@netmap/engine";
import type { InterfaceInfo } from "./interfaces.ts";

/** All slots were sent, or dropped and counted. */
export const TX_DONE = 0;
/** The interface takes no more now: its descriptor says POLLOUT when it does. */
export const TX_FULL = 1;
/** The interface takes no more now, and will not say when it does: try again soon. */
export const TX_LATER = 2;
/** The interface is down or gone. */
export const TX_DOWN = 3;

/** What an interface is opened with. */
export interface NicOpenOptions {
  /** Rings in each direction. */
  readonly rings: number;
  /** Bytes of a netmap buffer. */
  readonly bufBytes: number;
  /** Whether frames for other addresses are wanted as well. */
  readonly promiscuous: boolean;
  /** Frames that wait between the interface and a receive ring. */
  readonly backlog: number;
}

/** An interface that a driver has opened. Its functions run in the engine's own thread. */
export interface OpenNic {
  /** What users are shown: `af_packet`. */
  readonly description: string;
  /** Descriptor that is readable when a receive ring has packets. */
  rxFd(ring: number): number;
  /** Descriptor that is writable when a transmit ring's packets are taken; may be the same. */
  txFd(ring: number): number;
  /**
   * Sends the slots from hwcur to rhead; moves hwcur and hwtail.
   *
   * @returns `TX_*`: why it stopped
   */
  txsync(dp: DataPath, k: number): number;
  /** Fills free slots from hwtail on with packets, until there are no more of one or the other. */
  rxsync(dp: DataPath, k: number): void;
  /** Takes the error that a descriptor reports by POLLERR away. @returns its errno, 0 for none */
  takeError(ring: number): number;
  /** Gives back everything; the interface is as it was before. Closing twice is harmless. */
  close(): void;
}

/** A way to reach interfaces. */
export interface NicDriver {
  /** Its name in options and messages. */
  readonly name: string;
  /** Rings that a port may have in each direction. */
  readonly maxRings: number;
  /** Slots that a ring may have. */
  readonly maxSlots: number;
  /**
   * Opens an interface.
   *
   * @throws {NetmapError} EPERM without the privilege, ENXIO when the interface is gone
   */
  open(info: InterfaceInfo, options: NicOpenOptions): OpenNic;
}
