/**
 * The benchmark as a table.
 *
 * @module
 */

import type { BenchFigures } from "./line.ts";

const COLUMNS: readonly [title: string, width: number][] = [
  ["line", 28],
  ["runtime", 8],
  ["Mpps", 9],
  ["ns/packet", 10],
  ["Gbit/s", 8],
  ["bytes alloc.", 13],
  ["C twin", 9],
  ["ratio", 6],
  ["target", 8],
];

function line(cells: readonly string[]): string {
  return cells.map((cell, i) => i === 0 ? cell.padEnd(COLUMNS[i][1]) : cell.padStart(COLUMNS[i][1]))
    .join("");
}

/** The titles. */
export function header(): string {
  return line(COLUMNS.map(([title]) => title));
}

/** One row. @param target the least Mpps that was set for the line */
export function row(figures: BenchFigures, target?: number): string {
  const { cTwinMpps, allocatedPerPacket } = figures;
  return line([
    figures.name,
    figures.runtime,
    figures.mpps.toFixed(1),
    figures.nsPerPacket.toFixed(1),
    figures.gbps.toFixed(1),
    allocatedPerPacket === null ? "-" : Math.max(0, allocatedPerPacket).toFixed(2),
    cTwinMpps === null ? "-" : cTwinMpps.toFixed(1),
    cTwinMpps === null ? "-" : (figures.mpps / cTwinMpps).toFixed(2),
    target === undefined ? "-" : `>=${target}`,
  ]);
}
