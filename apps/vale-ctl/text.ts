/**
 * The list of vale-ctl for people.
 *
 * @module
 */

import { plural, short, whole } from "../shared/format.ts";
import type { Line } from "../shared/live_text.ts";
import { RateMeter } from "../shared/rates.ts";
import { tableLines } from "../shared/table.ts";
import type { Counts, Inventory, MemoryEntry, PortEntry, SwitchEntry } from "./inventory.ts";

/** Addresses of a switch that are shown without `-v`. */
const ADDRESSES = 8;
const NONE = "-";
const NOTHING: Counts = { packets: 0, bytes: 0, drops: 0 };

type RateKey = "tx" | "rx";

/** Turns inventories into lines; from the second one on with rates. */
export class InventoryText {
  readonly #verbose: boolean;
  #meter: RateMeter<RateKey> | null = null;
  #rates: Map<string, Record<RateKey, number>> = new Map();

  /** @param verbose rings too, and all addresses */
  constructor(verbose: boolean) {
    this.#verbose = verbose;
  }

  /**
   * The lines of an inventory.
   *
   * @param inventory what there is
   * @param now milliseconds of `performance.now()`
   */
  lines(inventory: Inventory, now: number): Line[] {
    this.#measure(inventory, now);
    const { device, switches, ports, memory } = inventory;
    const what = `${plural(switches.length, "switch", "switches")}, ${
      plural(memory.length, "memory region")
    }`;
    const lines: Line[] = [[`Device '${device}': ${what}`, "bold"]];
    for (const bridge of switches) lines.push("", ...this.#switchLines(bridge));
    if (ports.length > 0) {
      lines.push("", ["Ports on no switch", "bold"], ...this.#portLines(ports));
    }
    if (memory.length > 0) lines.push("", ...memoryLines(memory));
    return lines;
  }

  #measure({ switches, ports }: Inventory, now: number): void {
    const rows = [...switches.flatMap((bridge) => bridge.ports), ...ports].map((port) => ({
      name: port.name,
      tx: port.tx?.packets ?? 0,
      rx: port.rx?.packets ?? 0,
    }));
    const isFirst = this.#meter === null;
    this.#meter ??= new RateMeter(["tx", "rx"], now);
    const rates = this.#meter.measure(rows, now);
    this.#rates = new Map(isFirst ? [] : rows.map(({ name }, n) => [name, rates[n]]));
  }

  #switchLines(bridge: SwitchEntry): Line[] {
    const { name, index, zeroCopy, module, moduleErrors, ports, addresses } = bridge;
    const facts = [`bridge_idx ${index}`];
    if (zeroCopy !== null) facts.push(zeroCopy ? "zero-copy" : "copying");
    if (module !== null) facts.push(module ? "a module decides" : "learning");
    if (moduleErrors) facts.push(`${plural(moduleErrors, "error")} of its module`);
    const lines: Line[] = [[`${name}: ${facts.join(", ")}`, "bold"], ...this.#portLines(ports)];
    if (addresses.length === 0) return lines;
    const shown = this.#verbose ? addresses : addresses.slice(0, ADDRESSES);
    const table = tableLines(
      [{ title: "address", align: "left" }, { title: "port", align: "left" }, { title: "age" }],
      shown.map(({ address, port, age }) => [address, port, `${Math.round(age)} s`]),
    );
    lines.push("", [table[0], "dim"], ...table.slice(1));
    if (shown.length < addresses.length) {
      lines.push([
        `and ${plural(addresses.length - shown.length, "more address", "more addresses")}: -v`,
        "dim",
      ]);
    }
    return lines;
  }

  #portLines(ports: readonly PortEntry[]): Line[] {
    const rates = this.#rates.size > 0;
    const counted = ports.some(({ tx }) => tx !== null);
    const titles = [
      ...["port_idx", "rings", "slots", "mem"],
      ...(counted ? ["tx packets", "rx packets", "tx drops", "rx drops"] : []),
      ...(rates && counted ? ["tx pkt/s", "rx pkt/s"] : []),
    ];
    const rows: string[][] = [];
    for (const port of ports) {
      const { rings, index, tx, rx } = port;
      const row = [
        port.name,
        port.open === false ? `${port.kind} (closed)` : port.kind ?? NONE,
        index === null ? NONE : `${index}`,
        rings === null ? NONE : `${rings.txRings}/${rings.rxRings}`,
        rings === null ? NONE : `${rings.txSlots}/${rings.rxSlots}`,
        rings === null ? NONE : `${rings.memId}`,
      ];
      if (counted) row.push(...countCells(tx, rx));
      if (rates && counted) {
        const rate = this.#rates.get(port.name);
        row.push(
          rate === undefined ? NONE : short(rate.tx),
          rate === undefined ? NONE : short(rate.rx),
        );
      }
      rows.push(row);
      if (this.#verbose) rows.push(...ringRows(port, row.length));
    }
    const columns = [
      { title: "port", align: "left" as const },
      { title: "kind", align: "left" as const },
      ...titles.map((title) => ({ title, width: title.includes("pkt") ? 9 : 0 })),
    ];
    const [head, ...rest] = tableLines(columns, rows);
    return [[head, "dim"], ...rest];
  }
}

function countCells(tx: Counts | null, rx: Counts | null): string[] {
  if (tx === null || rx === null) return [NONE, NONE, NONE, NONE];
  return [tx.packets, rx.packets, tx.drops, rx.drops].map(whole);
}

/** A row for each pair of rings. */
function ringRows({ txRings, rxRings }: PortEntry, cells: number): string[][] {
  const count = Math.max(txRings.length, rxRings.length);
  return Array.from({ length: count }, (_, n) => {
    const row = [`  ring ${n}`, "", "", "", "", ""];
    row.push(...countCells(txRings[n] ?? NOTHING, rxRings[n] ?? NOTHING));
    while (row.length < cells) row.push("");
    return row;
  });
}

function memoryLines(memory: readonly MemoryEntry[]): Line[] {
  const used = ({ pools }: MemoryEntry, name: "if" | "ring" | "buf"): string =>
    pools === null
      ? NONE
      : `${whole(pools[name].total - pools[name].free)} of ${whole(pools[name].total)}`;
  const [head, ...rest] = tableLines(
    [
      { title: "memory", align: "left" },
      ...["bytes", "interfaces", "rings", "buffers"].map((title) => ({ title })),
    ],
    memory.map((one) => [
      `region ${one.id}`,
      whole(one.size),
      used(one, "if"),
      used(one, "ring"),
      used(one, "buf"),
    ]),
  );
  return [[head, "dim"], ...rest];
}
