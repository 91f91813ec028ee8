/**
 * The smallest bridge of two ports: swaps buffers between their rings, both ways.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import {
  NS_BUF_CHANGED,
  POLLIN,
  type Port,
  RING_SLOTS,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
} from "@netmap/core";

/** Forwards until the signal says stop. */
export async function forward(a: Port, b: Port, signal: AbortSignal): Promise<void> {
  const waits: (Promise<void> | null)[] = [null, null];
  const wait = (port: Port, i: number): Promise<void> => {
    const done = (): null => waits[i] = null;
    return waits[i] ??= port.wait(POLLIN, signal).then(done, done).then(() => {});
  };
  let lastPause = performance.now();
  while (!signal.aborted) {
    a.rxsync();
    b.rxsync();
    if (move(a, b) + move(b, a) === 0) await Promise.race([wait(a, 0), wait(b, 1)]);
    if (performance.now() - lastPause < 5) continue;
    // Timers and children's output need a turn as well.
    await new Promise((resolve) => setImmediate(resolve));
    lastPause = performance.now();
  }
}

/** Moves what was received on one port to the other. @returns how many slots */
export function move(from: Port, to: Port): number {
  const rx = from.rxRings[0];
  const tx = to.txRings[0];
  const { i32 } = from.memory;
  const n = Math.min(rx.space(), tx.space());
  let i = rx.head;
  let j = tx.head;
  for (let left = n; left > 0; left--) {
    const src = rx.word + RING_SLOTS + i * 4;
    const dst = tx.word + RING_SLOTS + j * 4;
    const idx = i32[src + SLOT_BUF_IDX];
    i32[src + SLOT_BUF_IDX] = i32[dst + SLOT_BUF_IDX];
    i32[dst + SLOT_BUF_IDX] = idx;
    i32[dst + SLOT_LEN_FLAGS] = i32[src + SLOT_LEN_FLAGS] | (NS_BUF_CHANGED << 16);
    i = rx.next(i);
    j = tx.next(j);
  }
  rx.head = rx.cur = i;
  tx.head = tx.cur = j;
  to.txsync();
  return n;
}
