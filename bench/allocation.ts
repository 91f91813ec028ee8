/**
 * How many bytes of heap a packet costs. Measured in a process of its own whose garbage collector
 * never runs, so that the growth of the heap is exactly what was allocated.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BenchLine } from "./line.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
/** Packets over which it is measured. */
const PACKETS = 1e7;

/** Measures all lines in a child process. @returns bytes a packet by name of the line */
export function measureAllocation(names: readonly string[]): Map<string, number> {
  const deno = "Deno" in globalThis;
  const child = spawnSync(
    process.execPath,
    [
      ...(deno
        ? ["run", "-A", "--v8-flags=--min-semi-space-size=512,--max-semi-space-size=512"]
        : []),
      MAIN,
      "--allocation",
      ...names,
    ],
    { encoding: "utf8", env: { ...process.env, BUN_JSC_useGC: "0" } },
  );
  if (child.status !== 0) throw new Error(`Cannot measure allocation: ${child.stderr}`);
  return new Map(Object.entries(JSON.parse(child.stdout) as Record<string, number>));
}

/** What the child does: runs each line and prints the growth of the heap a packet. */
export function printAllocation(lines: readonly BenchLine[]): void {
  const result: Record<string, number> = {};
  for (const line of lines) {
    const bench = line.open();
    bench.run(PACKETS / 5);
    const before = process.memoryUsage().heapUsed;
    const packets = bench.run(PACKETS);
    result[line.name] = (process.memoryUsage().heapUsed - before) / packets;
    bench.close();
  }
  console.log(JSON.stringify(result));
}
