/**
 * Round-trip times: one packet out, one back. The packet carries a number and when it was sent.
 *
 * ```
 *   Ethernet IP UDP | payload: number (4 bytes), microseconds (4), "ping" marks
 * ```
 *
 * @module
 */

import { NS_BUF_CHANGED, POLLIN, POLLOUT, type Port, type Ring } from "@netmap/core";
import { Histogram } from "./histogram.ts";
import { Turns, waitForAny } from "./internal/turns.ts";
import { type PacketOptions, PacketSource } from "./packet_source.ts";
import { rxSides, txSides } from "./ring_side.ts";

/** How long a reply may take before the next packet goes, in milliseconds. */
const LOST_MS = 1000;
/** How long a reply is looked for without waiting: waiting costs more than a reply takes. */
const SPIN_MS = 0.2;
/** Bytes of the number at a packet's end, where no header is. */
const MARK = 8;

/** How to ping. */
export interface PingOptions {
  /** Packets in all; no end when silent. */
  readonly count?: number;
  /** What to send; its last 8 bytes are overwritten. */
  readonly packet?: PacketOptions;
  /** Pings a second at most; the next one as soon as the last is back when silent. */
  readonly rate?: number;
}

/** A pinger. */
export interface Pinger {
  /** Packets that were sent. */
  readonly sent: number;
  /** Replies that came in time. */
  readonly received: number;
  /** Round-trip times in nanoseconds. */
  readonly histogram: Histogram;
  /** Pings until `count` is reached or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Measures round-trip times to who answers with {@linkcode pong}.
 *
 * @param port where
 * @param options what, how many
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * import { ping } from "@netmap/traffic";
 * async function median(device: NetmapDevice, signal: AbortSignal): Promise<number> {
 *   using port = openPort(device, "vale0:a");
 *   const pinger = ping(port, { count: 1000 });
 *   await pinger.run(signal);
 *   return pinger.histogram.quantile(0.5);
 * }
 * ```
 */
export function ping(port: Port, options: PingOptions = {}): Pinger {
  const { count = Infinity, rate } = options;
  // The mark has to fit behind the headers.
  const source = new PacketSource(options.packet);
  const [tx] = txSides(port);
  const rx = rxSides(port);
  const histogram = new Histogram();
  const pinger = { sent: 0, received: 0, histogram, run };

  /** @returns whether the reply to `number` came */
  function look(number: number): boolean {
    port.rxsync();
    let found = false;
    for (const { ring, u8 } of rx) {
      for (; !ring.empty(); ring.advance(1)) {
        const len = ring.len(ring.head);
        if (len !== source.length) continue;
        const at = ring.bufOffset(ring.head) + len - MARK;
        if (get32(u8, at) === number && get32(u8, at + 4) === ~number >>> 0) found = true;
      }
    }
    return found;
  }

  function send(number: number): boolean {
    const { ring, u8 } = tx;
    if (ring.empty()) port.txsync();
    if (ring.empty()) return false;
    const at = ring.bufOffset(ring.head);
    u8.set(source.bytes.subarray(0, source.length), at);
    put32(u8, at + source.length - MARK, number);
    put32(u8, at + source.length - MARK + 4, ~number);
    ring.setSlot(ring.head, source.length, ring.slotFlags(ring.head) & NS_BUF_CHANGED);
    ring.advance(1);
    return true;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const turns = new Turns();
    while (!signal.aborted && pinger.sent < count) {
      const number = pinger.sent >>> 0;
      if (!send(number)) {
        await turns.pass();
        continue;
      }
      pinger.sent++;
      const begin = performance.now();
      port.txsync();
      let came = look(number);
      let now = performance.now();
      while (!came && now - begin < LOST_MS && !signal.aborted) {
        if (now - begin > SPIN_MS) await waitForAny([[port, POLLIN]], signal, LOST_MS);
        else if (turns.isOver(now)) await turns.pass();
        came = look(number);
        now = performance.now();
      }
      if (came) {
        pinger.received++;
        histogram.record((now - begin) * 1e6);
      }
      if (rate !== undefined) await waitForAny([], signal, 1000 / rate - (now - begin));
      if (turns.isOver(performance.now())) await turns.pass();
    }
  }

  return pinger;
}

/** Who answers. */
export interface Ponger {
  /** Packets that were answered. */
  readonly packets: number;
  /** One look. @returns packets that were answered */
  step(): number;
  /** Answers until `count` is reached or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Sends every packet back to where it came from, by its Ethernet addresses. What finds no room in the
 * transmit ring waits.
 *
 * @param port where
 * @param options how many
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * import { pong } from "@netmap/traffic";
 * async function answer(device: NetmapDevice, signal: AbortSignal): Promise<void> {
 *   using port = openPort(device, "vale0:b");
 *   await pong(port).run(signal);
 * }
 * ```
 */
export function pong(port: Port, options: { readonly count?: number } = {}): Ponger {
  const { count = Infinity } = options;
  const [tx] = txSides(port);
  const rx = rxSides(port);
  const ponger = { packets: 0, step, run };

  function answer(from: Ring): void {
    const to = tx.ring;
    const j = from.head;
    const k = to.head;
    const len = Math.min(from.len(j), to.bufSize - to.offset(k));
    const source = from.bufOffset(j);
    const target = to.bufOffset(k);
    const { u8 } = tx;
    u8.copyWithin(target, source, source + len);
    for (let i = 0; i < 6; i++) {
      u8[target + i] = u8[source + 6 + i];
      u8[target + 6 + i] = u8[source + i];
    }
    // Broadcast is nobody's source address: a switch would learn nothing, or drop it.
    if ((u8[target + 6] & 1) === 1) u8.set(OWN, target + 6);
    to.setSlot(k, len, to.slotFlags(k) & NS_BUF_CHANGED);
    from.advance(1);
    to.advance(1);
  }

  function step(): number {
    const before = ponger.packets;
    port.rxsync();
    for (const { ring } of rx) {
      if (tx.ring.empty()) port.txsync();
      for (; !ring.empty() && !tx.ring.empty() && ponger.packets < count; ponger.packets++) {
        answer(ring);
      }
    }
    if (ponger.packets > before) port.txsync();
    return ponger.packets - before;
  }

  async function run(signal: AbortSignal): Promise<void> {
    const turns = new Turns();
    let last = performance.now();
    while (!signal.aborted && ponger.packets < count) {
      const now = performance.now();
      if (step() > 0) last = now;
      else if (now - last > SPIN_MS) {
        const held = rx.some(({ ring }) => !ring.empty());
        await waitForAny([[port, held ? POLLOUT : POLLIN]], signal, LOST_MS);
      }
      if (turns.isOver(now)) await turns.pass();
    }
  }

  return ponger;
}

/** Source of answers to broadcasts. */
const OWN = Uint8Array.of(2, 0, 0, 0, 0, 2);

function put32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (24 - 8 * i);
}

function get32(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3]) >>> 0;
}
