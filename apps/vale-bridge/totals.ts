/**
 * What the embedded engine knows of the switch, in the words of the reports.
 *
 * @module
 */

import { drops, type Engine } from "@netmap/engine";
import { forwardingTable, switchStats } from "@netmap/vale";
import type { KnownAddress } from "./report.ts";
import type { PortTotals } from "./traffic.ts";

/** Counters and addresses of all ports of a switch. */
export function switchTotals(engine: Engine, switchName: string): PortTotals[] {
  const known = forwardingTable(engine, switchName);
  return switchStats(engine, switchName).map(({ name, index, rx, tx }) => ({
    name: plainName(name),
    rxPackets: rx.packets,
    txPackets: tx.packets,
    rxBytes: rx.bytes,
    txBytes: tx.bytes,
    drops: drops(rx) + drops(tx),
    addresses: known.filter((entry) => entry.port === index).map((entry) => entry.address),
  }));
}

/** The forwarding table of a switch. */
export function knownAddresses(engine: Engine, switchName: string): KnownAddress[] {
  return forwardingTable(engine, switchName).map(({ address, portName, age }) => ({
    mac: address,
    port: plainName(portName),
    ageSeconds: age,
  }));
}

/** `a` of `vale0:a`. */
function plainName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
