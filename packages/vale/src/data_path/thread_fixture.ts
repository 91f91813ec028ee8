/**
 * A port of a switch in a Worker that was given memfds and nothing else. Does the one thing that
 * `workerData.act` names, then says what came of it.
 *
 * @module
 */

import { parentPort, workerData } from "node:worker_threads";
import { Ring } from "@netmap/core";
import { AttachedDescriptor, DataPath, yieldThread } from "@netmap/engine";
import { valeKind } from "./vale_kind.ts";

/**
 * Frames of a sender that may be on their way at once. Those of two senders, and as many that were
 * checked but not given back yet, fit into a ring of 1024: so none is dropped.
 */
export const IN_FLIGHT = 250;
/** Words that threads share: frames that were checked by the receiver, by sender; stop. */
export const SHARED_WORDS = 4;
export const STOP = 3;

/** What a Worker is told. */
export interface ThreadTask {
  readonly act: "send" | "receive";
  /** The engine's state image. */
  readonly stateFd: number;
  /** memfds of the regions, by slot. */
  readonly regionFds: readonly number[];
  /** The descriptor's index in its owner. */
  readonly index: number;
  /** Where its rings begin in the region, in bytes. */
  readonly tx: number;
  readonly rx: number;
  /** Frames. */
  readonly packets: number;
  /** Its number among the senders, in the frames' source address. */
  readonly me: number;
  /** SHARED_WORDS words. */
  readonly shared: SharedArrayBuffer;
}

/** Words of a frame: both addresses, the sender's number and the frame's. */
const ADDRESSES = [0x00000002, 0x0002_0100, 0x0055_0000];

/**
 * Fills slots with numbered frames, as many as may be on their way.
 *
 * @param me the sender's number: last byte of its address
 * @param from number of the first
 * @param limit number behind the last
 * @returns number behind the last that was put
 */
export function putFrames(
  i32: Int32Array,
  ring: Ring,
  me: number,
  from: number,
  limit: number,
): number {
  let n = from;
  for (let room = ring.space(); room > 0 && n < limit; room--, n++) {
    const at = ring.bufOffset(ring.head) >> 2;
    i32[at] = ADDRESSES[0];
    i32[at + 1] = ADDRESSES[1];
    i32[at + 2] = ADDRESSES[2] | me << 24;
    i32[at + 3] = 8;
    i32[at + 4] = n;
    for (let w = 5; w < 15; w++) i32[at + w] = Math.imul(n, w) ^ me;
    ring.setSlot(ring.head, 60, 0);
    ring.advance(1);
  }
  return n;
}

/**
 * Checks frames: content, and that each sender's numbers follow each other.
 *
 * @param next number expected of each sender; moved on
 * @returns what is wrong, empty when nothing is
 */
export function checkFrames(i32: Int32Array, ring: Ring, next: Int32Array): string {
  for (let left = ring.space(); left > 0; left--) {
    const at = ring.bufOffset(ring.head) >> 2;
    const me = i32[at + 2] >>> 24;
    const n = i32[at + 4];
    if (ring.len(ring.head) !== 60) return `frame of ${ring.len(ring.head)} bytes`;
    if (n !== next[me]) return `frame ${n} of sender ${me} came in place of ${next[me]}`;
    for (let w = 5; w < 15; w++) {
      if (i32[at + w] !== (Math.imul(n, w) ^ me)) {
        return `frame ${n} of sender ${me} has other bytes`;
      }
    }
    Atomics.add(next, me, 1);
    ring.advance(1);
  }
  return "";
}

function run({ act, stateFd, regionFds, index, packets, me, shared, ...at }: ThreadTask): string {
  using dp = DataPath.attach({ stateFd, regionFds }, [valeKind]);
  const descriptor = new AttachedDescriptor(dp, index);
  const { memory } = descriptor;
  const tx = new Ring(memory, at.tx);
  const rx = new Ring(memory, at.rx);
  const seen = new Int32Array(shared);
  if (act === "receive") {
    for (let total = 0; total < packets;) {
      descriptor.rxsync();
      if (rx.empty()) yieldThread();
      const problem = checkFrames(memory.i32, rx, seen);
      if (problem !== "") return problem;
      total = Atomics.load(seen, 0) + Atomics.load(seen, 1) + Atomics.load(seen, 2);
      if (Atomics.load(seen, STOP) !== 0) return "stopped";
    }
    descriptor.rxsync();
    return "";
  }
  for (let sent = 0; sent < packets && Atomics.load(seen, STOP) === 0;) {
    const limit = Math.min(packets, Atomics.load(seen, me) + IN_FLIGHT);
    if (sent === limit) yieldThread();
    sent = putFrames(memory.i32, tx, me, sent, limit);
    descriptor.txsync();
  }
  return "";
}

if (parentPort !== null && workerData !== null) {
  let problem: string;
  try {
    problem = run(workerData as ThreadTask);
  } catch (error) {
    problem = String(error);
  }
  parentPort.postMessage(problem);
}
