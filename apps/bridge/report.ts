/**
 * What bridge tells: a line a second and a summary, for people or for programs.
 *
 * @module
 */

import type { Port } from "@netmap/core";
import type { Bridge, Moved } from "@netmap/traffic";
import { plural, short, whole } from "../shared/format.ts";
import { RateMeter } from "../shared/rates.ts";
import { runtimeName } from "../shared/run_app.ts";
import type { Options } from "./options.ts";

type Key = "packets" | "bytes";

/** The report of a run. */
export class Report {
  readonly #bridge: Bridge;
  readonly #options: Options;
  readonly #device: string;
  readonly #out: (text: string) => unknown;
  #meter: RateMeter<Key> = new RateMeter<Key>(["packets", "bytes"], 0);
  #begin = 0;

  /**
   * @param bridge whose counters are told
   * @param options names, `--json`, `-v`
   * @param device as `NETMAP` names it
   * @param out where it goes
   */
  constructor(
    bridge: Bridge,
    options: Options,
    device: string,
    out: (text: string) => unknown,
  ) {
    this.#bridge = bridge;
    this.#options = options;
    this.#device = device;
    this.#out = out;
  }

  /** When the ports are open. */
  begin(first: Port, second: Port): void {
    const { json, verbose, a, b, waitLink } = this.#options;
    if (json) return;
    const how = this.#bridge.zeroCopy ? "swapping buffers" : "copying";
    this.#out(`Bridge '${a}' <-> '${b}' on the device '${this.#device}', ${how}\n`);
    if (verbose) {
      for (const port of first === second ? [first] : [first, second]) {
        const { txRings, rxRings, hostTxRings, hostRxRings, reply } = port;
        this.#out(
          `${port.name}: ${plural(rxRings.length + hostRxRings.length, "rx ring")} of ${
            whole(reply.rxSlots)
          } slots, ${plural(txRings.length + hostTxRings.length, "tx ring")} of ${
            whole(reply.txSlots)
          }, memory region ${reply.memId}\n`,
        );
      }
    }
    if (waitLink > 0) this.#out(`Waiting ${plural(waitLink, "second")} for links\n`);
  }

  /** When the first packet may go. @param now milliseconds of `performance.now()` */
  start(now: number): void {
    this.#begin = now;
    this.#meter = new RateMeter<Key>(["packets", "bytes"], now);
  }

  /** Once a second. */
  tick(now: number): void {
    const { json, a, b } = this.#options;
    const { forward, backward } = this.#bridge;
    const [one, other] = this.#meter.measure(
      [{ ...forward, name: "forward" }, { ...backward, name: "backward" }],
      now,
    );
    const seconds = (now - this.#begin) / 1000;
    if (json) {
      this.#out(
        `${
          JSON.stringify({
            seconds: round(seconds),
            forward: { pps: Math.round(one.packets), bps: Math.round(one.bytes * 8) },
            backward: { pps: Math.round(other.packets), bps: Math.round(other.bytes * 8) },
          })
        }\n`,
      );
      return;
    }
    const way = (rates: Record<Key, number>): string =>
      `${short(rates.packets, "pkt/s")} ${short(rates.bytes * 8, "bit/s")}`;
    this.#out(`${seconds.toFixed(1)} s: ${a} -> ${b} ${way(one)}, ${b} -> ${a} ${way(other)}\n`);
  }

  /** Once, last of all. */
  end(now: number): void {
    const { json, a, b } = this.#options;
    const { forward, backward, zeroCopy } = this.#bridge;
    const seconds = (now - this.#begin) / 1000;
    if (json) {
      const mpps = (forward.packets + backward.packets) / seconds / 1e6;
      this.#out(
        `${
          JSON.stringify({
            final: true,
            device: this.#device,
            runtime: runtimeName(),
            ports: [a, b],
            zeroCopy,
            seconds: round(seconds),
            forward,
            backward,
            mpps,
          })
        }\n`,
      );
      return;
    }
    const way = (from: string, to: string, { packets, bytes }: Readonly<Moved>): string =>
      `${from} -> ${to}: ${plural(packets, "packet")}, ${plural(bytes, "byte")}\n`;
    this.#out(`\n${way(a, b, forward)}${way(b, a, backward)}in ${seconds.toFixed(2)} s\n`);
  }
}

const round = (seconds: number): number => Math.round(seconds * 1000) / 1000;
