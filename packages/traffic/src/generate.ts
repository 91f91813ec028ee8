/**
 * Sending packets as fast as a port takes them, or at a rate.
 *
 * ```
 *   PacketSource --> slots --> head ......... tail      queued: given to the ring
 *                                  `- pending -'        completed: queued less what is pending
 * ```
 *
 * Invariant: `completed` counts what the device is done with, and only that. A buffer is written when
 * it is not known to hold the packet: each slot remembers which buffer it filled last, so that whoever
 * takes buffers away (a swapping switch, a bridge) gets each one filled anew, and nobody else pays.
 *
 * @module
 */

import {
  EINVAL,
  EMSGSIZE,
  NetmapError,
  NS_MOREFRAG,
  POLLOUT,
  type Port,
  RING_HEAD,
  RING_SLOTS,
  ringRelease,
  ringSpace,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
} from "@netmap/core";
import { Turns, waitForAny } from "./internal/turns.ts";
import { Pacer } from "./pacer.ts";
import { type PacketOptions, PacketSource } from "./packet_source.ts";
import { type RingSide, txSides } from "./ring_side.ts";

const HEAD = RING_HEAD;
const SLOTS = RING_SLOTS;
const BUF_IDX = SLOT_BUF_IDX;
const LEN_FLAGS = SLOT_LEN_FLAGS;
const MORE = NS_MOREFRAG << 16;

/** Below this a timer is too coarse to wait with, in milliseconds. */
const SHORT_MS = 2;

/** How to send. */
export interface GenerateOptions {
  /** What to send; a packet of 60 bytes when silent. */
  readonly packet?: PacketOptions;
  /** Frames to send in turn instead of building packets. */
  readonly frames?: readonly Uint8Array[];
  /** Packets in all; no end when silent. */
  readonly count?: number;
  /** Packets a sync at most; 512 when silent. */
  readonly burst?: number;
  /** Packets a second; as many as the port takes when silent. */
  readonly rate?: number;
  /** Slots of a packet, 1 to 63. */
  readonly fragments?: number;
  /** Bytes of each of them but the last; the packet's length by their number when silent. */
  readonly fragmentSize?: number;
  /** Sends what the buffers hold, without writing packets into them. */
  readonly raw?: boolean;
  /** Writes every packet, also into buffers that are known to hold it. */
  readonly copy?: boolean;
  /** Told of every packet that was queued: first slot, and the ring. For looking, not for speed. */
  readonly onPacket?: (side: RingSide, slot: number) => void;
}

/** A sender. It does not own its port. */
export interface Generator {
  /** Packets that were given to the rings. */
  readonly queued: number;
  /** Packets that the rings have completed. */
  readonly completed: number;
  /** Bytes of the packets that the rings have completed. */
  readonly bytes: number;
  /** Syncs. */
  readonly batches: number;
  /** One batch, if there is room and one is due. @returns packets that were queued */
  step(): number;
  /** Sends until `count` is reached and completed, or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Sends packets on all transmit rings of a port, in turn.
 *
 * @param port where
 * @param options what, how many, how fast
 * @throws {NetmapError} EINVAL for options that cannot be, EMSGSIZE for packets that no slot holds
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * import { generate } from "@netmap/traffic";
 * async function send(device: NetmapDevice, signal: AbortSignal): Promise<number> {
 *   using port = openPort(device, "vale0:a");
 *   const sender = generate(port, { count: 1e6, rate: 1e5, packet: { length: 128 } });
 *   await sender.run(signal);
 *   return sender.completed;
 * }
 * ```
 */
export function generate(port: Port, options: GenerateOptions = {}): Generator {
  return new Sender(port, options);
}

class Sender implements Generator {
  queued = 0;
  batches = 0;
  readonly #port: Port;
  readonly #options: GenerateOptions;
  readonly #sides: readonly RingSide[];
  /** For each ring, the buffer that each slot filled last. */
  readonly #filled: readonly Int32Array[];
  readonly #source: PacketSource;
  readonly #frames: readonly (readonly Uint8Array[])[] | null;
  readonly #burst: number;
  readonly #count: number;
  readonly #slots: number;
  readonly #allWords: number;
  #at = 0;
  #queuedBytes = 0;
  #nextFrame = 0;
  #pacer: Pacer | null = null;

  constructor(port: Port, options: GenerateOptions) {
    const { count = Infinity, burst = 512, fragments = 1, rate, frames } = options;
    this.#port = port;
    this.#options = options;
    this.#sides = txSides(port);
    if (this.#sides.length === 0) {
      throw new NetmapError(EINVAL, `Cannot send on '${port.name}' as it has no transmit rings`);
    }
    this.#filled = this.#sides.map(({ numSlots }) => new Int32Array(numSlots));
    this.#source = new PacketSource(options.packet);
    check("fragments", fragments, 1, 63);
    check("a burst", burst, 1, Infinity);
    check("a count", count, 0, Infinity);
    if (rate !== undefined) check("a rate", rate, Number.MIN_VALUE, Infinity);
    this.#slots = fragments;
    this.#allWords = (this.#source.maxLength + 15) >> 4 << 2;
    this.#count = count;
    this.#burst = rate === undefined ? burst : Math.max(1, Math.min(burst, Math.floor(rate / 300)));
    this.#frames = frames !== undefined
      ? frames.map((frame) => this.#cut(frame))
      : fragments > 1
      ? [this.#cut(this.#source.bytes.subarray(0, this.#source.length))]
      : null;
    if (this.#frames === null) this.#checkRoom(this.#source.maxLength);
    else if (fragments > 1 && this.#source.varies && frames === undefined) {
      throw new NetmapError(
        EINVAL,
        "Cannot send packets of several slots whose addresses or lengths change: leave one out",
      );
    }
  }

  get completed(): number {
    let pending = 0;
    for (const side of this.#sides) pending += pendingSlots(side);
    return Math.floor((this.queued * this.#slots - pending) / this.#slots);
  }

  get bytes(): number {
    let pending = 0;
    for (const side of this.#sides) pending += pendingBytes(side);
    return this.#queuedBytes - pending;
  }

  step(): number {
    let due = Math.min(this.#burst, this.#count - this.queued);
    if (this.#options.rate !== undefined) {
      const now = performance.now();
      this.#pacer ??= new Pacer(this.#options.rate, now);
      due = Math.min(due, this.#pacer.due(now));
    }
    if (due <= 0) return 0;
    let queued = 0;
    for (let tried = 0; tried < this.#sides.length && queued < due; tried++) {
      const side = this.#sides[this.#at];
      queued += this.#fill(side, due - queued);
      if (queued < due) this.#at = this.#at + 1 === this.#sides.length ? 0 : this.#at + 1;
    }
    this.#port.txsync();
    this.batches++;
    this.queued += queued;
    this.#pacer?.sent(queued);
    return queued;
  }

  async run(signal: AbortSignal): Promise<void> {
    const turns = new Turns();
    while (!signal.aborted && this.queued < this.#count) {
      if (this.step() === 0) {
        const now = performance.now();
        const early = this.#pacer?.wait(now) ?? 0;
        if (early > SHORT_MS) await waitForAny([], signal, early - 1);
        else if (early === 0) await waitForAny([[this.#port, POLLOUT]], signal);
      }
      if (turns.isOver(performance.now())) await turns.pass();
    }
    await this.#drain(signal);
  }

  /** Waits for what is pending, a second more when it was stopped. */
  async #drain(signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    const giveUp = (): void => void setTimeout(() => late.abort(), 1000);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
    try {
      await this.#port.drain(late.signal);
    } catch (error) {
      if (!late.signal.aborted) throw error;
    }
  }

  #fill(side: RingSide, most: number): number {
    const room = Math.floor(ringSpace(side.i32, side.word) / this.#slots);
    const count = Math.min(most, room);
    if (count <= 0) return 0;
    const first = side.i32[side.word + HEAD];
    if (this.#frames !== null) this.#fillFrames(side, count);
    else this.#fillPackets(side, count);
    const { onPacket } = this.#options;
    if (onPacket !== undefined) {
      for (let n = 0, i = first; n < count; n++) {
        onPacket(side, i);
        i = (i + this.#slots) % side.numSlots;
      }
    }
    return count;
  }

  #fillPackets(side: RingSide, count: number): void {
    const { i32, word, numSlots } = side;
    const filled = this.#filled[this.#sides.indexOf(side)];
    const source = this.#source;
    const { raw = false, copy = false } = this.#options;
    const plain = raw || (!copy && !source.varies);
    const base = (word + SLOTS) | 0;
    let i = i32[word + HEAD] | 0;
    for (let left = count | 0; left > 0;) {
      const straight = Math.min(left, numSlots - i) | 0;
      const done = plain
        ? setLengths(i32, base, i, straight, source.length, raw ? null : filled)
        : 0;
      this.#queuedBytes += done * source.length;
      if (done < straight) this.#writePacket(side, i + done, filled);
      const taken = done < straight ? done + 1 : done;
      left -= taken;
      i = i + taken === numSlots ? 0 : (i + taken) | 0;
    }
    ringRelease(i32, word, i);
  }

  /** Writes the packet into a slot's buffer: all of it where the buffer is new to the slot. */
  #writePacket(side: RingSide, i: number, filled: Int32Array): void {
    const { i32, word, bufBase, bufWords, bufCount } = side;
    const source = this.#source;
    const s = word + SLOTS + (i << 2);
    const buffer = i32[s + BUF_IDX];
    if (buffer >>> 0 < bufCount) {
      const at = side.hasOffsets ? side.ring.bufOffset(i) >>> 2 : bufBase + buffer * bufWords;
      const isKnown = filled[i] === buffer && this.#options.copy !== true;
      copyWords(source.words, i32, at, isKnown ? source.headerWords : this.#allWords);
      filled[i] = buffer;
    }
    i32[s + LEN_FLAGS] = source.length;
    this.#queuedBytes += source.length;
    if (source.varies) source.advance();
  }

  #fillFrames(side: RingSide, count: number): void {
    const { i32, u8, word, numSlots, ring } = side;
    const frames = this.#frames!;
    let i = i32[word + HEAD];
    for (let left = count; left > 0; left--) {
      const parts = frames[this.#nextFrame];
      this.#nextFrame = this.#nextFrame + 1 === frames.length ? 0 : this.#nextFrame + 1;
      for (let k = 0; k < parts.length; k++) {
        if (this.#options.raw !== true) u8.set(parts[k], ring.bufOffset(i));
        const s = word + SLOTS + (i << 2) + LEN_FLAGS;
        i32[s] = parts[k].length | (k + 1 < parts.length ? MORE : 0);
        this.#queuedBytes += parts[k].length;
        i = i + 1 === numSlots ? 0 : i + 1;
      }
    }
    ringRelease(i32, word, i);
  }

  /** A frame in as many parts as packets have slots. */
  #cut(frame: Uint8Array): Uint8Array[] {
    const { fragments = 1, fragmentSize = Infinity } = this.#options;
    const size = Math.min(fragmentSize, Math.ceil(frame.length / fragments));
    const parts = Array.from(
      { length: fragments },
      (_, k) => frame.subarray(k * size, k === fragments - 1 ? frame.length : (k + 1) * size),
    );
    for (const part of parts) this.#checkRoom(part.length);
    return parts;
  }

  #checkRoom(length: number): void {
    const least = Math.min(...this.#sides.map(({ ring }) => ring.bufSize - ring.offset(0)));
    if (length > 0 && length <= least) return;
    throw new NetmapError(
      EMSGSIZE,
      `Cannot put ${length} bytes into a slot of '${this.#port.name}' as it holds 1 to ${least}: ` +
        "use shorter packets, or more slots a packet",
    );
  }
}

/**
 * Sets the lengths of slots, up to the first whose buffer is another than it filled last.
 *
 * @returns how many
 */
function setLengths(
  i32: Int32Array,
  base: number,
  from: number,
  count: number,
  length: number,
  filled: Int32Array | null,
): number {
  const end = (from + count) | 0;
  let s = (base + (from << 2)) | 0;
  let i = from | 0;
  if (filled === null) {
    for (; i < end; i++, s = (s + 4) | 0) i32[s + LEN_FLAGS] = length;
    return count;
  }
  for (; i < end; i++, s = (s + 4) | 0) {
    if (filled[i] !== i32[s + BUF_IDX]) break;
    i32[s + LEN_FLAGS] = length;
  }
  return i - from;
}

function copyWords(from: Int32Array, to: Int32Array, at: number, count: number): void {
  for (let n = 0; n < count; n += 4) {
    to[at + n] = from[n];
    to[at + n + 1] = from[n + 1];
    to[at + n + 2] = from[n + 2];
    to[at + n + 3] = from[n + 3];
  }
}

/** Slots that the device has and is not done with. */
function pendingSlots({ i32, word, numSlots, ring }: RingSide): number {
  return ring.closed ? 0 : numSlots - 1 - ringSpace(i32, word);
}

function pendingBytes(side: RingSide): number {
  const { i32, word, numSlots } = side;
  let bytes = 0;
  let i = i32[word + HEAD];
  for (let left = pendingSlots(side); left > 0; left--) {
    i = i === 0 ? numSlots - 1 : i - 1;
    bytes += i32[word + SLOTS + (i << 2) + LEN_FLAGS] & 0xffff;
  }
  return bytes;
}

function check(what: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  const range = high === Infinity ? `at least ${low}` : `${low} to ${high}`;
  throw new NetmapError(EINVAL, `Cannot send with ${what} of '${value}': give ${range}`);
}
