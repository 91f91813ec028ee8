/**
 * Interfaces, and other ports that exist, on a switch.
 *
 * @module
 */

import type { Engine } from "@netmap/engine";
import { findInterface } from "@netmap/nic";
import { attach, detach } from "@netmap/vale";
import { plural, whole } from "../shared/format.ts";
import type { PortTotals, Traffic } from "./traffic.ts";

/** The bridge. */
export class Bridge implements Traffic {
  readonly #engine: Engine;
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

  /** What was checked, for the summary. */
  get checked(): string {
    return "every packet into the switch came out of it, or was counted as dropped";
  }

  /**
   * Every packet that came in has to go out or be counted as dropped, at least once and at most once for
   * each of the other ports.
   */
  problems(totals: readonly PortTotals[]): string[] {
    const sum = (key: "txPackets" | "rxPackets" | "drops"): number =>
      totals.reduce((all, port) => all + port[key], 0);
    const [into, out, drops] = [sum("txPackets"), sum("rxPackets"), sum("drops")];
    const most = into * Math.max(1, totals.length - 1);
    if (out + drops >= into && out <= most) return [];
    return [
      `${plural(into, "packet")} came into the switch, but ${whole(out)} went out and ` +
      `${whole(drops)} were counted as dropped`,
    ];
  }

  [Symbol.dispose](): void {
    for (const name of this.#attached.splice(0).reverse()) detach(this.#engine.device, name);
  }
}
