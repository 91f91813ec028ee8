/**
 * Receives sequence frames and checks each: its content to the last byte, that it was meant for this
 * receiver, and that its source's frames come in order, none of them twice.
 *
 * That none is missing shows in the counts: what sources owe this receiver, less what came, has to be
 * what the switch counted as dropped. With the order checked, no frame can stand in for another.
 *
 * @module
 */

import type { Ring } from "@netmap/core";
import {
  flowReceivers,
  flowSource,
  type FlowTable,
  frameFlow,
  frameSequence,
  isFrame,
} from "./sequence_frame.ts";

/** What can be wrong with a frame. */
export type Fault = "content" | "receiver" | "order" | "duplicate";

const SENTENCES: Readonly<Record<Fault, string>> = {
  content: "is not as it was sent",
  receiver: "was not meant for this port",
  order: "comes after a later one of its source",
  duplicate: "comes twice",
};

/** A receiver of sequence frames. */
export class FrameChecker {
  /** Frames that came, right or wrong. */
  packets = 0;
  /** Their bytes. */
  bytes = 0;
  /** How many frames were wrong, by what was wrong with them. */
  readonly faults: Record<Fault, number> = { content: 0, receiver: 0, order: 0, duplicate: 0 };
  /** A sentence about the first one. */
  firstFault = "";
  readonly #table: FlowTable;
  readonly #bit: number;
  /** The sequence number that came last, by source, and whether one came at all. */
  readonly #last: Int32Array;
  readonly #started: Uint8Array;
  readonly #name: string;

  /**
   * @param table the flows
   * @param receiver this receiver's number
   * @param name this receiver's name, for sentences
   */
  constructor(table: FlowTable, receiver: number, name: string) {
    let sources = 0;
    for (let flow = 0; flow < table.count; flow++) {
      sources = Math.max(sources, flowSource(table, flow) + 1);
    }
    this.#table = table;
    this.#bit = 1 << receiver;
    this.#last = new Int32Array(sources);
    this.#started = new Uint8Array(sources);
    this.#name = name;
  }

  /** Frames with something wrong. */
  get faultCount(): number {
    return Object.values(this.faults).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Checks all frames of a ring and gives their slots back; the caller syncs before.
   *
   * @param ring a receive ring
   * @param i32 the region that its buffers are in
   * @returns frames that there were
   */
  drain(ring: Ring, i32: Int32Array): number {
    const count = ring.space();
    let bytes = 0;
    let i = ring.head;
    for (let left = count; left > 0; left--) {
      const length = ring.len(i);
      this.check(i32, ring.bufOffset(i) >>> 2, length);
      bytes += length;
      i = ring.next(i);
    }
    ring.head = ring.cur = i;
    this.packets += count;
    this.bytes += bytes;
    return count;
  }

  /**
   * Checks one frame, without counting it.
   *
   * @param i32 the region
   * @param w word at which the frame begins
   * @param length bytes
   * @returns whether it is right
   */
  check(i32: Int32Array, w: number, length: number): boolean {
    const table = this.#table;
    if (!isFrame(table, i32, w, length)) return this.#fault("content", i32, w, length);
    const flow = frameFlow(i32, w);
    if ((flowReceivers(table, flow) & this.#bit) === 0) {
      return this.#fault("receiver", i32, w, length);
    }
    const source = flowSource(table, flow);
    const sequence = frameSequence(i32, w);
    // Numbers go round after 2^32 frames: what counts is which way the shorter way is.
    const ahead = (sequence - this.#last[source]) | 0;
    if (ahead <= 0 && this.#started[source] === 1) {
      return this.#fault(ahead === 0 ? "duplicate" : "order", i32, w, length);
    }
    this.#started[source] = 1;
    this.#last[source] = sequence;
    return true;
  }

  #fault(fault: Fault, i32: Int32Array, w: number, length: number): false {
    this.faults[fault]++;
    if (this.firstFault === "") {
      const sequence = frameSequence(i32, w) >>> 0;
      this.firstFault = `A frame on '${this.#name}' ${SENTENCES[fault]}: ${length} bytes, ` +
        `flow ${frameFlow(i32, w)}, sequence number ${sequence}`;
    }
    return false;
  }
}
