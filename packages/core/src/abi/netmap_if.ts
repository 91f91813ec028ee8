/**
 * A bound port in mapped memory: how many rings it has and where each of them is.
 *
 * ```
 *   word                                    bytes
 *      0  +-----------------------+             0
 *         | ni_name[16]           |
 *      4  | ni_version   ni_flags |            16
 *      6  | tx_rings     rx_rings |            24
 *      8  | bufs_head    host_tx  |            32
 *     10  | host_rx      .        |            40
 *     12  | .            .        |            48
 *     14  +=======================+            56
 *         | ring_ofs[0]           |  bytes from here to the ring, i64 each:
 *     16  | ring_ofs[1]           |  tx, host tx, rx, host rx
 *         :                       :
 * ```
 *
 * @module
 */

import { IFNAMSIZ } from "./constants.ts";
import {
  array,
  chars,
  defineStruct,
  i64,
  reserved,
  type StructArray,
  type StructLayout,
  u32,
} from "./struct.ts";

/** First word of `ni_name`. */
export const IF_NAME = 0;
/** Word of `ni_version`. */
export const IF_VERSION = 4;
/** Word of `ni_flags`. */
export const IF_FLAGS = 5;
/** Word of `ni_tx_rings`. */
export const IF_TX_RINGS = 6;
/** Word of `ni_rx_rings`. */
export const IF_RX_RINGS = 7;
/** Word of `ni_bufs_head`. */
export const IF_BUFS_HEAD = 8;
/** Word of `ni_host_tx_rings`. */
export const IF_HOST_TX_RINGS = 9;
/** Word of `ni_host_rx_rings`. */
export const IF_HOST_RX_RINGS = 10;
/** Low word of `ring_ofs[0]`. */
export const IF_RING_OFS = 14;
/** Words of an entry of `ring_ofs`. */
export const IF_RING_OFS_WORDS = 2;

/** `struct netmap_if`. */
export interface NetmapIf {
  /** The port, cut to 15 bytes. */
  name: string;
  /** The API version. */
  version: number;
  /** NI_PRIV_MEM. */
  flags: number;
  /** Transmit rings, those of the host not counted. */
  txRings: number;
  /** Receive rings, those of the host not counted. */
  rxRings: number;
  /** First buffer of the list of extra buffers; 0 ends it. */
  bufsHead: number;
  /** Transmit rings towards the host stack. */
  hostTxRings: number;
  /** Receive rings from the host stack. */
  hostRxRings: number;
  /** Bytes from this struct to each ring: tx, host tx, rx, host rx. */
  readonly ringOfs: StructArray<number>;
}

/** Table of `struct netmap_if`; the offsets of the rings follow its 56 bytes. */
export const NETMAP_IF: StructLayout<NetmapIf> = defineStruct<NetmapIf>("netmap_if", {
  name: chars("ni_name", IFNAMSIZ),
  version: u32("ni_version"),
  flags: u32("ni_flags"),
  txRings: u32("ni_tx_rings"),
  rxRings: u32("ni_rx_rings"),
  bufsHead: u32("ni_bufs_head"),
  hostTxRings: u32("ni_host_tx_rings"),
  hostRxRings: u32("ni_host_rx_rings"),
  _spare1: reserved(u32("ni_spare1"), 3),
  ringOfs: array(i64("ring_ofs"), 0),
});
