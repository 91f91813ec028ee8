/** A sender on a port of a switch, in a Worker that was given memfds and nothing else. */

import { parentPort, workerData } from "node:worker_threads";
import { Ring } from "@netmap/core";
import { AttachedDescriptor, DataPath, yieldThread } from "@netmap/engine";
import { bwrapKind } from "./bwrap_kind.ts";
import { valeKind } from "./data_path/vale_kind.ts";
import { wireKind } from "./wire_fixture.ts";

/** What the Worker is told. */
export interface SenderTask {
  /** The engine's state image. */
  readonly stateFd: number;
  /** memfds of the regions, by slot. */
  readonly regionFds: readonly number[];
  /** The descriptor's index in its owner. */
  readonly index: number;
  /** Where its tx ring begins in the region, in bytes. */
  readonly tx: number;
  /** How many frames it sends: broadcasts with a number in word 4. */
  readonly packets: number;
  /** Frames a txsync. */
  readonly batch: number;
  /** Milliseconds between batches. */
  readonly pauseMs: number;
}

const { stateFd, regionFds, index, packets, batch, pauseMs, ...at }: SenderTask = workerData;
const dp = DataPath.attach({ stateFd, regionFds }, [valeKind, bwrapKind, wireKind]);
const descriptor = new AttachedDescriptor(dp, index);
const tx = new Ring(descriptor.memory, at.tx);
const { i32 } = descriptor.memory;
const nap = new Int32Array(new SharedArrayBuffer(4));
for (let sent = 0; sent < packets;) {
  let count = Math.min(tx.space(), batch, packets - sent);
  for (; count > 0; count--, sent++) {
    const w = tx.bufOffset(tx.head) >> 2;
    i32.set([-1, 0x0002ffff, 0x01000000, 0, sent], w);
    tx.setLen(tx.head, 60);
    tx.advance(1);
  }
  descriptor.txsync();
  if (pauseMs > 0) Atomics.wait(nap, 0, 0, pauseMs);
  else yieldThread();
}
// A batch waits while the owner changes the switch.
while (tx.txPending()) descriptor.txsync();
parentPort!.postMessage("sent");
dp.close();
