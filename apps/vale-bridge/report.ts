/**
 * What a run tells, and to whom: people at a terminal, a log, or a program that reads JSON.
 *
 * @module
 */

import { RateMeter } from "../shared/rates.ts";
import type { KnownAddress, PortTotals } from "./traffic.ts";

/** What stays the same during a run. */
export interface RunInfo {
  /** The switch. */
  readonly switchName: string;
  /** The device that was taken, as `NETMAP` names it. */
  readonly device: string;
  /** The runtime. */
  readonly runtime: "bun" | "deno";
  /** How long the run is to last; undefined until somebody stops it. */
  readonly duration: number | undefined;
}

/** What a port did in the last second. */
export type PortRates = Readonly<Record<RateKey, number>>;
type RateKey = "rxPackets" | "txPackets" | "rxBytes" | "txBytes";
const RATE_KEYS: readonly RateKey[] = ["rxPackets", "txPackets", "rxBytes", "txBytes"];

/** A look at the ports, once a second. */
export interface Tick {
  /** Since the begin. */
  readonly seconds: number;
  /** Totals by port. */
  readonly ports: readonly PortTotals[];
  /** Rates by port, in the same order. */
  readonly rates: readonly PortRates[];
}

/** The end of a run. */
export interface Ending {
  /** How long it ran. */
  readonly seconds: number;
  /** Totals by port. */
  readonly ports: readonly PortTotals[];
  /** The forwarding table. */
  readonly addresses: readonly KnownAddress[];
  /** What was checked. */
  readonly checked: string;
  /** What was not as it has to be. */
  readonly problems: readonly string[];
}

/** Who is told. */
export interface Report {
  /** Once, when the traffic begins. */
  begin(): void;
  /** Once a second. */
  tick(tick: Tick): void;
  /** At any time: something that a person may want to know, a sentence. */
  notice(text: string): void;
  /** Once, last of all. */
  end(ending: Ending): void;
}

/** Makes ticks of totals. */
export class Ticker {
  readonly #begin: number;
  readonly #meter: RateMeter<RateKey>;

  /** @param now milliseconds of `performance.now()` */
  constructor(now: number) {
    this.#begin = now;
    this.#meter = new RateMeter(RATE_KEYS, now);
  }

  /** Seconds since the begin. */
  seconds(now: number): number {
    return Math.round(now - this.#begin) / 1000;
  }

  /** The next tick. */
  tick(ports: readonly PortTotals[], now: number): Tick {
    return { seconds: this.seconds(now), ports, rates: this.#meter.measure(ports, now) };
  }
}

/** Packets that came out of the switch, in millions a second. */
export function mpps(ports: readonly { readonly rxPackets: number }[], seconds: number): number {
  const packets = ports.reduce((sum, port) => sum + port.rxPackets, 0);
  return seconds > 0 ? Math.round(packets / seconds) / 1e6 : 0;
}
