/**
 * The state of a socket that receives: plain data, which `socket.ts` makes and `receive.ts` and
 * `big_frame.ts` work on.
 *
 * @module
 */

import type { Mapping } from "@netmap/core";
import type { Superframe } from "../offload/segment.ts";

// struct tpacket2_hdr, in words.
export const TP_STATUS = 0;
export const TP_LEN = 1;
export const TP_SNAPLEN = 2;
export const TP_MAC_NET = 3;
export const TP_VLAN_TCI_TPID = 6;

/** A received frame that needs more than a copy, and how far it was given out. */
export interface BigFrame {
  /** Where it is. */
  readonly memory: Mapping;
  /** Whether there is one. */
  loaded: boolean;
  /** First byte, and length. */
  at: number;
  length: number;
  /** How it is cut, where it is a superframe. */
  readonly superframe: Superframe;
  isSuperframe: boolean;
  /** Next part. */
  part: number;
  /** What was given out of it, for counters. */
  packets: number;
  bytes: number;
}

/** A socket to receive from, and where we are in its ring. */
export interface RxSocket {
  /** The socket. */
  readonly fd: number;
  /** Its ring. */
  readonly frames: Mapping;
  /** Bytes of a frame of the ring, and how many there are. */
  readonly frameBytes: number;
  readonly numFrames: number;
  /** Whether the kernel leaves out what we and others send. */
  readonly ignoresOutgoing: boolean;
  /** Next frame of the ring. */
  next: number;
  /** Frames taken since the ring was last empty: as many as it has mean that it was full. */
  taken: number;
  /** An error that a read has met, until it is asked for. */
  error: number;
  /** A frame that needs more than a copy. */
  readonly big: BigFrame;
}
