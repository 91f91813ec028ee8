/**
 * A client of the tests and benches: sends numbered packets into a CSB port and checks that they come
 * back one by one. It may be killed at any moment; another one goes on from what is in memory.
 *
 * @module
 */

import { POLLIN, POLLOUT, threadId } from "@netmap/core";
import type { CsbPort } from "./client/csb_port.ts";
import { nap } from "./client/nap.ts";

/** Slots of the rings that progress is kept for. */
export const MAX_SLOTS = 1024;
/** Words of shared memory that an exchange keeps its progress in. */
export const PROGRESS_WORDS: number = 4 + 2 * MAX_SLOTS;
/** Packets that were seen, for whoever watches. */
export const SEEN = 0;
/** Not 0: stop sending. */
export const HALT = 1;
/** Thread of the client. */
export const CLIENT_TID = 2;
const SENT_AT = 4;
const SEEN_AT = 4 + MAX_SLOTS;

/** How to exchange. */
export interface Exchange {
  /** How many packets, in all. */
  readonly packets: number;
  /** Slots filled at most before a sync. */
  readonly burst: number;
  /** Sleep in poll() when there is nothing to do; else look again and again. */
  readonly sleeps: boolean;
  /** Only to send, or only to receive, where the other end is somebody else's. */
  readonly only?: "send" | "receive";
}

/** Prepares progress words. */
export function clearProgress(progress: Int32Array): void {
  progress.fill(-1);
  progress[SEEN] = 0;
  progress[HALT] = 0;
  progress[CLIENT_TID] = 0;
}

/** Exchanges packets. @returns "" or what was wrong */
export function exchange(
  port: CsbPort,
  progress: Int32Array,
  { packets, burst, sleeps, only }: Exchange,
): string {
  Atomics.store(progress, CLIENT_TID, threadId());
  const [tx] = port.txRings;
  const [rx] = port.rxRings;
  const { i32 } = port.memory;
  let sent = progress[SENT_AT + before(tx.head, tx.numSlots)] + 1;
  let seen = progress[SEEN_AT + before(rx.head, rx.numSlots)] + 1;
  const sends = only !== "receive";
  const receives = only !== "send";
  const deadline = performance.now() + 100_000;
  for (let idle = 0;;) {
    const done = sent + seen;
    let i = tx.head;
    let room = sends ? Math.min(tx.space(), burst, packets - sent) : 0;
    for (; room > 0; room--, sent++) {
      i32[tx.bufOffset(i) >> 2] = sent;
      tx.setSlot(i, 60, tx.slotFlags(i) & 1);
      progress[SENT_AT + i] = sent;
      i = tx.next(i);
    }
    tx.head = tx.cur = i;
    port.txsync();
    port.rxsync();
    i = rx.head;
    for (let got = receives ? rx.space() : 0; got > 0; got--, seen++) {
      const number = i32[rx.bufOffset(i) >> 2];
      if (number !== seen || rx.len(i) !== 60) {
        return `packet ${number} of ${rx.len(i)} bytes came in place of ${seen}`;
      }
      progress[SEEN_AT + i] = seen;
      i = rx.next(i);
    }
    rx.head = rx.cur = i;
    Atomics.store(progress, SEEN, receives ? seen : sent);
    if ((!receives || seen >= packets) && (!sends || sent >= packets)) break;
    if (sent + seen !== done) {
      idle = 0;
      continue;
    }
    if (Atomics.load(progress, HALT) !== 0) return "";
    if (performance.now() > deadline) return `of ${sent} packets ${seen} came back`;
    if (!sleeps) nap(++idle < 20 ? 0 : 50);
    else port.poll((receives ? POLLIN : 0) | (sends && sent < packets ? POLLOUT : 0), 1000);
  }
  port.rxsync();
  return "";
}

function before(i: number, slots: number): number {
  return i === 0 ? slots - 1 : i - 1;
}
