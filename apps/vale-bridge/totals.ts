/**
 * What the embedded engine knows of the switch, in the words of the reports.
 *
 * @module
 */

import { type Adapter, drops, type Engine, portCounters } from "@netmap/engine";
import { forwardingTable, type SwitchPortStats, switchStats } from "@netmap/vale";
import type { KnownAddress, PortTotals } from "./traffic.ts";

/** Counters and addresses of all ports of a switch. */
export function switchTotals(engine: Engine, switchName: string): PortTotals[] {
  const known = forwardingTable(engine, switchName);
  return switchStats(engine, switchName).map((port) => {
    const { name, index, rx, tx } = port;
    // An attached interface has counters of its own: what did not come off the wire, or not onto it.
    const device = deviceOf(engine, port);
    const wire = device === null ? null : portCounters(device);
    return {
      name: plainName(name),
      rxPackets: rx.packets,
      txPackets: tx.packets,
      rxBytes: rx.bytes,
      txBytes: tx.bytes,
      drops: drops(rx) + drops(tx) + (wire === null ? 0 : drops(wire.rx) + drops(wire.tx)),
      addresses: known.filter((entry) => entry.port === index).map((entry) => entry.address),
    };
  });
}

/** The forwarding table of a switch. */
export function knownAddresses(engine: Engine, switchName: string): KnownAddress[] {
  return forwardingTable(engine, switchName).map(({ address, portName, age }) => ({
    mac: address,
    port: plainName(portName),
    ageSeconds: age,
  }));
}

/** The interface that is attached as a port; null for a port of another kind, or when it is gone. */
export function deviceOf(engine: Engine, { name, kind }: SwitchPortStats): Adapter | null {
  return kind === "bwrap" ? engine.ports.get(plainName(name)) ?? null : null;
}

/** `a` of `vale0:a`. */
export function plainName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
