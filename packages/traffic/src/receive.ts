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
const MORE_SHIFT = 31 - Math.clz32(MORE);

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
    if (this.#options.onPacket !== undefined || this.#count - this.packets < this.#burst) {
      return this.#takeEach(side);
    }
    const count = Math.min(ringSpace(i32, word), this.#burst);
    if (count === 0) return;
    const first = i32[word + HEAD];
    const straight = Math.min(count, numSlots - first);
    this.#sum(i32, word, first, straight);
    if (count > straight) this.#sum(i32, word, 0, count - straight);
    const end = first + count;
    ringRelease(i32, word, end >= numSlots ? end - numSlots : end);
  }

  /** Counts slots that do not go around the end. */
  #sum(i32: Int32Array, word: number, from: number, count: number): void {
    let s = (word + SLOTS + LEN_FLAGS + (from << 2)) | 0;
    const end = (s + (count << 2)) | 0;
    let bytes = 0;
    let unfinished = 0;
    for (; s < end; s = (s + 4) | 0) {
      const lenFlags = i32[s];
      bytes += lenFlags & 0xffff;
      unfinished += (lenFlags & MORE) >>> MORE_SHIFT;
    }
    this.bytes += bytes;
    this.packets += count - unfinished;
  }

  /** The same, slot by slot, where somebody looks or the end is near. */
  #takeEach(side: RingSide): void {
    const { i32, word, numSlots } = side;
    const { onPacket } = this.#options;
    let i = i32[word + HEAD];
    let left = Math.min(ringSpace(i32, word), this.#burst);
    for (; left > 0 && this.packets < this.#count; left--) {
      const lenFlags = i32[word + SLOTS + LEN_FLAGS + (i << 2)];
      if (onPacket !== undefined) onPacket(side, i);
      this.bytes += lenFlags & 0xffff;
      if ((lenFlags & MORE) === 0) this.packets++;
      i = i + 1 === numSlots ? 0 : i + 1;
    }
    ringRelease(i32, word, i);
  }
}
