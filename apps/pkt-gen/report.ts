/**
 * What pkt-gen tells: a line an interval and a summary, for people or for programs.
 *
 * @module
 */

import type { Histogram } from "@netmap/traffic";
import { short, whole } from "../shared/format.ts";
import { runtimeName } from "../shared/run_app.ts";
import type { Options } from "./options.ts";

/** What a run has done so far. */
export interface Progress {
  /** Packets: completed, received, answered, or back. */
  readonly packets: number;
  /** Their bytes; 0 where they are not counted. */
  readonly bytes: number;
  /** Batches; 0 where they are not counted. */
  readonly batches: number;
}

/** What Ethernet adds to a frame: preamble, CRC, gap. */
const FRAMING = 24;
/** Reports that `-A` looks back over. */
const WINDOW = 20;
const VERBS = { tx: "Sent", rx: "Received", ping: "Answered", pong: "Returned" } as const;

/** The report of a run. */
export class Report {
  readonly #options: Options;
  readonly #device: string;
  readonly #out: (text: string) => unknown;
  readonly #window: number[] = [];
  #begin = 0;
  #at = 0;
  #before: Progress = { packets: 0, bytes: 0, batches: 0 };

  /**
   * @param options what is asked for
   * @param device as `NETMAP` names it
   * @param out where it goes
   */
  constructor(options: Options, device: string, out: (text: string) => unknown) {
    this.#options = options;
    this.#device = device;
    this.#out = out;
  }

  /** A line for people; nothing with `--json`. */
  say(text: string): void {
    if (!this.#options.json) this.#out(`${text}\n`);
  }

  /** When the first packet may go. @param now milliseconds of `performance.now()` */
  start(now: number): void {
    this.#begin = this.#at = now;
  }

  /** Once an interval. */
  tick(progress: Progress, now: number): void {
    const seconds = Math.max(now - this.#at, 0.001) / 1000;
    const packets = progress.packets - this.#before.packets;
    const bytes = progress.bytes - this.#before.bytes;
    const batches = progress.batches - this.#before.batches;
    this.#at = now;
    // A copy: what counts on is one object all the time.
    this.#before = { packets: progress.packets, bytes: progress.bytes, batches: progress.batches };
    const pps = packets / seconds;
    const bps = this.#bits(packets, bytes) / seconds;
    const batch = batches > 0 ? packets / batches : 0;
    const elapsed = (now - this.#begin) / 1000;
    if (this.#window.push(pps) > WINDOW) this.#window.shift();
    const { mean, deviation } = spread(this.#window);
    if (this.#options.json) {
      this.#json({
        seconds: round(elapsed, 3),
        packets: progress.packets,
        pps: Math.round(pps),
        bps: Math.round(bps),
        batch: round(batch, 2),
        ...(this.#options.deviation
          ? { mean: Math.round(mean), deviation: Math.round(deviation) }
          : {}),
      });
      return;
    }
    const more = this.#options.deviation
      ? `, mean ${this.#rate(mean, "pps")}, deviation ${this.#rate(deviation, "pps")}`
      : "";
    this.say(
      `${elapsed.toFixed(1)} s: ${this.#rate(pps, "pps")} (${this.#rate(packets, "pkts")} ` +
        `${this.#rate(bps, "bps")} in ${Math.round(seconds * 1e6)} usec) ` +
        `${batch.toFixed(2)} avg_batch${more}`,
    );
  }

  /** Last of all. */
  end(progress: Progress, now: number, histogram: Histogram | null, sent: number): void {
    const seconds = Math.max(now - this.#begin, 0.001) / 1000;
    const { packets, bytes, batches } = progress;
    const { role, port } = this.#options;
    const pps = packets / seconds;
    if (this.#options.json) {
      this.#json({
        final: true,
        device: this.#device,
        runtime: runtimeName(),
        port,
        function: role,
        seconds: round(seconds, 3),
        packets,
        queued: sent,
        bytes,
        batches,
        pps: Math.round(pps),
        bps: Math.round(this.#bits(packets, bytes) / seconds),
        ...(histogram === null ? {} : { rtt: quantiles(histogram) }),
      });
      return;
    }
    const size = packets > 0 && bytes > 0 ? ` ${Math.round(bytes / packets)} bytes each` : "";
    this.say(
      `${VERBS[role]} ${packets} packets ${bytes} bytes ${batches} events${size} in ` +
        `${seconds.toFixed(2)} seconds.`,
    );
    const raw = (bytes + packets * FRAMING) * 8 / seconds;
    if (bytes > 0) {
      this.say(
        `Speed: ${this.#rate(pps, "pps")} Bandwidth: ${this.#rate(bytes * 8 / seconds, "bps")} ` +
          `(raw ${this.#rate(raw, "bps")}). Average batch: ` +
          `${(batches > 0 ? packets / batches : 0).toFixed(2)} pkts`,
      );
    }
    if (sent !== packets) {
      this.say(`${whole(sent - packets)} packets more were queued, not completed`);
    }
    if (histogram !== null) { for (const line of histogramLines(histogram)) this.say(line); }
  }

  #bits(packets: number, bytes: number): number {
    return (bytes + (this.#options.framing ? packets * FRAMING : 0)) * 8;
  }

  #rate(value: number, unit: string): string {
    return this.#options.normalize ? short(value, unit) : `${Math.round(value)} ${unit}`;
  }

  #json(object: unknown): void {
    this.#out(`${JSON.stringify(object)}\n`);
  }
}

/** The usual quantiles of round-trip times, in nanoseconds. */
export function quantiles(histogram: Histogram): Record<string, number> {
  return {
    count: histogram.count,
    min: histogram.min,
    mean: Math.round(histogram.mean),
    p50: histogram.quantile(0.5),
    p99: histogram.quantile(0.99),
    "p99.99": histogram.quantile(0.9999),
    max: histogram.max,
  };
}

const ROWS = 12;
const BAR = 50;

/** A histogram as lines: ranges, counts, bars; then the quantiles. */
export function histogramLines(histogram: Histogram): string[] {
  if (histogram.count === 0) return ["No packet came back"];
  const ranges = histogram.ranges(ROWS);
  const most = Math.max(...ranges.map(({ count }) => count));
  const lines = ranges.map(({ from, to, count }) => {
    const bar = "#".repeat(count === 0 ? 0 : Math.max(1, Math.round(count / most * BAR)));
    return `${us(from).padStart(10)} - ${us(to).padStart(10)} us ${
      whole(count).padStart(10)
    } ${bar}`
      .trimEnd();
  });
  const text = Object.entries(quantiles(histogram))
    .filter(([name]) => name !== "count")
    .map(([name, ns]) => `${name} ${us(ns)}`).join(", ");
  return ["Round-trip times:", ...lines, `${text} us`];
}

const us = (ns: number): string => (ns / 1000).toFixed(1);

function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    Math.max(1, values.length - 1);
  return { mean, deviation: Math.sqrt(variance) };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
