/**
 * What the tests of the data path share: frames with addresses and numbers, ports with few slots,
 * counters of a ring, and senders that are dead.
 *
 * @module
 */

import { openPort, type Port, type PortOptions } from "@netmap/core";
import {
  ATTACH_TABLE,
  ATTACH_TID,
  ATTACH_WORDS,
  type DataPath,
  type Engine,
  NR_RX,
  NR_TX,
  type RingCounters,
  ringCounters,
} from "@netmap/engine";
import { switchTable } from "../switch_table.ts";
import type { ValePort } from "../vale_port.ts";

/** Bytes before a frame's number: both addresses and the type. */
const HEADER = 14;
/** The group of all. */
export const EVERYBODY = 0xffffff;

/** Address number `n` as bytes: 02:00:00 and 24 bits of the number; that of everybody. */
export function address(n: number): number[] {
  if (n === EVERYBODY) return [255, 255, 255, 255, 255, 255];
  return [2, 0, 0, (n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** Address number `n` as text. */
export function addressText(n: number): string {
  return address(n).map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** A frame with a number, its bytes derived from that. */
export function frame(dst: number, src: number, n: number = 0, length: number = 60): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = HEADER + 4; i < length; i++) bytes[i] = n * 31 + i * 7;
  bytes.set(address(dst), 0);
  bytes.set(address(src), 6);
  bytes.set([8, 0], 12);
  new DataView(bytes.buffer).setUint32(HEADER, n);
  return bytes;
}

/** The numbers of frames; -1 for one whose bytes are not those that it was made with. */
export function numbers(frames: Iterable<Uint8Array>): number[] {
  return [...frames].map((bytes) => {
    if (bytes.length < HEADER + 4) return -1;
    const n = new DataView(bytes.buffer, bytes.byteOffset).getUint32(HEADER);
    for (let i = HEADER + 4; i < bytes.length; i++) {
      if (bytes[i] !== ((n * 31 + i * 7) & 255)) return -1;
    }
    return n;
  });
}

/** The numbers from..to-1. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** Opens ports `vale0:a`, `vale0:b`...; 64 slots in each ring unless told otherwise. */
export function openPorts(engine: Engine, count: number, spec: Partial<PortOptions> = {}): Port[] {
  return Array.from(
    { length: count },
    (_, i) =>
      openPort(engine.device, { slots: 64, ...spec, name: `vale0:${String.fromCharCode(97 + i)}` }),
  );
}

/** The adapter behind a port. */
export function adapterOf(engine: Engine, port: Port): ValePort {
  return engine.ports.get(port.name) as ValePort;
}

/** A port's kring. */
export function kring(engine: Engine, port: Port, dir: number, ring: number = 0): number {
  return adapterOf(engine, port).kring(dir, ring);
}

/** Counters of a port's transmit ring. */
export function txCounters(engine: Engine, port: Port, ring: number = 0): RingCounters {
  return ringCounters(engine.dp, kring(engine, port, NR_TX, ring));
}

/** Counters of a port's receive ring. */
export function rxCounters(engine: Engine, port: Port, ring: number = 0): RingCounters {
  return ringCounters(engine.dp, kring(engine, port, NR_RX, ring));
}

/** Record of switch `vale0`. */
export function switchRecord(engine: Engine): number {
  return switchTable(engine).find("vale0:")!.record;
}

/** Each port sends a broadcast from address `first` + its place, so that the switch knows them. */
export function teach(ports: readonly Port[], first: number = 1): void {
  ports.forEach((port, i) => port.send([frame(EVERYBODY, first + i)]));
  for (const port of ports) {
    while (port.receive().length > 0);
  }
}

/** This thread's view with the owner tag of a thread that is dead. */
export function deadThread(dp: DataPath): DataPath {
  const tag = 77;
  // The largest thread id that Linux gives out is 2^22.
  dp.state[ATTACH_TABLE + (tag - 1) * ATTACH_WORDS + ATTACH_TID] = (1 << 22) + 5;
  return Object.create(dp, { owner: { value: tag } }) as DataPath;
}
