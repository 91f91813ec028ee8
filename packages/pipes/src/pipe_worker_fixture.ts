/**
 * One end of a pipe in a Worker that was given memfds and nothing else. Does the one thing that
 * `workerData.act` names, then says what came of it.
 */

import { parentPort, workerData } from "node:worker_threads";
import { drainEventfd, NS_BUF_CHANGED, POLLIN, PollSet, Ring } from "@netmap/core";
import {
  arm,
  AttachedDescriptor,
  D_FD,
  DataPath,
  disarm,
  pollRound,
  yieldThread,
} from "@netmap/engine";
import { pipeKind } from "./data_path.ts";

/** What a Worker is told. */
export interface WorkerTask {
  readonly act: "echo" | "poll" | "sendLater";
  /** The engine's state image. */
  readonly stateFd: number;
  /** memfds of the regions, by slot. */
  readonly regionFds: readonly number[];
  /** The descriptor's index in its owner. */
  readonly index: number;
  /** Where its rings begin in the region, in bytes. */
  readonly tx: number;
  readonly rx: number;
  /** How many packets there will be. */
  readonly packets: number;
  /** Milliseconds between packets, where it sends. */
  readonly delayMs: number;
}

const { act, stateFd, regionFds, index, packets, delayMs, ...at }: WorkerTask = workerData;
using dp = DataPath.attach({ stateFd, regionFds }, [pipeKind]);
const descriptor = new AttachedDescriptor(dp, index);
const { memory } = descriptor;
const { i32 } = memory;
const tx = new Ring(memory, at.tx);
const rx = new Ring(memory, at.rx);

/** Sends each packet back in the buffer that it came in, and checks the order in which they come. */
function echo(): string {
  for (let seen = 0; seen < packets;) {
    descriptor.rxsync();
    descriptor.txsync();
    let count = Math.min(rx.space(), tx.space());
    if (count === 0) yieldThread();
    for (; count > 0; count--, seen++) {
      const i = rx.head;
      const o = tx.head;
      const got = i32[rx.bufOffset(i) >> 2];
      if (got !== seen) return `packet ${got} came in place of ${seen}`;
      const idx = rx.bufIdx(i);
      rx.setBufIdx(i, tx.bufIdx(o));
      tx.setBufIdx(o, idx);
      tx.setLen(o, rx.len(i));
      tx.setFlags(o, NS_BUF_CHANGED);
      rx.advance(1);
      tx.advance(1);
    }
  }
  while (tx.txPending() || !rx.empty()) {
    descriptor.rxsync();
    descriptor.txsync();
    yieldThread();
  }
  return "";
}

/** poll(POLLIN) as a descriptor does it, on the eventfd that the owner made for it. */
function sleep(): void {
  const fd = dp.state[descriptor.word + D_FD];
  const set = new PollSet();
  set.add(fd, POLLIN);
  while (pollRound(dp, descriptor.word, POLLIN) === 0) {
    arm(dp, descriptor.word);
    if (pollRound(dp, descriptor.word, POLLIN) === 0) set.wait(10_000);
    disarm(dp, descriptor.word);
    drainEventfd(fd);
  }
}

/** Sleeps until packets come. Answers how often it slept. */
function poll(): number {
  let sleeps = 0;
  for (let seen = 0; seen < packets;) {
    sleep();
    sleeps++;
    const got = rx.space();
    rx.advance(got);
    seen += got;
  }
  descriptor.rxsync();
  return sleeps;
}

function sendLater(): string {
  const nobody = new PollSet();
  for (let i = 0; i < packets; i++) {
    nobody.wait(delayMs);
    tx.setLen(tx.head, 60);
    i32[tx.bufOffset(tx.head) >> 2] = i;
    tx.advance(1);
    descriptor.txsync();
  }
  return "";
}

parentPort!.postMessage({ echo, poll, sendLater }[act]());
