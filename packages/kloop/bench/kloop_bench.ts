/**
 * Lines of the benchmark for the loop. The client runs here and the loop in a process of its own, which
 * has nothing but memory and eventfds in common with it: two threads, on two cores where there are two.
 *
 * ```
 *   client                               loop
 *   fill 256 slots, publish  -- CSB -->  txsync: swaps buffers with the receive ring
 *   check each packet        <-- CSB --  rxsync
 * ```
 *
 * The port is an echo, so that each packet passes the CSB protocol twice, out and back; every packet
 * carries a number, and each is checked.
 *
 * @module
 */

import {
  POLLIN,
  RING_CUR,
  RING_HEAD,
  RING_TAIL,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  slotWord,
} from "@netmap/core";
import { D_KLOOP } from "@netmap/engine";
import { kloopCounters } from "@netmap/kloop";
import type { CsbPort } from "@netmap/kloop/client";
import { readFileSync } from "node:fs";
import { nap } from "../src/client/nap.ts";
import { CsbBench } from "../src/kloop_fixture.ts";
import { isRunning } from "../src/loop/state.ts";

/** A line of the table, as the harness in `bench/` takes it. */
export interface KloopLine {
  /** Its name. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps. */
  readonly target?: number;
  /** The same in C. */
  readonly twin?: { readonly program: string; readonly before: string[]; readonly after: string[] };
  /** Makes the port and starts its loop. */
  open(): KloopRun;
}

/** A line that is set up. */
export interface KloopRun {
  /** Moves so many packets. @returns how many @throws {Error} when a check failed */
  run(packets: number): number;
  /** Kicks and sleeps since the start, both sides, for reports. */
  counts(): KloopCounts;
  /** Sends one packet and sleeps until it is back. @throws {Error} when another one came */
  roundTrip(): void;
  /** Gives everything back. @throws {Error} when a buffer is missing */
  close(): void;
}

/** What both sides did. */
export interface KloopCounts {
  /** Kicks of the client, and of the loop. */
  readonly kicks: readonly [number, number];
  /** Sleeps of the client, and of the loop. */
  readonly sleeps: readonly [number, number];
  /** Rounds of the loop. */
  readonly rounds: number;
  /** Nanoseconds that the loop's thread was on a processor. */
  readonly loopNs: number;
}

const SLOTS = 1024;
const BURST = 256;
const LEN = 60;
/** Looks of the client that find nothing before it gives its time slice away. */
const SPINS = 64;

/** The lines for the loop. */
export const kloopLines: readonly KloopLine[] = [
  {
    name: "kloop/busy-wait/60",
    bytesPerPacket: LEN,
    target: 20,
    open: () => openRun("none", BURST),
  },
  {
    name: "kloop/eventfd/60",
    bytesPerPacket: LEN,
    target: 10,
    open: () => openRun("shared", BURST),
  },
];

/** Opens the port and starts its loop. @param burst packets at once */
export function openRun(eventfds: "none" | "shared", burst: number): KloopRun {
  const bench = new CsbBench("netmap:echoswap", { slots: SLOTS, eventfds });
  const { dp } = bench.engine;
  const { word } = bench.descriptor;
  const port = bench.opened.port();
  void bench.loopProcess();
  for (let ms = 0; !isRunning(dp, word); ms++) {
    if (ms > 10_000) throw new Error("The loop's process did not start");
    nap(1000);
  }
  const before = bench.free();
  let trips = 0;
  return {
    run: (packets) => exchange(port, packets, burst, eventfds !== "none"),
    counts() {
      const loop = kloopCounters(dp, word);
      const { kicks, sleeps } = port.csb.counters;
      return {
        kicks: [kicks, loop.kicks],
        sleeps: [sleeps, loop.sleeps],
        rounds: loop.rounds,
        loopNs: Number(
          readFileSync(`/proc/${dp.state[word + D_KLOOP]}/schedstat`, "utf8").split(" ")[0],
        ),
      };
    },
    roundTrip: () => roundTrip(port, trips++),
    close() {
      port.close();
      const after = bench.free();
      if (JSON.stringify(after) !== JSON.stringify(before)) throw new Error("Buffers are missing");
      bench.opened.close();
      bench.engine.close();
    },
  };
}

/** Sends bursts and checks what comes back, both as fast as the loop goes. */
function exchange(port: CsbPort, packets: number, burst: number, sleeps: boolean): number {
  const { i32 } = port.memory;
  const t = port.txRings[0].word;
  const r = port.rxRings[0].word;
  const bufBase = port.txRings[0].bufferOffset(0) >> 2;
  const bufWords = port.txRings[0].bufSize >> 2;
  let sent = 0;
  let seen = 0;
  for (let idle = 0; seen < packets;) {
    let i = i32[t + RING_HEAD];
    let room = i32[t + RING_TAIL] - i;
    if (room < 0) room += SLOTS;
    let n = Math.min(room, burst, packets - sent);
    const done = n;
    for (; n > 0; n--, sent++) {
      const w = slotWord(t, i);
      i32[bufBase + i32[w + SLOT_BUF_IDX] * bufWords] = sent;
      i32[w + SLOT_LEN_FLAGS] = LEN;
      i = i + 1 === SLOTS ? 0 : i + 1;
    }
    i32[t + RING_CUR] = i32[t + RING_HEAD] = i;
    port.txsync();
    port.rxsync();
    i = i32[r + RING_HEAD];
    let got = i32[r + RING_TAIL] - i;
    if (got < 0) got += SLOTS;
    for (n = got; n > 0; n--, seen++) {
      const w = slotWord(r, i);
      if (
        i32[bufBase + i32[w + SLOT_BUF_IDX] * bufWords] !== seen ||
        (i32[w + SLOT_LEN_FLAGS] & 0xffff) !== LEN
      ) throw new Error(`Packet ${seen} is not the one that came`);
      i = i + 1 === SLOTS ? 0 : i + 1;
    }
    i32[r + RING_CUR] = i32[r + RING_HEAD] = i;
    if (done + got > 0) idle = 0;
    else if (sleeps) port.poll(POLLIN, 1000);
    else if (++idle % SPINS === 0) nap(0);
  }
  port.rxsync();
  return seen;
}

/** Sends one packet and sleeps until it is back. */
function roundTrip(port: CsbPort, number: number): void {
  const [tx] = port.txRings;
  const [rx] = port.rxRings;
  const { i32 } = port.memory;
  while (tx.empty()) port.txsync();
  i32[tx.bufOffset(tx.head) >> 2] = number;
  tx.setSlot(tx.head, LEN, 0);
  tx.advance(1);
  if (port.poll(POLLIN, 5000) !== POLLIN) throw new Error(`Packet ${number} did not come back`);
  const i = rx.head;
  if (i32[rx.bufOffset(i) >> 2] !== number) throw new Error(`Packet ${number} is another one`);
  rx.advance(1);
  port.rxsync();
}
