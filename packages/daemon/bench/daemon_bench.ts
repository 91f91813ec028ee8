/**
 * Lines of the benchmark for two processes that are attached to a daemon: another process sends for
 * ever, this one receives. The daemon's process does nothing meanwhile. Checked are the order, by
 * numbers that the sender puts into buffers, and each slot's length.
 *
 * @module
 */

import {
  openPort,
  POLLIN,
  PollSet,
  RING_HEAD,
  ringRelease,
  ringSpace,
  SLOT_LEN_FLAGS,
  slotWord,
} from "@netmap/core";
import { RemoteDevice } from "@netmap/daemon";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A line of the table, as the harness in `bench/` takes it. */
export interface DaemonLine {
  /** Its name. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps. */
  readonly target?: number;
  /** Starts the processes. */
  open(): DaemonRun;
}

/** A line that is set up. */
export interface DaemonRun {
  /** Receives at least so many packets. @returns how many @throws {Error} when a check failed */
  run(packets: number): number;
  /** Ends the processes. */
  close(): void;
}

/** The lines for two processes. */
export const daemonLines: readonly DaemonLine[] = [
  {
    name: "pipe/two-processes",
    bytesPerPacket: 60,
    target: 60,
    open: () => openRun("netmap:bench{1", "netmap:bench}1"),
  },
  {
    name: "vale/two-processes/60",
    bytesPerPacket: 60,
    target: 12,
    open: () => openRun("vale0:a", "vale0:b"),
  },
];

/** Starts a process. The daemon ends when this process does, and the sender with the daemon. */
function start(file: string, ...args: string[]): ChildProcess {
  const isDeno = "Deno" in globalThis;
  return spawn(process.execPath, [
    ...isDeno ? ["run", "-A", "--no-check"] : ["--no-install"],
    fileURLToPath(new URL(file, import.meta.url)),
    ...args,
  ], { stdio: ["pipe", "inherit", "inherit"] });
}

function sleep(ms: number): void {
  new PollSet().wait(ms);
}

function openRun(sends: string, receives: string): DaemonRun {
  const folder = mkdtempSync(join(tmpdir(), "netmap-bench-"));
  const socket = join(folder, "sock");
  const daemon = start("bench_daemon.ts", socket);
  for (let i = 0; i < 500 && !existsSync(socket); i++) sleep(10);
  sleep(20);
  const device = new RemoteDevice(socket, [nullKind, ...pipes().kinds!, ...vale().kinds!]);
  const port = openPort(device, receives, { slots: 1024 });
  const peer = start("bench_peer.ts", socket, sends);
  const [rx] = port.rxRings;
  const { i32 } = port.memory;
  const isPipe = receives.includes("}");
  let next = 0;

  /** Looks at all slots that are there and gives them back. */
  function take(ring: number, slots: number): number {
    const space = ringSpace(i32, ring);
    let at = i32[ring + RING_HEAD];
    let lengths = 0;
    for (let n = 0; n < space; n++) {
      lengths += i32[slotWord(ring, at) + SLOT_LEN_FLAGS] & 0xffff;
      if (!isPipe) {
        const number = i32[(rx.bufOffset(at) >> 2) + 4];
        if (number - next < 0) throw new Error(`Frame ${number} came after ${next}`);
        next = (number + 1) | 0;
      } else if (at === 0 && i32[rx.bufOffset(0) >> 2] !== next++) {
        throw new Error(`Round ${next - 1} of the ring has another number`);
      }
      at = at + 1 === slots ? 0 : at + 1;
    }
    if (lengths !== 60 * space) throw new Error(`${space} frames of 60 bytes have ${lengths}`);
    ringRelease(i32, ring, at);
    return space;
  }

  return {
    run(packets: number): number {
      let got = 0;
      while (got < packets) {
        port.rxsync();
        const count = take(rx.word, rx.numSlots);
        got += count;
        if (count === 0 && port.poll(POLLIN, 10_000) !== POLLIN) throw new Error("Nothing comes");
      }
      return got;
    },
    close(): void {
      port.close();
      device.close();
      for (const child of [peer, daemon]) child.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    },
  };
}
