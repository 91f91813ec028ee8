/**
 * Scratch memory of a thread that forwards: the packets of a batch, and a queue for each ring that
 * gets some of them.
 *
 * ```
 *   packets   | idx | len | next | slot |  4 words a fragment, in the order of the source ring
 *   queues    | head | tail | slots | packets | kring |  a destination ring each, and one for broadcasts
 *
 *   queue ---> packet ---> packet ---> packet        linked through next; a packet's other fragments
 *                |          |                        stand behind its first one
 *                +frag      +frag
 * ```
 *
 * It is made once a thread (and once more for each depth in which a notification forwards again)
 * and holds nothing between two batches.
 *
 * @module
 */

import type { DataPath } from "@netmap/engine";
import type { Memory } from "@netmap/core";
import { BROADCAST } from "../layout.ts";

/** Slots of a batch (`NM_BDG_BATCH`). Measured: 128 to 1024 are as fast, 64 and less are slower. */
export const BATCH = 1024;
/** Most fragments of a packet (`NETMAP_MAX_FRAGS`). */
export const MAX_FRAGS = 64;

/** Words of a fragment. */
export const PK_WORDS = 4;
export const PK_SHIFT = 2;
/** Its buffer, checked. */
export const PK_IDX = 0;
/** Its length (16 bits), the fragments of its packet (8 bits, in the first alone), PK_STAYS. */
export const PK_LEN = 1;
/** The queue's next packet, NIL at the end. */
export const PK_NEXT = 2;
/** Word of its slot. */
export const PK_SLOT = 3;
/** Where the count of fragments stands in PK_LEN. */
export const PK_FRAGS_SHIFT = 16;
/** The packet's buffer stays with the sender in swap mode too. */
export const PK_STAYS: number = 1 << 24;
/** End of a list. */
export const NIL = -1;

/** No packet of the batch went to a destination yet. */
export const UNASKED = -2;

/** Words of a queue. */
export const Q_WORDS = 8;
export const Q_HEAD = 0;
export const Q_TAIL = 1;
export const Q_SLOTS = 2;
export const Q_PACKETS = 3;
/** The kring that it goes to; 0 while it is not in use. */
export const Q_KRING = 4;
/** Not 0 when the receiver has something new and was not told yet. */
export const Q_NEWS = 5;
/** Rings that a port may have: queues of a port stand side by side. */
export const Q_RINGS = 16;
/** The queue of broadcasts. */
export const BROADCAST_QUEUE: number = BROADCAST * Q_RINGS * Q_WORDS;

/** A piece of a receive ring, and the memory behind it. */
export interface Target {
  /** Memory of the ring. */
  memory: Memory;
  /** Word of slot 0, slots, word of buffer 0, words a buffer, how many there are. */
  slots: number;
  numSlots: number;
  bufBase: number;
  bufWords: number;
  numBufs: number;
  /** The lease's first slot, and its slots. */
  start: number;
  count: number;
  /** Whether verdicts count. */
  judged: boolean;
}

/** What is left for a receiver, and what it cannot take. */
export interface Remaining {
  slots: number;
  packets: number;
  tooLong: number;
  offload: number;
}

/** Scratch memory for one batch at a time. */
export class Batch {
  /** Fragments. */
  readonly packets: Int32Array = new Int32Array((BATCH + MAX_FRAGS) * PK_WORDS);
  /** Queues by port and ring. */
  readonly queues: Int32Array = new Int32Array((BROADCAST + 1) * Q_RINGS * Q_WORDS);
  /** Queues in use, the broadcasts' apart. */
  readonly used: Int32Array = new Int32Array(BROADCAST * Q_RINGS);
  /** How many are in use. */
  usedCount = 0;
  /** The queue of each destination on the sender's own ring; UNASKED before the first packet to it. */
  readonly queueOf: Int32Array = new Int32Array(BROADCAST + 1).fill(UNASKED);
  /** Destinations in `queueOf`. */
  readonly asked: Int32Array = new Int32Array(BROADCAST + 1);
  askedCount = 0;
  /** Bytes from its buffer's start to each fragment; only where the ring has offsets. */
  readonly offsets: Int32Array = new Int32Array(BATCH + MAX_FRAGS);
  /** Why a packet is not for the ring at hand: see `judge.ts`. By its first fragment. */
  readonly verdicts: Uint8Array = new Uint8Array(BATCH + MAX_FRAGS);

  /** The receiver at hand. */
  readonly target: Target;
  readonly left: Remaining = { slots: 0, packets: 0, tooLong: 0, offload: 0 };

  /** The switch. */
  s = 0;
  /** The kring that sends, its port, that port's number and its ring's. */
  k = 0;
  p = 0;
  port = 0;
  ring = 0;
  /** Memory of the source ring. */
  memory: Memory;
  /** Source ring: word of slot 0, slots, word of buffer 0, words a buffer, how many there are. */
  slots = 0;
  numSlots = 0;
  bufBase = 0;
  bufWords = 0;
  numBufs = 0;
  /** Bytes of virtio-net header before each frame. */
  header = 0;
  /** Whether packets begin inside their buffers. */
  hasOffsets = false;
  /** Seconds. */
  now = 0;

  /** Where {@link takePacket} left off, and what it found. */
  nextSlot = 0;
  frameWord = 0;
  frameShift = 0;
  frameBytes = 0;
  packetBytes = 0;

  /** Whether some packet's buffer stays with the sender (PK_STAYS). */
  stays = false;

  /** Where copying stands: the next unicast and the next broadcast packet. */
  unicast: number = NIL;
  broadcast: number = NIL;
  /** What copying did. */
  copiedBytes = 0;
  copiedPackets = 0;
  badBuffers = 0;
  tooLong = 0;

  constructor(memory: Memory) {
    this.memory = memory;
    this.target = {
      memory,
      slots: 0,
      numSlots: 0,
      bufBase: 0,
      bufWords: 0,
      numBufs: 0,
      start: 0,
      count: 0,
      judged: false,
    };
    this.clear();
  }

  /** Empties all queues. */
  clear(): void {
    for (let i = 0; i < this.usedCount; i++) this.queues[this.used[i] + Q_KRING] = 0;
    this.usedCount = 0;
    for (let i = 0; i < this.askedCount; i++) this.queueOf[this.asked[i]] = UNASKED;
    this.askedCount = 0;
    this.stays = false;
    this.queues[BROADCAST_QUEUE + Q_HEAD] = NIL;
    this.queues[BROADCAST_QUEUE + Q_SLOTS] = 0;
    this.queues[BROADCAST_QUEUE + Q_PACKETS] = 0;
  }
}

/** Bytes from its buffer's start to a fragment. */
export function offsetOf(b: Batch, i: number): number {
  return b.hasOffsets ? b.offsets[i] : 0;
}

const pool: Batch[] = [];
let depth = 0;

/** Takes scratch memory; give it back with {@link returnBatch}, the last taken first. */
export function borrowBatch(dp: DataPath, k: number): Batch {
  const memory = dp.regionOf(k);
  if (depth === pool.length) pool.push(new Batch(memory));
  const b = pool[depth++];
  b.memory = memory;
  return b;
}

/** Gives the scratch memory back that was taken last. */
export function returnBatch(): void {
  depth--;
}
