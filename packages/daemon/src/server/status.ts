/**
 * What a daemon tells of itself: as JSON on its socket, and as text for Prometheus.
 *
 * @module
 */

import { pid } from "@netmap/core";
import { type Adapter, drops, type PortCounters, portCounters } from "@netmap/engine";
import type { Host } from "./host.ts";

/** A port. */
export interface PortStatus extends PortCounters {
  /** Its name. */
  readonly name: string;
  /** What it is: `vale`, `pipe`, `nic`. */
  readonly kind: string;
  /** Descriptors that have it. */
  readonly users: number;
  /** Its memory region. */
  readonly memId: number;
}

/** A process that is connected. */
export interface ClientStatus {
  /** The process. */
  readonly pid: number;
  /** Its user. */
  readonly uid: number;
  /** Its threads that are attached. */
  readonly threads: number;
  /** Ports that it has open, by name. */
  readonly ports: string[];
}

/** Free and all objects of a region's pools. */
export interface RegionStatus {
  /** nr_mem_id. */
  readonly memId: number;
  /** Free and all buffers. */
  readonly buffers: readonly [free: number, total: number];
  /** Free and all rings. */
  readonly rings: readonly [free: number, total: number];
}

/** The state of a daemon. */
export interface DaemonStatus {
  /** Its process. */
  readonly pid: number;
  /** Milliseconds since it began. */
  readonly uptimeMs: number;
  /** Path of its socket. */
  readonly socket: string;
  /** Who is trusted. */
  readonly trust: { readonly uids: readonly number[]; readonly gids: readonly number[] };
  /** Processes that are connected. */
  readonly clients: readonly ClientStatus[];
  /** Ports. */
  readonly ports: readonly PortStatus[];
  /** Memory. */
  readonly regions: readonly RegionStatus[];
}

/** The state of a host. */
export function statusOf(
  host: Host,
  { socket, trust, started }: {
    socket: string;
    trust: { uids: number[]; gids: number[] };
    started: number;
  },
): DaemonStatus {
  const { engine } = host;
  return {
    pid: pid(),
    uptimeMs: Date.now() - started,
    socket,
    trust,
    clients: clientsOf(host),
    ports: adaptersOf(host).map((adapter) => ({
      name: adapter.name,
      kind: adapter.kind.name,
      users: adapter.activeFds,
      memId: adapter.region.id,
      ...portCounters(adapter),
    })),
    regions: [...engine.regions].map(({ id, bufs, rings }) => ({
      memId: id,
      buffers: [bufs.free, bufs.total],
      rings: [rings.free, rings.total],
    })),
  };
}

function adaptersOf({ engine }: Host): Adapter[] {
  const all = new Set(engine.ports.values());
  for (const { registration } of engine.descriptors.values()) {
    if (registration) all.add(registration.adapter);
  }
  return [...all];
}

function clientsOf({ attachments }: Host): ClientStatus[] {
  const clients = new Map<number, ClientStatus & { threads: number }>();
  for (const { peer, channels } of attachments.values()) {
    const one = clients.get(peer.pid) ?? { pid: peer.pid, uid: peer.uid, threads: 0, ports: [] };
    clients.set(peer.pid, one);
    one.threads++;
    for (const { descriptor: { registration } } of channels) {
      if (registration) one.ports.push(registration.adapter.name);
    }
  }
  return [...clients.values()];
}

/**
 * The state as Prometheus reads it (text format 0.0.4).
 *
 * @param status from the daemon
 */
export function prometheusText(status: DaemonStatus): string {
  const lines: string[] = [];
  const metric = (name: string, type: string, help: string): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  };
  const sample = (name: string, labels: Record<string, string | number>, value: number): void => {
    const text = Object.entries(labels).map(([key, one]) => `${key}="${escapeLabel(one)}"`);
    lines.push(`${name}${text.length > 0 ? `{${text.join(",")}}` : ""} ${value}`);
  };
  metric("netmap_uptime_seconds", "gauge", "Time since the daemon began");
  sample("netmap_uptime_seconds", {}, status.uptimeMs / 1000);
  metric("netmap_clients", "gauge", "Processes that are connected");
  sample("netmap_clients", {}, status.clients.length);
  for (const [what, help] of [["packets", "Packets"], ["bytes", "Bytes"]] as const) {
    metric(`netmap_port_${what}_total`, "counter", `${help} that went through a port`);
    for (const { name, kind, tx, rx } of status.ports) {
      for (const [direction, counters] of [["tx", tx], ["rx", rx]] as const) {
        sample(`netmap_port_${what}_total`, { port: name, kind, direction }, counters[what]);
      }
    }
  }
  metric("netmap_port_drops_total", "counter", "Packets that were dropped, for whatever reason");
  for (const { name, kind, tx, rx } of status.ports) {
    sample("netmap_port_drops_total", { port: name, kind, direction: "tx" }, drops(tx));
    sample("netmap_port_drops_total", { port: name, kind, direction: "rx" }, drops(rx));
  }
  metric("netmap_free_buffers", "gauge", "Packet buffers that are free in a memory region");
  for (const { memId, buffers } of status.regions) {
    sample("netmap_free_buffers", { mem_id: memId }, buffers[0]);
  }
  return lines.join("\n") + "\n";
}

function escapeLabel(value: string | number): string {
  return String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
