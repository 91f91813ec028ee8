/**
 * Interfaces, and other ports that exist, on a switch.
 *
 * ```
 *   wire --> interface --> switch --> interface --> wire
 *        came         taken     given         sent
 * ```
 *
 * @module
 */

import { drops, type Engine, portCounters, type RingCounters } from "@netmap/engine";
import { findInterface } from "@netmap/nic";
import { attach, detach, switchStats } from "@netmap/vale";
import { plural, whole } from "../shared/format.ts";
import { deviceOf, knownAddresses, plainName, switchTotals } from "./totals.ts";
import type { KnownAddress, PortTotals, Traffic } from "./traffic.ts";

/** The bridge. */
export class Bridge implements Traffic {
  readonly #engine: Engine;
  readonly #switchName: string;
  readonly #attached: string[] = [];

  /**
   * Attaches all ports, or none.
   *
   * @param engine where
   * @param switchName the switch, made if there is none
   * @param names of the ports
   * @throws {NetmapError} when a port cannot be had
   */
  constructor(engine: Engine, switchName: string, names: readonly string[]) {
    this.#engine = engine;
    this.#switchName = switchName;
    try {
      for (const name of names) {
        // Its error lists the interfaces that there are.
        if (!engine.ports.has(name)) findInterface(name);
        const full = `${switchName}:${name}`;
        attach(engine.device, full);
        this.#attached.push(full);
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#engine.run(signal);
  }

  totals(): PortTotals[] {
    return switchTotals(this.#engine, this.#switchName);
  }

  addresses(): KnownAddress[] {
    return knownAddresses(this.#engine, this.#switchName);
  }

  /** What was checked, for the summary. */
  get checked(): string {
    return "every packet from an interface went out of another, or was counted as dropped";
  }

  /** What came off a wire and went neither onto another nor into a counter of drops. */
  problems(): string[] {
    const ports = switchStats(this.#engine, this.#switchName);
    const sum = (counts: (port: { tx: RingCounters; rx: RingCounters }) => number): number =>
      ports.reduce((all, port) => all + counts(port), 0);
    const into = sum(({ tx }) => tx.packets);
    const out = sum(({ rx }) => rx.packets + drops(rx));
    const found: string[] = [];
    // A frame goes to one port at least, and at most to all others.
    if (out < into || out > into * Math.max(1, ports.length - 1)) {
      found.push(`${plural(into, "packet")} came into the switch, but ${whole(out)} left it`);
    }
    for (const port of ports) {
      const name = plainName(port.name);
      const device = deviceOf(this.#engine, port);
      if (device === null) {
        if (port.kind === "bwrap") found.push(`Interface '${name}' went away`);
        continue;
      }
      const wire = portCounters(device);
      const waiting = wire.rx.packets - port.tx.packets - drops(port.tx);
      const unsent = port.rx.packets - wire.tx.packets - drops(wire.tx);
      // What is still in a ring at the end is not lost.
      if (waiting < 0 || waiting > device.numRxSlots) {
        found.push(`Interface '${name}' lost ${whole(waiting)} packets on the way to the switch`);
      }
      if (unsent < 0 || unsent > device.numTxSlots) {
        found.push(`Interface '${name}' lost ${whole(unsent)} packets on the way to the wire`);
      }
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const name of this.#attached.splice(0).reverse()) detach(this.#engine.device, name);
  }
}
