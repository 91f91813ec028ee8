/**
 * Rings and slots in mapped memory.
 *
 * ```
 *   word                                            bytes
 *      0  +---------------------------+                 0
 *         | buf_ofs                   |  from this ring to buffer 0
 *      2  | num_slots    nr_buf_size  |                 8
 *      4  | ringid|dir   head         |                16
 *      6  | cur          tail         |                24
 *      8  | flags        .            |                32
 *     10  | ts: seconds               |                40
 *     12  | ts: microseconds          |                48
 *     14  | offset_mask               |                56
 *     16  | buf_align                 |                64
 *         | .                         |
 *     32  +---------------------------+               128
 *         | sem: opaque, 128 bytes    |
 *     64  +===========================+               256
 *         | buf_idx   | len  | flags  |  slot 0
 *         | ptr                       |
 *     68  +---------------------------+               272
 *         | buf_idx   | len  | flags  |  slot 1
 *         | ptr                       |
 *         :                           :  num_slots of them
 *
 *          head      cur             tail
 *   slots ... | user's, to be given | ... the device's ...
 * ```
 *
 * The user moves `head` and `cur`, the device moves `tail`; all wrap at `num_slots`. A word that the
 * other side may write at that moment is read with `Atomics.load`.
 *
 * @module
 */

import { NM_CACHE_ALIGN } from "./constants.ts";
import {
  aligned,
  array,
  bits64,
  defineStruct,
  i64,
  nested,
  reserved,
  type StructArray,
  type StructLayout,
  u16,
  u32,
  u64,
  u8,
} from "./struct.ts";

/** Words of a slot. */
export const SLOT_WORDS = 4;
/** Word of `buf_idx` in a slot. */
export const SLOT_BUF_IDX = 0;
/** Word of `len` (low 16 bits) and `flags` (high 16 bits) in a slot. */
export const SLOT_LEN_FLAGS = 1;
/** Word of the low half of `ptr` in a slot. */
export const SLOT_PTR_LO = 2;
/** Word of the high half of `ptr` in a slot. */
export const SLOT_PTR_HI = 3;
/** 16-bit halves of a slot. */
export const SLOT_HALVES = 8;
/** Half of `len` in a slot. */
export const SLOT_LEN = 2;
/** Half of `flags` in a slot. */
export const SLOT_FLAGS = 3;

/** Word of the low half of `buf_ofs`. */
export const RING_BUF_OFS = 0;
/** Word of the high half of `buf_ofs`. */
export const RING_BUF_OFS_HI = 1;
/** Word of `num_slots`. */
export const RING_NUM_SLOTS = 2;
/** Word of `nr_buf_size`. */
export const RING_BUF_SIZE = 3;
/** Word of `ringid` (low 16 bits) and `dir` (high 16 bits). */
export const RING_RINGID_DIR = 4;
/** Word of `head`. */
export const RING_HEAD = 5;
/** Word of `cur`. */
export const RING_CUR = 6;
/** Word of `tail`. */
export const RING_TAIL = 7;
/** Word of `flags`. */
export const RING_FLAGS = 8;
/** Word of the seconds of `ts`; 4 words, two a member. */
export const RING_TS = 10;
/** Word of the low half of `ts.tv_usec`. */
export const RING_TS_USEC = 12;
/** Word of the low half of `offset_mask`. */
export const RING_OFFSET_MASK = 14;
/** Word of the high half of `offset_mask`. */
export const RING_OFFSET_MASK_HI = 15;
/** Word of the low half of `buf_align`. */
export const RING_BUF_ALIGN = 16;
/** First word of `sem`. */
export const RING_SEM = 32;
/** First word of slot 0. */
export const RING_SLOTS = 64;
/** First 16-bit half of slot 0. */
export const RING_SLOTS_HALF = 128;
/** `dir` of a transmit ring. */
export const RING_DIR_TX = 0;
/** `dir` of a receive ring. */
export const RING_DIR_RX = 1;

/** `struct netmap_slot`. */
export interface NetmapSlot {
  /** The buffer. */
  bufIdx: number;
  /** Bytes of the packet in this slot. */
  len: number;
  /** NS_*. */
  flags: number;
  /** Address of an indirect buffer, or the packet's offset in its buffer. */
  ptr: bigint;
}

/** Table of `struct netmap_slot`. */
export const NETMAP_SLOT: StructLayout<NetmapSlot> = defineStruct<NetmapSlot>("netmap_slot", {
  bufIdx: u32("buf_idx"),
  len: u16("len"),
  flags: u16("flags"),
  ptr: bits64("ptr"),
});

/** `struct timeval`. */
export interface Timeval {
  /** Seconds. */
  sec: number;
  /** Microseconds. */
  usec: number;
}

/** Table of `struct timeval`, as 64-bit systems have it. */
export const TIMEVAL: StructLayout<Timeval> = defineStruct<Timeval>("timeval", {
  sec: i64("tv_sec"),
  usec: i64("tv_usec"),
});

/** `struct netmap_ring`. */
export interface NetmapRing {
  /** Bytes from the ring to buffer 0 of its region. */
  bufOfs: number;
  /** Slots. */
  numSlots: number;
  /** Bytes of a buffer. */
  bufSize: number;
  /** The ring's number among those of its direction. */
  ringid: number;
  /** RING_DIR_TX or RING_DIR_RX. */
  dir: number;
  /** First slot that the user still holds. */
  head: number;
  /** Slot past which the user wants `tail` to be, to wake up. */
  cur: number;
  /** First slot that is the device's. */
  tail: number;
  /** NR_TIMESTAMP, NR_FORWARD. */
  flags: number;
  /** When the last sync was, with NR_TIMESTAMP. */
  ts: Timeval;
  /** The bits of `ptr` that hold an offset; 0 without offsets. */
  offsetMask: bigint;
  /** Alignment in bytes that packets to send must have. */
  bufAlign: number;
  /** The slots. */
  readonly slot: StructArray<NetmapSlot>;
}

/** Table of `struct netmap_ring`; the slots follow its 256 bytes. */
export const NETMAP_RING: StructLayout<NetmapRing> = defineStruct<NetmapRing>("netmap_ring", {
  bufOfs: i64("buf_ofs"),
  numSlots: u32("num_slots"),
  bufSize: u32("nr_buf_size"),
  ringid: u16("ringid"),
  dir: u16("dir"),
  head: u32("head"),
  cur: u32("cur"),
  tail: u32("tail"),
  flags: u32("flags"),
  ts: nested("ts", TIMEVAL),
  offsetMask: bits64("offset_mask"),
  bufAlign: u64("buf_align"),
  _sem: aligned(NM_CACHE_ALIGN, reserved(u8("sem"), 128)),
  slot: array(nested("slot", NETMAP_SLOT), 0),
});
