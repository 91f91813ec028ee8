/**
 * What `netmapd status`, `ports` and `top` print.
 *
 * @module
 */

import type { DaemonStatus, PortStatus } from "@netmap/daemon";
import { drops } from "@netmap/engine";

/** Columns, each as wide as its widest cell; the first is to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
      .trimEnd()
  ).join("\n") + "\n";
}

/** `netmapd status`. */
export function statusText(status: DaemonStatus): string {
  const { socket, pid, uptimeMs, trust, clients, ports, regions } = status;
  const lines = [
    `socket   ${socket}`,
    `process  ${pid}, up ${Math.floor(uptimeMs / 1000)} s`,
    `trust    users ${trust.uids.join(", ")}${
      trust.gids.length > 0 ? `; groups ${trust.gids.join(", ")}` : ""
    }`,
    `ports    ${ports.length}`,
    ...regions.map(({ memId, buffers }) =>
      `memory   region ${memId}: ${buffers[0]} of ${buffers[1]} buffers free`
    ),
    `clients  ${clients.length}`,
    ...clients.map(({ pid, uid, threads, ports }) =>
      `  process ${pid} of user ${uid}, threads ${threads}: ${ports.join(", ") || "no port"}`
    ),
  ];
  return lines.join("\n") + "\n";
}

/** `netmapd ports`. */
export function portsText({ ports }: DaemonStatus): string {
  return columns([
    ["port", "kind", "users", "tx packets", "rx packets", "drops"],
    ...ports.map((port) => [
      port.name,
      port.kind,
      String(port.users),
      String(port.tx.packets),
      String(port.rx.packets),
      String(drops(port.tx) + drops(port.rx)),
    ]),
  ]);
}

/** What a port did in a second. */
export interface PortRate {
  /** Its name. */
  readonly name: string;
  /** Packets a second that its user sent. */
  readonly txPps: number;
  /** Packets a second that its user received. */
  readonly rxPps: number;
  /** Drops a second. */
  readonly dropsPps: number;
}

/** Rates between two looks; ports that came since begin at 0. */
export function rates(before: DaemonStatus, after: DaemonStatus): PortRate[] {
  const seconds = (after.uptimeMs - before.uptimeMs) / 1000;
  const earlier = new Map(before.ports.map((port) => [port.name, port]));
  const rate = (now: number, then: number): number =>
    seconds > 0 ? Math.max(0, Math.round((now - then) / seconds)) : 0;
  const dropsOf = (port: PortStatus): number => drops(port.tx) + drops(port.rx);
  return after.ports.map((port) => {
    const then = earlier.get(port.name);
    return {
      name: port.name,
      txPps: rate(port.tx.packets, then?.tx.packets ?? 0),
      rxPps: rate(port.rx.packets, then?.rx.packets ?? 0),
      dropsPps: rate(dropsOf(port), then === undefined ? 0 : dropsOf(then)),
    };
  });
}

/** A round of `netmapd top`. */
export function topText(list: readonly PortRate[]): string {
  return columns([
    ["port", "tx pps", "rx pps", "drops/s"],
    ...[...list].sort((a, b) => b.txPps + b.rxPps - a.txPps - a.rxPps).map((one) => [
      one.name,
      String(one.txPps),
      String(one.rxPps),
      String(one.dropsPps),
    ]),
  ]);
}
