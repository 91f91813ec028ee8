/**
 * Traffic that shows what the switch does and proves it: three ports, each a sender of real Ethernet
 * frames and a receiver that checks every one.
 *
 * ```
 *            a            each sends to the two others in turn (their addresses are known),
 *           / \           to an address that nobody has (flooded) and to all (broadcast)
 *     .----'   '----.
 *     |    vale0    |     sent to a port  =  received and checked  +  dropped by a counter
 *     '----.   .----'
 *           \ /
 *         b     c
 * ```
 *
 * All in one isolate, through the rings: no allocation for a packet.
 *
 * @module
 */

import { type NetmapDevice, openPort, type Port } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { plural, whole } from "../shared/format.ts";
import { FrameChecker } from "../shared/frame_checker.ts";
import { FrameGenerator } from "../shared/frame_generator.ts";
import { type Address, type Flow, FlowTable } from "../shared/sequence_frame.ts";
import { workInSlices } from "../shared/slices.ts";
import { knownAddresses, switchTotals } from "./totals.ts";
import type { KnownAddress, PortTotals, Traffic } from "./traffic.ts";

const PORTS = ["a", "b", "c"];
/** Mostly short, as traffic is; some are no multiple of a word. 250 bytes on average. */
const SIZES = [60, 60, 128, 60, 1514, 60, 61, 256, 60, 594, 60, 64, 257, 60, 128, 1021];
/** Where frames go, in turn: 13 of these to 16 sizes, so that all pairs come up. */
const TARGETS = [2, 0, 1, 0, 1, 0, 1, 2, 0, 1, 3, 0, 1];
/** Slots of a ring. 256 keep all buffers in a cache of 2 MB: 10.3 Mpps in Bun and 7 in Deno, 1024 8 and 6.6. */
const SLOTS = 256;
const EVERYBODY: Address = { mac: [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], ip: [192, 0, 2, 255] };

/** Addresses of station `n`: a locally administered MAC, and an IP of TEST-NET-1 (RFC 5737). */
function addressOf(n: number): Address {
  return { mac: [0x02, 0x6e, 0x6d, 0, 0, n + 1], ip: [192, 0, 2, n + 1] };
}

/** What source `source` sends where: two known addresses, one that all get, one that nobody has. */
function flowsOf(source: number): Flow[][] {
  const others = PORTS.map((_, n) => n).filter((n) => n !== source);
  const all = others.reduce((bits, n) => bits | 1 << n, 0);
  const targets: [Address, number][] = [
    ...others.map((n): [Address, number] => [addressOf(n), 1 << n]),
    [EVERYBODY, all],
    [addressOf(99), all],
  ];
  return targets.map(([to, receivers]) =>
    SIZES.map((length) => ({ source, from: addressOf(source), to, length, receivers }))
  );
}

/** The demo. */
export class Demo implements Traffic {
  /** Its ports. */
  readonly ports: readonly Port[];
  /** Senders, by port. */
  readonly generators: readonly FrameGenerator[];
  /** Receivers, by port. */
  readonly checkers: readonly FrameChecker[];
  readonly #engine: Engine | null;
  readonly #switchName: string;

  /**
   * Opens the ports and lets the switch learn where they are.
   *
   * @param device where
   * @param switchName the switch, made if there is none
   * @param engine whose device it is; null for a device that keeps no counters
   * @throws {NetmapError} when a port cannot be had
   */
  constructor(device: NetmapDevice, switchName: string, engine: Engine | null) {
    this.#engine = engine;
    this.#switchName = switchName;
    const ports: Port[] = [];
    this.ports = ports;
    try {
      for (const name of PORTS) {
        ports.push(openPort(device, `${switchName}:${name}`, { slots: SLOTS }));
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    const flows = PORTS.flatMap((_, source) => flowsOf(source).flat());
    const table = new FlowTable(flows);
    const perTarget = SIZES.length;
    this.generators = PORTS.map((_, source) => {
      const first = source * (flows.length / PORTS.length);
      const turns = SIZES.length * TARGETS.length;
      return new FrameGenerator(
        table,
        Array.from({ length: turns }, (_, turn) => {
          const target = TARGETS[turn % TARGETS.length];
          return first + target * perTarget + turn % perTarget;
        }),
      );
    });
    this.checkers = PORTS.map((name, receiver) => new FrameChecker(table, receiver, name));
    // The first frame of every plan is for everybody: after it the switch knows where each port is.
    PORTS.forEach((_, source) => this.send(source, 1));
    PORTS.forEach((_, receiver) => this.receive(receiver));
  }

  /** Sends from now on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    // What the receivers read last is still in their rings, so no more than half may come now.
    const batch = this.ports[0].txRings[0].numSlots >> 1;
    await workInSlices(() => {
      for (let source = 0; source < PORTS.length; source++) {
        this.send(source, batch - 1);
        for (let receiver = 0; receiver < PORTS.length; receiver++) {
          if (receiver !== source) this.receive(receiver);
        }
      }
    }, signal);
  }

  /** One batch of frames into the switch. @returns how many */
  send(source: number, max: number): number {
    const port = this.ports[source];
    const count = this.generators[source].fill(port.txRings[0], port.memory.i32, max);
    port.txsync();
    return count;
  }

  /** Takes what has come and checks it. @returns how many */
  receive(receiver: number): number {
    const port = this.ports[receiver];
    port.rxsync();
    return this.checkers[receiver].drain(port.rxRings[0], port.memory.i32);
  }

  /** What the switch counted; without its counters, what senders and receivers did. */
  totals(): PortTotals[] {
    return this.#engine === null ? this.ownTotals() : switchTotals(this.#engine, this.#switchName);
  }

  /** What senders and receivers counted. No drops: then every frame that is missing is a fault. */
  ownTotals(): PortTotals[] {
    return PORTS.map((name, n) => ({
      name,
      rxPackets: this.checkers[n].packets,
      txPackets: this.generators[n].packets,
      rxBytes: this.checkers[n].bytes,
      txBytes: this.generators[n].bytes,
      drops: 0,
      addresses: [],
    }));
  }

  addresses(): KnownAddress[] {
    return this.#engine === null ? [] : knownAddresses(this.#engine, this.#switchName);
  }

  /** What was checked, for the summary. */
  get checked(): string {
    const frames = this.checkers.reduce((sum, checker) => sum + checker.packets, 0);
    return `${plural(frames, "frame")} received, content and order of each checked; ` +
      "none is missing that was not counted as dropped";
  }

  /**
   * Everything that is not as it has to be; all sent frames must have been received before.
   *
   * @param totals what the switch counted, by port
   * @returns sentences, none when all is well
   */
  problems(totals: readonly PortTotals[]): string[] {
    return PORTS.flatMap((name, n) => {
      const checker = this.checkers[n];
      const generator = this.generators[n];
      const port = totals.find((one) => one.name === name);
      if (port === undefined) return [`Port '${name}' is not on the switch any more`];
      const owed = this.generators.reduce((sum, one) => sum + one.owed(n).packets, 0);
      const missing = owed - checker.packets;
      const found: string[] = [];
      const expect = (what: string, is: number, expected: number, where: string): void => {
        if (is === expected) return;
        found.push(`Port '${name}' ${what} ${whole(is)}, but ${where} ${whole(expected)}`);
      };
      if (checker.faultCount > 0) {
        found.push(`${checker.firstFault} (one of ${plural(checker.faultCount, "such frame")})`);
      }
      expect("lost frames:", missing, port.drops, "the counters show drops:");
      expect("received frames:", checker.packets, port.rxPackets, "the switch counted");
      expect("received bytes:", checker.bytes, port.rxBytes, "the switch counted");
      expect("sent frames:", generator.packets, port.txPackets, "the switch counted");
      expect("sent bytes:", generator.bytes, port.txBytes, "the switch counted");
      return found;
    });
  }

  [Symbol.dispose](): void {
    for (const port of this.ports) port.close();
  }
}
