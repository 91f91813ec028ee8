/**
 * One ring of a port, as `netmap_user.h` gives it to C: pointers and slots by index, no object for
 * a slot.
 *
 * ```
 *                  head        cur             tail
 *                  v           v               v
 *    slot  0   1   2   3   4   5   6   7   8   9  10  11
 *        [ d | d | u | u | u | u | u | u | u | d | d | d ]      d: the device's   u: the user's
 *
 *    transmit  u is room: fill slots from head on, then move head behind the last one filled.
 *              d before head: given away, still to be sent until tail has come round.
 *    receive   u is packets: read from head on, then move head behind the last one done with.
 *    both      the device takes over what head passed at the next sync, and moves tail.
 *              cur, from head to tail, is where waiting ends: once tail is past it.
 *              One slot always stays the device's, so head == tail means that the user has none.
 * ```
 *
 * Invariants: a slot index is bounded before it is used and a buffer is found only inside the
 * region, whatever the ring's words hold; `num_slots`, `nr_buf_size` and `buf_ofs` are read once,
 * so that nobody can change them later.
 *
 * After close every method throws EBADF, at no cost in a loop: closing empties the array of words and
 * sets the bound of slot indexes to 0, so the bound's check is the check. Had the region been unmapped
 * behind the ring's back, its arrays are detached and their words undefined: comparing a loaded word
 * with undefined is free in both JITs, looking at the length is not (0.1 ns in Bun, 0.3 in Deno).
 *
 * Measured over 256 slots, with `next`: `setSlot` 1.3 ns in Bun and 2.6 in Deno, `len` 1.1 and 2.0,
 * `bufOffset` 1.5 and 3.2; bare words (`ring_words.ts`) 0.9 and 0.9 to write, 0.7 and 0.8 to read.
 * `tail`, and so `space` and `empty`, is an atomic load, 4 to 8 ns: once a batch, not once a slot.
 *
 * @module
 */

import {
  RING_CUR,
  RING_FLAGS,
  RING_HEAD,
  RING_RINGID_DIR,
  RING_SLOTS,
  RING_TAIL,
  RING_TS,
  RING_TS_USEC,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_PTR_HI,
  SLOT_PTR_LO,
} from "./abi/netmap_ring.ts";
import { NS_BUF_CHANGED } from "./abi/constants.ts";
import type { Memory } from "./device.ts";
import { closedError, type NetmapError } from "./errors.ts";
import * as errors from "./ring_errors.ts";
import { readRingLayout } from "./ring_layout.ts";

// V8 loads an imported constant from its module's cell at each use and does not fold it into the code
// (measured in Deno: reading 256 lengths 1.4 ns a slot with imports, 0.5 with constants of this file).
const LEN_FLAGS = SLOT_LEN_FLAGS;
const BUF_IDX = SLOT_BUF_IDX;
const PTR_LO = SLOT_PTR_LO;
const PTR_HI = SLOT_PTR_HI;
const HEAD = RING_HEAD;
const TAIL = RING_TAIL;
const BUF_CHANGED = NS_BUF_CHANGED;
const WORD = 2 ** 32;
const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/**
 * A transmit or receive ring in mapped memory.
 *
 * @example
 * ```ts
 * import type { Ring } from "@netmap/core";
 * function countBytes(rx: Ring): number {
 *   let bytes = 0, i = rx.head;
 *   for (let left = rx.space(); left > 0; left--, i = rx.next(i)) bytes += rx.len(i);
 *   rx.head = rx.cur = i; // all of them go back at the next rxsync
 *   return bytes;
 * }
 * ```
 */
export class Ring {
  /** Word of the region at which the ring begins, for the free functions of `ring_words.ts`. */
  readonly word: number;
  /** The port that the ring belongs to, for errors. */
  readonly portName: string;
  #i32: Int32Array;
  #u8: Uint8Array;
  #slots: number; // word of slot 0
  #numSlots: number; // 0 once closed
  readonly #bufSize: number;
  readonly #bufBase: number; // bytes from the region's start to buffer 0
  readonly #bufCount: number;
  readonly #maskLo: number;
  readonly #maskHi: number;
  readonly #hasOffsets: boolean;

  /**
   * A ring that a device laid out; `openPort` makes those of a port.
   *
   * @param memory the region, with the ring laid out in it by the device
   * @param byteOffset bytes from the region's start to the ring, a multiple of 4
   * @param portName the port that the ring belongs to, for errors
   * @throws {NetmapError} EBADF when the region is closed; EINVAL when there can be no ring there
   */
  constructor(memory: Memory, byteOffset: number, portName: string = "a netmap port") {
    const layout = readRingLayout(memory, byteOffset, portName);
    this.word = layout.word;
    this.portName = portName;
    this.#i32 = memory.i32;
    this.#u8 = memory.u8;
    this.#slots = layout.word + RING_SLOTS;
    this.#numSlots = layout.numSlots;
    this.#bufSize = layout.bufSize;
    this.#bufBase = layout.bufBase;
    this.#bufCount = layout.bufCount;
    this.#maskLo = layout.maskLo;
    this.#maskHi = layout.maskHi;
    this.#hasOffsets = (this.#maskLo | this.#maskHi) !== 0;
  }

  /** Slots in the ring. */
  get numSlots(): number {
    this.#checkOpen();
    return this.#numSlots;
  }

  /** Bytes of a buffer. */
  get bufSize(): number {
    this.#checkOpen();
    return this.#bufSize;
  }

  /** Buffers that the region has room for; an index is always below it. */
  get bufCount(): number {
    this.#checkOpen();
    return this.#bufCount;
  }

  /** The ring's number among those of its direction, host rings counted after NIC rings. */
  get ringId(): number {
    return this.#get(RING_RINGID_DIR) & 0xffff;
  }

  /** RING_DIR_TX (0) or RING_DIR_RX (1). */
  get dir(): number {
    return this.#get(RING_RINGID_DIR) >>> 16;
  }

  /** First slot that the user holds. Set it to give what is before it to the device. */
  get head(): number {
    return this.#get(HEAD) >>> 0;
  }
  set head(i: number) {
    this.#setPointer(HEAD, i);
  }

  /** The slot past which `tail` has to be for a wait to end; from `head` to `tail`. */
  get cur(): number {
    return this.#get(RING_CUR) >>> 0;
  }
  set cur(i: number) {
    this.#setPointer(RING_CUR, i);
  }

  /** First slot that is the device's; only the device moves it. */
  get tail(): number {
    this.#checkOpen();
    return Atomics.load(this.#i32, this.word + TAIL) >>> 0;
  }

  /** NR_TIMESTAMP and NR_FORWARD. */
  get flags(): number {
    return this.#get(RING_FLAGS) >>> 0;
  }
  set flags(flags: number) {
    this.#checkOpen();
    this.#i32[this.word + RING_FLAGS] = flags;
  }

  /** When the last sync was, in microseconds since 1970, with NR_TIMESTAMP in `flags`; else 0. */
  get ts(): number {
    const seconds = this.#get(RING_TS + 1) * WORD + (this.#get(RING_TS) >>> 0);
    return seconds * 1e6 + (this.#get(RING_TS_USEC) >>> 0);
  }

  /**
   * Slots that the user holds: `tail - head`, around the end.
   *
   * @returns packets to read in a receive ring, free slots in a transmit ring
   * @throws {NetmapError} EBADF after close; EINVAL when someone wrote nonsense to the pointers
   */
  space(): number {
    const tail = this.tail;
    const head = this.#i32[this.word + HEAD] >>> 0;
    const n = this.#numSlots;
    if (tail >= n || head >= n) throw this.#slotError(Math.max(head, tail));
    return tail < head ? tail - head + n : tail - head;
  }

  /** Whether the user holds no slot. */
  empty(): boolean {
    return this.tail === this.head;
  }

  /** Whether packets given to the device are not sent yet; of transmit rings. */
  txPending(): boolean {
    return this.next(this.tail) !== this.head;
  }

  /** The slot after `i`. */
  next(i: number): number {
    return i + 1 >= this.#numSlots ? 0 : i + 1;
  }

  /**
   * Gives the next `n` slots to the device: `head` and `cur` go `n` slots on.
   *
   * @param n at most `space()`
   * @throws {NetmapError} EINVAL for more than the user holds
   */
  advance(n: number): void {
    const space = this.space();
    if (!Number.isInteger(n) || n < 0 || n > space) {
      throw errors.advanceError(this.portName, n, space);
    }
    const i = this.head + n;
    this.head = this.cur = i >= this.#numSlots ? i - this.#numSlots : i;
  }

  /** The buffer of slot `i`. */
  bufIdx(i: number): number {
    if (i >>> 0 !== i || i >= this.#numSlots) throw this.#slotError(i);
    const word = this.#i32[this.#slots + (i << 2) + BUF_IDX];
    if (word === undefined) throw this.#slotError(i);
    return word >>> 0;
  }

  /** Bytes of the packet in slot `i`. */
  len(i: number): number {
    if (i >>> 0 !== i || i >= this.#numSlots) throw this.#slotError(i);
    const word = this.#i32[this.#slots + (i << 2) + LEN_FLAGS];
    if (word === undefined) throw this.#slotError(i);
    return word & 0xffff;
  }

  /** NS_* flags of slot `i`. */
  slotFlags(i: number): number {
    if (i >>> 0 !== i || i >= this.#numSlots) throw this.#slotError(i);
    const word = this.#i32[this.#slots + (i << 2) + LEN_FLAGS];
    if (word === undefined) throw this.#slotError(i);
    return word >>> 16;
  }

  /** `ptr` of slot `i`; allocates, so not for each packet. */
  ptr(i: number): bigint {
    const w = this.#checkSlot(i);
    return BigInt(this.#i32[w + PTR_HI] >>> 0) << 32n |
      BigInt(this.#i32[w + PTR_LO] >>> 0);
  }

  /** Sets `ptr` of slot `i`; not for each packet. @param ptr taken modulo 2^64 */
  setPtr(i: number, ptr: bigint): void {
    const w = this.#checkSlot(i);
    this.#i32[w + PTR_LO] = Number(BigInt.asIntN(32, ptr));
    this.#i32[w + PTR_HI] = Number(BigInt.asIntN(32, ptr >> 32n));
  }

  /**
   * Puts another buffer into slot `i`, with NS_BUF_CHANGED.
   *
   * @param i a slot that the user holds
   * @param idx the buffer, from 2 (0 and 1 are netmap's own) to `bufCount - 1`
   * @throws {NetmapError} EINVAL when there is no such buffer in the region
   */
  setBufIdx(i: number, idx: number): void {
    const w = this.#checkSlot(i);
    if (idx >>> 0 !== idx || idx < 2 || idx >= this.#bufCount) {
      throw errors.bufferError(this.portName, idx, 2, this.#bufCount);
    }
    this.#i32[w + BUF_IDX] = idx;
    this.#i32[w + LEN_FLAGS] |= BUF_CHANGED << 16;
  }

  /** Sets the length of slot `i`. @param len bytes, 0 to 65535 */
  setLen(i: number, len: number): void {
    const w = this.#checkSlot(i);
    this.#i32[w + LEN_FLAGS] = (this.#i32[w + LEN_FLAGS] & 0xffff0000) | this.#half("length", len);
  }

  /** Replaces the NS_* flags of slot `i`. */
  setFlags(i: number, flags: number): void {
    const w = this.#checkSlot(i);
    this.#i32[w + LEN_FLAGS] = (this.#i32[w + LEN_FLAGS] & 0xffff) |
      (this.#half("flags", flags) << 16);
  }

  /**
   * Sets length and flags of slot `i` in one store.
   *
   * @param len bytes, 0 to 65535
   * @param flags NS_*
   */
  setSlot(i: number, len: number, flags: number): void {
    if (i >>> 0 !== i || i >= this.#numSlots) throw this.#slotError(i);
    if ((len | flags) >>> 0 > 0xffff) throw errors.halfError(this.portName, "length or flags", len);
    const words = this.#i32;
    const w = this.#slots + (i << 2) + LEN_FLAGS;
    if (words[w] === undefined) throw this.#slotError(i);
    words[w] = len | (flags << 16);
  }

  /** Bytes from the buffer's start to the packet of slot `i`; 0 without OFFSETS. */
  offset(i: number): number {
    const w = this.#checkSlot(i);
    return this.#hasOffsets ? this.#offsetAt(w) : 0;
  }

  /**
   * Sets the offset of slot `i`, within the bits of `ptr` that the OFFSETS option reserved.
   *
   * @param offset bytes, 0 to `bufSize`
   * @throws {NetmapError} EINVAL when it does not fit, or the port was opened without offsets
   */
  setOffset(i: number, offset: number): void {
    const w = this.#checkSlot(i);
    if (offset >>> 0 !== offset || offset > this.#bufSize || (offset & ~this.#maskLo) !== 0) {
      throw errors.setOffsetError(this.portName, offset, this.#bufSize, this.#hasOffsets);
    }
    this.#i32[w + PTR_LO] = (this.#i32[w + PTR_LO] & ~this.#maskLo) | offset;
    this.#i32[w + PTR_HI] &= ~this.#maskHi;
  }

  /**
   * Where the packet of slot `i` begins: an index into the region's bytes (`memory.u8`). Honours
   * offsets. From there, `bufSize - offset(i)` bytes are the slot's.
   *
   * @throws {NetmapError} EINVAL when the slot's buffer or offset is not inside the region
   */
  bufOffset(i: number): number {
    if (i >>> 0 !== i || i >= this.#numSlots) throw this.#slotError(i);
    const w = this.#slots + (i << 2);
    const idx = this.#i32[w + BUF_IDX];
    if (idx === undefined) throw this.#slotError(i);
    if (idx >>> 0 >= this.#bufCount) {
      throw errors.bufferError(this.portName, idx >>> 0, 0, this.#bufCount);
    }
    const start = this.#bufBase + idx * this.#bufSize;
    return this.#hasOffsets ? start + this.#offsetAt(w) : start;
  }

  /** Where buffer `idx` begins: an index into the region's bytes. */
  bufferOffset(idx: number): number {
    this.#checkOpen();
    if (idx >>> 0 !== idx || idx >= this.#bufCount) {
      throw errors.bufferError(this.portName, idx, 0, this.#bufCount);
    }
    return this.#bufBase + idx * this.#bufSize;
  }

  /** Buffer `idx` as bytes. Allocates a view: for the friendly level, not for each packet. */
  buffer(idx: number): Uint8Array {
    const start = this.bufferOffset(idx);
    return this.#u8.subarray(start, start + this.#bufSize);
  }

  /**
   * The packet in slot `i` as bytes, at most to the end of its buffer. Allocates a view: for the
   * friendly level, not for each packet.
   */
  packet(i: number): Uint8Array {
    const start = this.bufOffset(i);
    const room = this.#hasOffsets ? this.#bufSize - this.offset(i) : this.#bufSize;
    // A third less than subarray() in Bun (measured: 73 and 110 ns in a mapped region).
    const { buffer, byteOffset } = this.#u8;
    return new Uint8Array(buffer, byteOffset + start, Math.min(this.len(i), room));
  }

  /** Whether the ring can be used no more. */
  get closed(): boolean {
    return this.#i32.length === 0;
  }

  /** Makes every later use throw EBADF; a port does it to its rings when it is closed. */
  close(): void {
    this.#i32 = NO_WORDS;
    this.#u8 = NO_BYTES;
    this.#numSlots = 0;
  }

  #checkOpen(): void {
    if (this.#i32.length === 0) throw closedError(this.portName);
  }

  /** Word of slot `i`, which is in the ring and in mapped memory. */
  #checkSlot(i: number): number {
    if (i >>> 0 !== i || i >= this.#numSlots || this.#i32.length === 0) throw this.#slotError(i);
    return this.#slots + (i << 2);
  }

  #half(what: string, value: number): number {
    if (value >>> 0 === value && value <= 0xffff) return value;
    throw errors.halfError(this.portName, what, value);
  }

  #get(field: number): number {
    this.#checkOpen();
    return this.#i32[this.word + field];
  }

  #setPointer(field: number, i: number): void {
    if (i >>> 0 !== i || i >= this.#numSlots || this.#i32.length === 0) throw this.#slotError(i);
    Atomics.store(this.#i32, this.word + field, i);
  }

  #offsetAt(w: number): number {
    const high = this.#i32[w + PTR_HI] & this.#maskHi;
    const offset = (this.#i32[w + PTR_LO] & this.#maskLo) >>> 0;
    if (high === 0 && offset <= this.#bufSize) return offset;
    throw errors.offsetError(this.portName, (high >>> 0) * WORD + offset, this.#bufSize);
  }

  #slotError(i: number): NetmapError {
    if (this.#i32.length === 0) return closedError(this.portName);
    return errors.slotError(this.portName, i, this.#numSlots);
  }
}
