/**
 * Reports for people: a table that is drawn again in its place on a terminal, a line a second
 * elsewhere; at the end the same summary.
 *
 * @module
 */

import { plural, short, whole } from "../shared/format.ts";
import type { Line, LiveText } from "../shared/live_text.ts";
import { type Column, tableLines } from "../shared/table.ts";
import { type Ending, mpps, type Report, type RunInfo, type Tick } from "./report.ts";
import type { KnownAddress, PortTotals } from "./traffic.ts";

/** Addresses that a summary lists. */
const MAX_LISTED = 16;

const LIVE_COLUMNS: readonly Column[] = [
  { title: "port", align: "left", width: 8 },
  { title: "tx pkt/s", width: 8 },
  { title: "rx pkt/s", width: 8 },
  { title: "tx bit/s", width: 8 },
  { title: "rx bit/s", width: 8 },
  { title: "drops", width: 5 },
  { title: "addresses", align: "left" },
];

const TOTAL_COLUMNS: readonly Column[] = [
  { title: "port", align: "left", width: 8 },
  { title: "tx packets" },
  { title: "rx packets" },
  { title: "tx bytes" },
  { title: "rx bytes" },
  { title: "drops" },
];

/** Says where it runs: `Switch 'vale0' on the device 'embedded', on Bun, for 10 s`. */
function headline({ switchName, device, runtime, duration }: RunInfo): string {
  const program = runtime === "bun" ? "Bun" : "Deno";
  const time = duration === undefined ? "until Ctrl-C" : `for ${duration} s`;
  return `Switch '${switchName}' on the device '${device}', on ${program}, ${time}`;
}

function someAddresses(addresses: readonly string[]): string {
  return addresses.length < 2
    ? addresses.join("")
    : `${addresses[0]} and ${whole(addresses.length - 1)} more`;
}

function liveTable({ ports, rates }: Tick): string[] {
  return tableLines(
    LIVE_COLUMNS,
    ports.map((port, n) => [
      port.name,
      short(rates[n].txPackets),
      short(rates[n].rxPackets),
      short(rates[n].txBytes * 8),
      short(rates[n].rxBytes * 8),
      whole(port.drops),
      someAddresses(port.addresses),
    ]),
  );
}

function totalTable(ports: readonly PortTotals[]): string[] {
  return tableLines(
    TOTAL_COLUMNS,
    ports.map((port) => [
      port.name,
      whole(port.txPackets),
      whole(port.rxPackets),
      whole(port.txBytes),
      whole(port.rxBytes),
      whole(port.drops),
    ]),
  );
}

function addressTable(addresses: readonly KnownAddress[]): string[] {
  const rows = addresses.slice(0, MAX_LISTED).map(({ mac, port, ageSeconds }) => [
    mac,
    port,
    `${Math.floor(ageSeconds)} s`,
  ]);
  const columns: Column[] = [
    { title: "address", align: "left" },
    { title: "port", align: "left" },
    { title: "age" },
  ];
  const more = addresses.length - rows.length;
  return [...tableLines(columns, rows), ...(more > 0 ? [`and ${whole(more)} more`] : [])];
}

function summary({ seconds, ports, addresses, checked, problems }: Ending): Line[] {
  const [titles, ...rows] = totalTable(ports);
  const lines: Line[] = [[titles, "bold"], ...rows, ""];
  if (addresses.length > 0) {
    const [above, ...known] = addressTable(addresses);
    lines.push([above, "bold"], ...known, "");
  }
  lines.push(`${short(mpps(ports, seconds) * 1e6, "pps")} out of the switch, for ${seconds} s`);
  if (problems.length === 0) lines.push([`Verified: ${checked}`, "green"]);
  for (const problem of problems) lines.push([`NOT VERIFIED: ${problem}`, "red"]);
  return lines;
}

/** Reports on a terminal. */
export class LiveReport implements Report {
  readonly #info: RunInfo;
  readonly #text: LiveText;

  constructor(info: RunInfo, text: LiveText) {
    this.#info = info;
    this.#text = text;
  }

  begin(): void {
    this.#text.finish([headline(this.#info), ""]);
  }

  tick(tick: Tick): void {
    const [titles, ...rows] = liveTable(tick);
    const { duration } = this.#info;
    const time = `${Math.round(tick.seconds)}${duration === undefined ? "" : ` of ${duration}`} s`;
    this.#text.draw([
      [titles, "bold"],
      ...rows,
      "",
      [`${short(mpps(tick.rates, 1) * 1e6, "pps")}, ${time}; Ctrl-C ends it`, "dim"],
    ]);
  }

  notice(text: string): void {
    this.#text.finish([text]);
  }

  end(ending: Ending): void {
    this.#text.finish(summary(ending));
  }
}

/** Reports where lines stay. */
export class PlainReport implements Report {
  readonly #info: RunInfo;
  readonly #out: (text: string) => unknown;

  readonly #err: (text: string) => unknown;

  constructor(info: RunInfo, out: (text: string) => unknown, err: (text: string) => void) {
    this.#info = info;
    this.#out = out;
    this.#err = err;
  }

  begin(): void {
    this.#out(`${headline(this.#info)}\n`);
  }

  tick({ seconds, ports, rates }: Tick): void {
    const known = ports.reduce((sum, port) => sum + port.addresses.length, 0);
    const each = ports.map((port, n) => {
      const { txPackets, rxPackets, txBytes, rxBytes } = rates[n];
      return `${port.name}: tx ${short(txPackets, "pkt/s")} ${short(txBytes * 8, "bit/s")}, ` +
        `rx ${short(rxPackets, "pkt/s")} ${short(rxBytes * 8, "bit/s")}, ` +
        `drops ${whole(port.drops)}`;
    });
    const all = `${short(mpps(rates, 1) * 1e6, "pps")}, ${plural(known, "address", "addresses")}`;
    this.#out(`${seconds.toFixed(1)} s: ${all}; ${each.join("; ")}\n`);
  }

  notice(text: string): void {
    this.#err(`${text}\n`);
  }

  end(ending: Ending): void {
    const lines = summary(ending).map((line) => typeof line === "string" ? line : line[0]);
    this.#out(`\n${lines.join("\n")}\n`);
  }
}
