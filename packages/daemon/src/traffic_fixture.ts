/** Numbered frames between ports, whatever thread or process the ports are in. */

import { POLLIN, POLLOUT, type Port } from "@netmap/core";

/** Longest time without a packet, in milliseconds. */
const SILENCE_MS = 20_000;

/** Sends frames to everybody, numbered from `first`; sleeps while there is no room. */
export function sendNumbers(port: Port, first: number, count: number): void {
  const [tx] = port.txRings;
  const { i32 } = port.memory;
  const end = first + count;
  for (let n = first; n < end;) {
    let room = Math.min(tx.space(), end - n);
    if (room === 0) {
      if (port.poll(POLLOUT, SILENCE_MS) !== POLLOUT) throw new Error(`Nobody takes packet ${n}`);
      continue;
    }
    for (; room > 0; room--, n++) {
      const word = tx.bufOffset(tx.head) >> 2;
      i32[word] = -1;
      i32[word + 1] = 0x0002ffff;
      i32[word + 2] = 0x01000000;
      i32[word + 3] = 0;
      i32[word + 4] = n;
      tx.setLen(tx.head, 60);
      tx.advance(1);
    }
    port.txsync();
  }
  for (const deadline = performance.now() + SILENCE_MS; tx.txPending();) {
    if (performance.now() > deadline) throw new Error("The last packets are not taken");
    tx.cur = tx.tail;
    port.poll(POLLOUT, 20);
    tx.cur = tx.head;
    port.txsync();
  }
}

/** Packets that came: how many, and the first one that came out of order or changed; -1 for none. */
export interface Received {
  readonly count: number;
  readonly wrong: number;
  readonly last: number;
}

/**
 * Receives until the packet of number `last` came; frames of length 0 are what a dead sender left.
 *
 * @param gaps whether numbers may be missing
 * @param silenceMs how long it may be silent: with gaps that is the end, else it is wrong
 */
export function receiveNumbers(
  port: Port,
  first: number,
  last: number,
  gaps: boolean,
  silenceMs: number = SILENCE_MS,
): Received {
  const [rx] = port.rxRings;
  const { i32 } = port.memory;
  let next = first;
  let count = 0;
  while (next <= last) {
    if (port.poll(POLLIN, silenceMs) !== POLLIN) {
      return { count, wrong: gaps ? -1 : next, last: next - 1 };
    }
    for (let there = rx.space(); there > 0; there--, rx.advance(1)) {
      if (rx.len(rx.head) === 0) continue;
      const n = i32[(rx.bufOffset(rx.head) >> 2) + 4];
      if (gaps ? n < next : n !== (next | 0)) return { count, wrong: n, last: next - 1 };
      next = n + 1;
      count++;
    }
    port.rxsync();
  }
  return { count, wrong: -1, last: next - 1 };
}
