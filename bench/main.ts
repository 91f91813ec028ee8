/**
 * The data-path benchmark: a table, or with `--json` one object a line.
 *
 * Each line is run in turn with its C twin, several rounds, and the medians are shown. A line checks
 * what it moved before it prints anything.
 *
 * Usage: main.ts [--json] [--rounds N] [--scale X] [NAME...]   (a NAME picks lines that contain it)
 *
 * @module
 */

import { parseArgs } from "node:util";
import { measureAllocation, printAllocation } from "./allocation.ts";
import type { BenchFigures, BenchLine } from "./line.ts";
import { lines } from "./lines.ts";
import { header, row } from "./table.ts";
import { Twins } from "./twins.ts";

/** Seconds that one round of a line should take. */
const ROUND_SECONDS = 0.5;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function measure(
  line: BenchLine,
  rounds: number,
  twins: Twins,
  allocated: number | null,
): BenchFigures {
  const bench = line.open();
  try {
    let packets = 1e6;
    const timed = (): number => {
      const start = performance.now();
      const moved = bench.run(packets);
      return moved / (performance.now() - start) / 1e3;
    };
    timed();
    packets = Math.max(1e6, Math.round(timed() * 1e6 * ROUND_SECONDS));
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      if (line.twin && twins.available) {
        const { program, before, after } = line.twin;
        theirs.push(twins.mpps(program, [...before, String(packets), ...after]));
      }
      ours.push(timed());
    }
    const mpps = median(ours);
    return {
      name: line.name,
      runtime: "Deno" in globalThis ? "deno" : "bun",
      packets: packets * rounds,
      bytesPerPacket: line.bytesPerPacket,
      mpps,
      nsPerPacket: 1000 / mpps,
      gbps: mpps * line.bytesPerPacket * 8 / 1000,
      allocatedPerPacket: allocated,
      cTwinMpps: theirs.length > 0 ? median(theirs) : null,
    };
  } finally {
    bench.close();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    allocation: { type: "boolean", default: false },
  },
});
const picked = lines.filter((line) =>
  positionals.length === 0 || positionals.some((name) => line.name.includes(name))
);
if (picked.length === 0) {
  console.error(
    `Cannot bench '${positionals.join(" ")}': there are ${lines.map((l) => l.name).join(", ")}`,
  );
  process.exit(2);
}
if (values.allocation) {
  printAllocation(picked);
} else {
  using twins = Twins.compile();
  const allocated = measureAllocation(picked.map((line) => line.name));
  if (!values.json) console.log(header());
  for (const line of picked) {
    const figures = measure(line, Number(values.rounds), twins, allocated.get(line.name) ?? null);
    console.log(values.json ? JSON.stringify(figures) : row(figures, line.target));
  }
}
