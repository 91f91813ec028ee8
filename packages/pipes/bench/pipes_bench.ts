/**
 * Lines of the benchmark for pipes. Each is a whole way: fill slots, txsync, rxsync, look at each
 * slot, give it back, in one isolate. What is moved is checked: in the runs that are timed the number
 * of packets and of bytes, and the sequence batch by batch; before them, slot by slot.
 *
 * @module
 */

import {
  NS_MOREFRAG,
  openPort,
  type Port,
  RING_HEAD,
  ringRelease,
  ringSpace,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_WORDS,
  slotWord,
} from "@netmap/core";
import { createEngine } from "@netmap/engine";
import { pipes } from "@netmap/pipes";

/** A line of the table, as the harness in `bench/` takes it. */
export interface PipeLine {
  /** Its name. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps. */
  readonly target?: number;
  /** The same loop in C. */
  readonly twin?: { readonly program: string; readonly before: string[]; readonly after: string[] };
  /** Makes the pipe. */
  open(): PipeRun;
}

/** A line that is set up. */
export interface PipeRun {
  /** Moves at least so many packets. @returns how many @throws {Error} when a check failed */
  run(packets: number): number;
  /** Gives everything back. @throws {Error} when a buffer is missing */
  close(): void;
}

const SLOTS = 1024;
const LEN = 60;

/** Slots of a packet, and slots a batch at most. */
interface Shape {
  readonly fragments: number;
  readonly batch: number;
}

function line(name: string, shape: Shape, rest: Partial<PipeLine> = {}): PipeLine {
  return { name, bytesPerPacket: LEN * shape.fragments, ...rest, open: () => openRun(shape) };
}

/** The lines for pipes. */
export const pipeLines: readonly PipeLine[] = [
  line("pipe/one-isolate", { fragments: 1, batch: SLOTS }, {
    target: 300,
    twin: { program: "pipe_twin", before: [], after: [String(SLOTS)] },
  }),
  line("pipe/batches-of-8", { fragments: 1, batch: 8 }),
  line("pipe/fragments", { fragments: 3, batch: SLOTS }),
];

function openRun(shape: Shape): PipeRun {
  const engine = createEngine({ features: [pipes()] });
  const { bufs } = engine.region(1);
  const free = bufs.free;
  const left = openPort(engine.device, "netmap:bench{1", { slots: SLOTS });
  const right = openPort(engine.device, "netmap:bench}1");
  checkEachSlot(left, right);
  // Long batches are few: the JIT is done with the syncs only after many of them.
  move(left, right, { ...shape, batch: 8 }, 1e6);
  move(left, right, shape, 2e7);
  return {
    run: (packets) => move(left, right, shape, packets),
    close(): void {
      left.close();
      right.close();
      check("free buffers at the end", bufs.free, free);
      engine.close();
    },
  };
}

/** Sends a number in each packet, with lengths that differ, three times around the ring. */
function checkEachSlot(left: Port, right: Port): void {
  const [tx] = left.txRings;
  const [rx] = right.rxRings;
  const { i32 } = left.memory;
  let sent = 0;
  let seen = 0;
  while (seen < 3 * SLOTS) {
    for (let n = 0; n < 100 && !tx.empty(); n++, sent++) {
      i32[tx.bufOffset(tx.head) >> 2] = sent;
      tx.setLen(tx.head, sent % 1500 + 4);
      tx.advance(1);
    }
    left.txsync();
    right.rxsync();
    for (; !rx.empty(); seen++) {
      check("number in a packet", i32[rx.bufOffset(rx.head) >> 2], seen);
      check("length of a packet", rx.len(rx.head), seen % 1500 + 4);
      rx.advance(1);
    }
  }
  right.rxsync();
  left.txsync();
  check("packets received", seen, sent);
}

function move(left: Port, right: Port, { fragments, batch }: Shape, packets: number): number {
  const { i32 } = left.memory;
  const t = left.txRings[0].word;
  const r = right.rxRings[0].word;
  const bufBase = left.txRings[0].bufferOffset(0) >> 2;
  const bufWords = left.txRings[0].bufSize >> 2;
  const wanted = packets * fragments;
  let slots = 0;
  let bytes = 0;
  for (let sequence = 1; slots < wanted; sequence++) {
    let i = i32[t + RING_HEAD];
    const first = slotWord(t, i);
    let room = ringSpace(i32, t);
    if (room < Math.min(batch, SLOTS - 1)) {
      // The reader gives back what it is done with, the writer learns of it.
      right.rxsync();
      left.txsync();
      room = ringSpace(i32, t);
    }
    room = Math.min(room, batch);
    room -= room % fragments;
    i = fragments === 1 ? fill(i32, t, i, room) : fillFragments(i32, t, i, room, fragments);
    i32[bufBase + i32[first + SLOT_BUF_IDX] * bufWords] = sequence;
    ringRelease(i32, t, i);
    left.txsync();

    right.rxsync();
    const got = ringSpace(i32, r);
    i = i32[r + RING_HEAD];
    if (i32[bufBase + i32[slotWord(r, i) + SLOT_BUF_IDX] * bufWords] !== sequence) {
      throw new Error(`Batch ${sequence} is not the one that came`);
    }
    const end = i + got;
    bytes += sumLen(i32, r, i, Math.min(end, SLOTS));
    if (end > SLOTS) bytes += sumLen(i32, r, 0, end - SLOTS);
    ringRelease(i32, r, end >= SLOTS ? end - SLOTS : end);
    slots += got;
    if (got !== room) throw new Error(`Of a batch of ${room} slots ${got} came`);
  }
  check("bytes received", bytes, slots * LEN);
  return slots / fragments;
}

/** Slots of LEN bytes from `i` on. @returns the slot behind them */
function fill(i32: Int32Array, t: number, i: number, count: number): number {
  const end = i + count;
  const wrapped = end >= SLOTS;
  fillStraight(i32, t, i, wrapped ? SLOTS : end);
  if (!wrapped) return end;
  fillStraight(i32, t, 0, end - SLOTS);
  return end - SLOTS;
}

function fillStraight(i32: Int32Array, t: number, from: number, end: number): void {
  const last = slotWord(t, end);
  for (let w = slotWord(t, from) + SLOT_LEN_FLAGS; w < last; w += SLOT_WORDS) i32[w] = LEN;
}

function fillFragments(
  i32: Int32Array,
  t: number,
  i: number,
  count: number,
  fragments: number,
): number {
  for (let n = 1; n <= count; n++) {
    i32[slotWord(t, i) + SLOT_LEN_FLAGS] = n % fragments === 0 ? LEN : LEN | NS_MOREFRAG << 16;
    i = i + 1 === SLOTS ? 0 : i + 1;
  }
  return i;
}

function sumLen(i32: Int32Array, r: number, from: number, end: number): number {
  let bytes = 0;
  const last = slotWord(r, end);
  for (let w = slotWord(r, from) + SLOT_LEN_FLAGS; w < last; w += SLOT_WORDS) {
    bytes += i32[w] & 0xffff;
  }
  return bytes;
}

function check(what: string, got: number, expected: number): void {
  if (got !== expected) {
    throw new Error(`Cannot trust the run as ${what} is ${got}, not ${expected}`);
  }
}
