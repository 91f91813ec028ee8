/**
 * All lines of the benchmark, in the order of the table.
 *
 * @module
 */

import { kloopLines } from "../packages/kloop/bench/kloop_bench.ts";
import { trafficLines } from "../apps/bench/traffic_bench.ts";
import { daemonLines } from "../packages/daemon/bench/daemon_bench.ts";
import { monitorLines } from "./monitor_lines.ts";
import { pipeLines } from "../packages/pipes/bench/pipes_bench.ts";
import { valeLines } from "../packages/vale/bench/vale_bench.ts";
import type { BenchLine } from "./line.ts";

/** The lines. */
export const lines: readonly BenchLine[] = [
  ...pipeLines,
  ...valeLines,
  ...monitorLines,
  ...kloopLines,
  ...trafficLines,
  ...daemonLines,
];
