/**
 * Sends sequence frames: fills a transmit ring with the frames of a plan, one after the other, over and
 * over, numbered through.
 *
 * @module
 */

import type { Ring } from "@netmap/core";
import { flowLength, flowReceivers, type FlowTable, writeFrame } from "./sequence_frame.ts";

/** A source of sequence frames. */
export class FrameGenerator {
  /** Frames written so far. */
  packets = 0;
  /** Their bytes. */
  bytes = 0;
  readonly #table: FlowTable;
  readonly #plan: Int32Array;
  #at = 0;
  #sequence: number;
  /** How often the whole plan was sent. */
  #turns = 0;

  /**
   * @param table the flows
   * @param plan numbers of flows, in the order in which their frames are sent
   * @param sequence number of the first frame, modulo 2^32
   */
  constructor(table: FlowTable, plan: readonly number[], sequence: number = 0) {
    if (plan.length === 0) throw new RangeError("A plan needs a flow");
    this.#table = table;
    this.#plan = Int32Array.from(plan);
    this.#sequence = sequence | 0;
  }

  /**
   * Fills slots and gives them to the device; the caller syncs.
   *
   * @param ring a transmit ring
   * @param i32 the region that its buffers are in
   * @param max frames at most
   * @returns frames written: `max`, or what the ring had room for
   */
  fill(ring: Ring, i32: Int32Array, max: number): number {
    const plan = this.#plan;
    const table = this.#table;
    const count = Math.min(max, ring.space());
    let bytes = 0;
    let at = this.#at;
    let sequence = this.#sequence;
    let i = ring.head;
    for (let left = count; left > 0; left--) {
      const length = writeFrame(table, plan[at], sequence, i32, ring.bufOffset(i) >>> 2);
      ring.setSlot(i, length, 0);
      bytes += length;
      sequence = (sequence + 1) | 0;
      if (++at === plan.length) {
        at = 0;
        this.#turns++;
      }
      i = ring.next(i);
    }
    ring.head = ring.cur = i;
    this.#at = at;
    this.#sequence = sequence;
    this.packets += count;
    this.bytes += bytes;
    return count;
  }

  /**
   * How many of the frames have to come to a receiver, or be dropped where the counters say so.
   *
   * @param receiver its number
   */
  owed(receiver: number): { readonly packets: number; readonly bytes: number } {
    let packets = 0;
    let bytes = 0;
    this.#plan.forEach((flow, step) => {
      if ((flowReceivers(this.#table, flow) >> receiver & 1) === 0) return;
      const times = this.#turns + (step < this.#at ? 1 : 0);
      packets += times;
      bytes += times * flowLength(this.#table, flow);
    });
    return { packets, bytes };
  }
}
