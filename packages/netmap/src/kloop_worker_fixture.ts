/**
 * A Worker of the tests of the loop: runs the loop of a descriptor, or is its client with nothing but
 * memory and eventfds. Says "" in the end, or what was wrong.
 */

import { parentPort, workerData } from "node:worker_threads";
import { type KloopEventfds, mapMemory, POLLIN, POLLOUT } from "@netmap/core";
import { DataPath } from "@netmap/engine";
import { AttachedKloop, startKloop } from "@netmap/kloop";
import { type CsbPort, csbPort, mapCsb, nap } from "@netmap/kloop/client";
import { pipeKind } from "@netmap/pipes";
import { valeKind } from "@netmap/vale";

/** What it is told. */
export interface KloopTask {
  readonly act: "loop" | "send" | "receive";
  /** The engine's state image, its region and its size. */
  readonly stateFd: number;
  readonly regionFd: number;
  readonly memsize: number;
  /** The descriptor's index in its owner, and its netmap_if. */
  readonly index: number;
  readonly nifp: number;
  /** Its entries and eventfds; none to busy-wait. */
  readonly csbFd: number;
  readonly entries: number;
  readonly pairs: readonly KloopEventfds[];
  /** How many packets there will be. */
  readonly packets: number;
  /** Packets that may be under way: word 0 of this memory counts those that arrived. */
  readonly window: number;
  readonly seenFd: number;
}

const task: KloopTask = workerData;
const { act, stateFd, regionFd, pairs, packets, window } = task;

function loop(): string {
  using dp = DataPath.attach({ stateFd, regionFds: [regionFd] }, [pipeKind, valeKind]);
  let wrong = "";
  const kloop = new AttachedKloop(dp, task.index, {
    onRingError: ({ error }) => wrong ||= error.message,
  });
  startKloop(kloop, pairs.length > 0 ? { eventfds: pairs } : {});
  return wrong;
}

/** Broadcasts with a number each, never more than `window` ahead of the receiver. */
function send(port: CsbPort, seen: Int32Array): string {
  const [tx] = port.txRings;
  const { i32 } = port.memory;
  const deadline = performance.now() + 50_000;
  for (let sent = 0; sent < packets || tx.txPending();) {
    let room = Math.min(tx.space(), packets - sent, window - (sent - Atomics.load(seen, 0)));
    const idle = room <= 0;
    for (; room > 0; room--, sent++) {
      const at = tx.bufOffset(tx.head) >> 2;
      i32[at] = -1;
      i32[at + 1] = 0x0002ffff;
      i32[at + 2] = 0x0a0a0a0a;
      i32[at + 4] = sent;
      tx.setSlot(tx.head, 60, 0);
      tx.advance(1);
    }
    port.txsync();
    if (!idle) continue;
    if (performance.now() > deadline) return `of ${sent} packets ${seen[0]} arrived`;
    // Room in the ring wakes who sleeps on it; the window is another thread's word.
    if (tx.empty() && pairs.length > 0) port.poll(POLLOUT, 100);
    else nap(20);
  }
  return "";
}

function receive(port: CsbPort, seen: Int32Array): string {
  const [rx] = port.rxRings;
  const { i32 } = port.memory;
  for (let count = 0; count < packets;) {
    if (port.poll(POLLIN, 20_000) !== POLLIN) return `nothing came after ${count}`;
    for (let got = rx.space(); got > 0; got--, count++) {
      const number = i32[(rx.bufOffset(rx.head) >> 2) + 4];
      if (number !== count || rx.len(rx.head) !== 60) return `${number} in place of ${count}`;
      rx.advance(1);
    }
    port.rxsync();
    Atomics.store(seen, 0, count);
  }
  return "";
}

function client(): string {
  using memory = mapMemory(regionFd, task.memsize);
  using seen = mapMemory(task.seenFd, 4096);
  using entries = mapCsb(task.csbFd, task.entries);
  using port = csbPort({ memory, nifp: task.nifp, entries, eventfds: pairs });
  return act === "send" ? send(port, seen.i32) : receive(port, seen.i32);
}

parentPort!.postMessage(act === "loop" ? loop() : client());
