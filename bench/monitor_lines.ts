/**
 * What a monitor costs the port that it watches: the same pipe without one, with a copy monitor and
 * with a zero-copy monitor, drained batch by batch. The cost of a monitor is the difference of the
 * lines' ns/packet.
 *
 * @module
 */

import {
  openPort,
  type Port,
  RING_HEAD,
  ringRelease,
  ringSpace,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  slotWord,
} from "@netmap/core";
import { createEngine } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { monitor, openMonitor } from "@netmap/monitor";
import type { BenchLine, BenchRun } from "./line.ts";

/**
 * Rings of 256 slots, so that the buffers of all three rings stay in the processor's second cache:
 * at 2 KiB apart they share its sets, and with 1024 slots the line measures memory (measured: 20 ns
 * more a packet for the second 1024 buffers, whatever is done to them).
 */
const SLOTS = 256;
const BATCH = 100;
const LEN = 60;

type Kind = "none" | "copy" | "zero-copy";

function line(kind: Kind): BenchLine {
  return { name: `monitor/${kind}/60`, bytesPerPacket: LEN, open: () => open(kind) };
}

/** The lines for monitors. */
export const monitorLines: readonly BenchLine[] = [line("none"), line("copy"), line("zero-copy")];

function open(kind: Kind): BenchRun {
  const engine = createEngine({ features: [monitor(), pipes()] });
  const left = openPort(engine.device, "netmap:bench{1", { slots: SLOTS });
  const right = openPort(engine.device, "netmap:bench}1");
  const watch = kind === "none"
    ? null
    : openMonitor(engine.device, right.name, { direction: "rx", zeroCopy: kind === "zero-copy" });
  let sequence = 0;
  return {
    run(packets: number): number {
      let moved = 0;
      while (moved < packets) {
        send(left, sequence);
        left.txsync();
        right.rxsync();
        receive(right, sequence);
        // The second sync gives the slots back, which a zero-copy monitor waits for.
        right.rxsync();
        left.txsync();
        if (watch) {
          watch.rxsync();
          receive(watch, sequence);
        }
        sequence = (sequence + BATCH) | 0;
        moved += BATCH;
      }
      return moved;
    },
    close: () => engine.close(),
  };
}

function buffer(port: Port, i32: Int32Array, slot: number): number {
  const ring = port.rxRings[0];
  return (ring.bufferOffset(0) >> 2) + i32[slot + SLOT_BUF_IDX] * (ring.bufSize >> 2);
}

function send(port: Port, sequence: number): void {
  const { i32 } = port.memory;
  const r = port.txRings[0].word;
  const base = port.txRings[0].bufferOffset(0) >> 2;
  const words = port.txRings[0].bufSize >> 2;
  let i = i32[r + RING_HEAD];
  for (let n = 0; n < BATCH; n++) {
    const slot = slotWord(r, i);
    i32[base + i32[slot + SLOT_BUF_IDX] * words] = sequence + n;
    i32[slot + SLOT_LEN_FLAGS] = LEN;
    i = i + 1 === SLOTS ? 0 : i + 1;
  }
  ringRelease(i32, r, i);
}

function receive(port: Port, sequence: number): void {
  const { i32 } = port.memory;
  const r = port.rxRings[0].word;
  const got = ringSpace(i32, r);
  let i = i32[r + RING_HEAD];
  if (got !== BATCH) throw new Error(`Of a batch of ${BATCH} packets ${got} came`);
  const first = i32[buffer(port, i32, slotWord(r, i))];
  if (first !== sequence) throw new Error(`Packet ${first} came in place of ${sequence}`);
  i = (i + got) % SLOTS;
  ringRelease(i32, r, i);
}
