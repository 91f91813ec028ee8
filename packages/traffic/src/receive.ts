/**
 * Receiving packets and counting them.
 *
 * @module
 */

import {
  EINVAL,
  NetmapError,
  NS_MOREFRAG,
  POLLIN,
  type Port,
  RING_HEAD,
  RING_SLOTS,
  ringRelease,
  ringSpace,
  SLOT_LEN_FLAGS,
} from "@netmap/core";
import { Turns, waitForAny } from "./internal/turns.ts";
import { type RingSide, rxSides } from "./ring_side.ts";

const HEAD = RING_HEAD;
const SLOTS = RING_SLOTS;
const LEN_FLAGS = SLOT_LEN_FLAGS;
const MORE = NS_MOREFRAG << 16;

/** How to receive. */
export interface ReceiveOptions {
  /** Packets in all; no end when silent. */
  readonly count?: number;
  /** Slots taken from a ring in one go; 512 when silent. */
  readonly burst?: number;
  /** Ends when there is nothing at the first look. */
  readonly untilEmpty?: boolean;
  /** Told of every slot before it goes back. For looking, not for speed. */
  readonly onPacket?: (side: RingSide, slot: number) => void;
}

/** A receiver. It does not own its port. */
export interface Receiver {
  /** Packets that came. */
  readonly packets: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Batches that were not empty. */
  readonly batches: number;
  /** One look at all rings. @returns packets that came */
  step(): number;
  /** Receives until `count` is reached or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Receives from all rings of a port.
 *
 * @param port where
 * @param options how many
 * @throws {NetmapError} EINVAL when the port has no receive rings
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * import { receive } from "@netmap/traffic";
 * async function count(device: NetmapDevice, signal: AbortSignal): Promise<number> {
 *   using port = openPort(device, "vale0:b");
 *   const receiver = receive(port);
 *   await receiver.run(signal);
 *   return receiver.packets;
 * }
 * ```
 */
export function receive(port: Port, options: ReceiveOptions = {}): Receiver {
  return new Counter(port, options);
}

class Counter implements Receiver {
  packets = 0;
  bytes = 0;
  batches = 0;
  readonly #port: Port;
  readonly #options: ReceiveOptions;
  readonly #sides: readonly RingSide[];
  readonly #count: number;
  readonly #burst: number;

  constructor(port: Port, options: ReceiveOptions) {
    this.#port = port;
    this.#options = options;
    this.#sides = rxSides(port);
    this.#count = options.count ?? Infinity;
    this.#burst = options.burst ?? 512;
    if (this.#sides.length === 0) {
      throw new NetmapError(EINVAL, `Cannot receive on '${port.name}' as it has no receive rings`);
    }
  }

  step(): number {
    this.#port.rxsync();
    const before = this.packets;
    for (let n = 0; n < this.#sides.length; n++) this.#take(this.#sides[n]);
    if (this.packets > before) this.batches++;
    return this.packets - before;
  }

  async run(signal: AbortSignal): Promise<void> {
    const turns = new Turns();
    while (!signal.aborted && this.packets < this.#count) {
      if (this.step() === 0) {
        if (this.#options.untilEmpty === true && this.packets === 0) return;
        await waitForAny([[this.#port, POLLIN]], signal);
      }
      if (turns.isOver(performance.now())) await turns.pass();
    }
    // What was read goes back now.
    if (!this.#port.closed) this.#port.rxsync();
  }

  #take(side: RingSide): void {
    const { i32, word, numSlots } = side;
    const { onPacket } = this.#options;
    const base = (word + SLOTS + LEN_FLAGS) | 0;
    const wanted = this.#count - this.packets;
    let left = Math.min(ringSpace(i32, word), this.#burst) | 0;
    let i = i32[word + HEAD] | 0;
    let bytes = 0;
    let packets = 0;
    for (; left > 0 && packets < wanted; left--) {
      const lenFlags = i32[(base + (i << 2)) | 0];
      if (onPacket !== undefined) onPacket(side, i);
      bytes += lenFlags & 0xffff;
      if ((lenFlags & MORE) === 0) packets++;
      i = i + 1 === numSlots ? 0 : (i + 1) | 0;
    }
    ringRelease(i32, word, i);
    this.bytes += bytes;
    this.packets += packets;
  }
}
