/**
 * The four functions of pkt-gen as one thing that runs and counts.
 *
 * @module
 */

import type { Port } from "@netmap/core";
import {
  generate,
  type Histogram,
  ping,
  pong,
  readPcap,
  receive,
  type RingSide,
} from "@netmap/traffic";
import { readFileSync } from "node:fs";
import { UsageError } from "../shared/arguments.ts";
import type { Options } from "./options.ts";
import type { Progress } from "./report.ts";

/** What runs. */
export interface Work {
  /** What it has done so far. */
  progress(): Progress;
  /** Packets that were sent or queued. */
  sent(): number;
  /** Round-trip times, of ping. */
  readonly histogram: Histogram | null;
  /** Runs to its end, or until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Makes what is asked for.
 *
 * @param port where
 * @param options what
 * @param print where packets are dumped to
 */
export function makeWork(port: Port, options: Options, print: (text: string) => unknown): Work {
  const { role, count, burst, rate } = options;
  const packet = { ...options.packet, sourceMac: options.packet.sourceMac ?? macOf(port.name) };
  const onPacket = options.dump
    ? (side: RingSide, slot: number): void => void print(dumpPacket(side, slot))
    : undefined;
  if (role === "rx") {
    const receiver = receive(port, { count, burst, untilEmpty: options.untilEmpty, onPacket });
    return {
      progress: () => receiver,
      sent: () => receiver.packets,
      histogram: null,
      run: (signal) => receiver.run(signal),
    };
  }
  if (role === "tx") {
    const { fragments, fragmentSize, raw, copy, capture } = options;
    const frames = capture === undefined ? undefined : readCapture(capture);
    const sender = generate(port, {
      ...{ packet, frames, count, burst, rate, fragments, fragmentSize, raw, copy, onPacket },
    });
    return {
      progress: () => ({ packets: sender.completed, bytes: sender.bytes, batches: sender.batches }),
      sent: () => sender.queued,
      histogram: null,
      run: (signal) => sender.run(signal),
    };
  }
  if (role === "ping") {
    const pinger = ping(port, { count, packet, rate });
    return {
      progress: () => ({ packets: pinger.received, bytes: 0, batches: 0 }),
      sent: () => pinger.sent,
      histogram: pinger.histogram,
      run: (signal) => pinger.run(signal),
    };
  }
  const ponger = pong(port, { count });
  return {
    progress: () => ({ packets: ponger.packets, bytes: 0, batches: 0 }),
    sent: () => ponger.packets,
    histogram: null,
    run: (signal) => ponger.run(signal),
  };
}

function readCapture(path: string): Uint8Array[] {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (error) {
    throw new UsageError(`Cannot read '${path}': ${(error as Error).message}`, { cause: error });
  }
  return readPcap(file, path);
}

/** Address of an interface, as the classic sends from; of other ports there is none to know. */
function macOf(name: string): string | undefined {
  try {
    return readFileSync(`/sys/class/net/${name}/address`, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** A packet as `-X` shows it: ring and slot, then 16 bytes a line. */
export function dumpPacket({ ring }: RingSide, slot: number): string {
  const bytes = ring.packet(slot);
  const lines = [
    `ring ${ring.ringId} slot ${slot} buf ${ring.bufIdx(slot)} len ${bytes.length}`,
  ];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".");
    lines.push(`${at.toString().padStart(5)}: ${hex.padEnd(47)}  ${text.join("")}`);
  }
  return `${lines.join("\n")}\n`;
}
