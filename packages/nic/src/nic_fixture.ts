/**
 * What the tests of interfaces share: an engine whose notices are kept, and frames with numbers.
 *
 * @module
 */

import { openPort, POLLIN, type Port } from "@netmap/core";
import { createEngine, type Engine, portCounters, type RingCounters } from "@netmap/engine";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { nic, type NicOptions } from "./nic.ts";
import type { NicNotice } from "./notice.ts";

/** An engine for tests. */
export interface TestEngine extends Disposable {
  readonly engine: Engine;
  readonly notices: NicNotice[];
  open(name: string): Port;
  counters(name: string): { tx: RingCounters; rx: RingCounters };
}

/** Makes one. */
export function testEngine(options: NicOptions = {}): TestEngine {
  const notices: NicNotice[] = [];
  const engine = createEngine({
    features: [nic({ ...options, onNotice: (notice) => notices.push(notice) })],
  });
  return {
    engine,
    notices,
    open: (name) => openPort(engine.device, `netmap:${name}`),
    counters: (name) => portCounters(engine.ports.get(name)!),
    [Symbol.dispose]: () => engine.close(),
  };
}

/** A broadcast frame of an experimental type, with a number and content that follows from it. */
export function numbered(number: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  for (let i = 18; i < bytes; i++) frame[i] = number * 7 + i * 13;
  frame.fill(0xff, 0, 6);
  frame.set([2, 0, 0, 0, 0, 1, 0x88, 0xb5], 6);
  new DataView(frame.buffer).setUint32(14, number);
  return frame;
}

/** Receives until `count` frames are there, or none comes for a while. */
export function collect(port: Port, count: number, quietMs = 300): Uint8Array[] {
  const got: Uint8Array[] = [];
  while (got.length < count) {
    // What receive() has handed out is given back by the next one: ask it before waiting.
    const batch = port.receive();
    for (const frame of batch) got.push(frame.slice());
    if (batch.length === 0 && (port.poll(POLLIN, quietMs) & POLLIN) === 0) break;
  }
  return got;
}

/** Sends all frames, waiting for room. */
export function sendAll(port: Port, frames: readonly Uint8Array[]): void {
  let at = 0;
  while (at < frames.length) {
    at += port.send(frames.slice(at, at + 512));
  }
}

/** Packet and netlink sockets, timers and memory of ours that this process has open. */
export function openFds(): number {
  // The runtime has sockets of its own, of other kinds.
  const inodes = new Set<string>();
  for (const table of ["/proc/net/packet", "/proc/net/netlink"]) {
    for (const line of readFileSync(table, "utf8").trim().split("\n").slice(1)) {
      inodes.add(`socket:[${line.trim().split(/\s+/).at(-1)}]`);
    }
  }
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (inodes.has(target) || /timerfd|netmap-af-packet/.test(target)) count++;
    } catch {
      // The descriptor that the list was read with.
    }
  }
  return count;
}
