/**
 * What the table of the benchmark has no column for: kicks a packet, what both threads did, and how long
 * one packet takes there and back, beside a C ping-pong over two eventfds in the same run.
 *
 * Usage: bun packages/kloop/bench/report.ts   (or deno run -A)
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { kloopLines, type KloopRun, openRun } from "./kloop_bench.ts";

const PACKETS = 5e6;
const TRIPS = 20_000;
const ROUNDS = 5;

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[list.length >> 1];
const percentile = (sorted: Float32Array, part: number): number =>
  Math.round(sorted[Math.floor(sorted.length * part)]);

/** Share of a processor that the loop's thread and this one took while `action` ran, in percent. */
function shares(run: KloopRun, action: () => void): { ms: number; own: string; loop: string } {
  const before = run.counts();
  const cpu = process.cpuUsage();
  const start = performance.now();
  action();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const percent = (part: number): string => `${(100 * part / ms).toFixed(1)} %`;
  return {
    ms,
    own: percent((user + system) / 1e3),
    loop: percent((run.counts().loopNs - before.loopNs) / 1e6),
  };
}

function throughput(): void {
  for (const line of kloopLines) {
    const run = line.open();
    run.run(PACKETS);
    for (let round = 0; round < ROUNDS; round++) {
      const before = run.counts();
      const { ms, own, loop } = shares(run, () => run.run(PACKETS));
      const after = run.counts();
      const per = (i: 0 | 1): string => {
        const kicks = after.kicks[i] - before.kicks[i];
        return kicks === 0 ? "none" : `1 in ${Math.round(PACKETS / kicks)}`;
      };
      console.log(
        `${line.name.padEnd(20)} ${(PACKETS / ms / 1e3).toFixed(1).padStart(6)} Mpps   kicks ` +
          `${per(0)} to the loop, ${per(1)} to the client   busy ${own} here, ${loop} there`,
      );
    }
    run.close();
  }
}

function idle(): void {
  const run = openRun("shared", 256);
  run.run(1000);
  const { own, loop } = shares(
    run,
    () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000),
  );
  console.log(`kloop/idle           busy ${own} here, ${loop} there, over 2 s`);
  run.close();
}

function ours(run: KloopRun): [number, number] {
  const times = new Float32Array(TRIPS);
  for (let i = 0; i < TRIPS; i++) {
    const start = performance.now();
    run.roundTrip();
    times[i] = (performance.now() - start) * 1e6;
  }
  times.sort();
  return [percentile(times, 0.5), percentile(times, 0.99)];
}

function roundTrips(): void {
  const folder = mkdtempSync(join(tmpdir(), "netmap-twin-"));
  const program = join(folder, "eventfd_twin");
  const source = fileURLToPath(new URL("../../../bench/twins/eventfd_twin.c", import.meta.url));
  const hasTwin = spawnSync("cc", ["-O2", "-o", program, source, "-lpthread"]).status === 0;
  const run = openRun("shared", 256);
  ours(run);
  const figures: [number, number][] = [];
  const twin: [number, number][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    figures.push(ours(run));
    if (!hasTwin) continue;
    const { stdout } = spawnSync(program, [String(TRIPS)], { encoding: "utf8" });
    const [, , p50, p99] = stdout.trim().split(" ").map(Number);
    twin.push([p50, p99]);
  }
  run.close();
  rmSync(folder, { recursive: true });
  const show = (list: [number, number][]): string =>
    `p50 ${median(list.map(([p50]) => p50))} ns, p99 ${median(list.map(([, p99]) => p99))} ns`;
  console.log(`kloop/round-trip     ${show(figures)}`);
  if (hasTwin) console.log(`  C over eventfds    ${show(twin)}`);
}

console.log(`${"Deno" in globalThis ? "deno" : "bun"}, ${cpus().length} processors`);
throughput();
idle();
roundTrips();
