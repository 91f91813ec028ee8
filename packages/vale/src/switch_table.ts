/**
 * The switches of an engine: a table of fixed size, as netmap has it, so that a switch keeps its
 * number while it lives.
 *
 * @module
 */

import { EINVAL, ENOMEM, ENXIO, NetmapError } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { parseValeName, switchBaseName } from "./name.ts";
import { Switch, type SwitchOptions } from "./switch.ts";

/** What the feature is made with; see `ValeOptions`. */
export interface SwitchDefaults extends SwitchOptions {
  /** Most switches at once. */
  readonly switches: number;
  /** Processors that polling may name. */
  readonly processors: number;
}

/** The switches of one engine. */
export class SwitchTable {
  /** The engine. */
  readonly engine: Engine;
  /** What new switches are made with. */
  readonly defaults: SwitchDefaults;
  readonly #places: (Switch | null)[];

  constructor(engine: Engine, defaults: SwitchDefaults) {
    this.engine = engine;
    this.defaults = defaults;
    this.#places = new Array(defaults.switches).fill(null);
  }

  /** All switches, in the order of their numbers. */
  get all(): Switch[] {
    return this.#places.filter((place) => place !== null);
  }

  /** The switch with a number; null when there is none. */
  at(index: number): Switch | null {
    return this.#places[index] ?? null;
  }

  /** The switch of a name, `vale0:a`, `vale0:` or `vale0`; null when there is none. */
  find(name: string): Switch | null {
    const base = switchBaseName(name);
    return this.#places.find((place) => place?.name === base) ?? null;
  }

  /**
   * The switch of a port's name, made if there is none.
   *
   * @throws {NetmapError} ENOMEM when the name is no switch's (netmap's answer: it found no place
   * for it), or when there are too many switches
   */
  findOrMake(name: string): Switch {
    const parsed = parseValeName(name);
    if ("problem" in parsed) {
      throw new NetmapError(ENOMEM, `Cannot make switch '${name}' ${parsed.problem}`);
    }
    const known = this.find(name);
    if (known) return known;
    const index = this.#places.indexOf(null);
    if (index < 0) {
      throw new NetmapError(
        ENOMEM,
        `Cannot make switch '${parsed.switchName}:' as there are ${this.#places.length} already: ` +
          "raise 'switches' of vale() or close ports",
      );
    }
    const made = new Switch(this.engine, parsed.switchName, index, this.defaults);
    this.#places[index] = made;
    return made;
  }

  /** Ends a switch that nothing keeps any more. */
  release(bridge: Switch): void {
    if (!bridge.unused || this.#places[bridge.index] !== bridge) return;
    this.#places[bridge.index] = null;
    bridge.end();
  }
}

const tables: WeakMap<Engine, SwitchTable> = new WeakMap();

/** Gives an engine its table. */
export function makeSwitchTable(engine: Engine, defaults: SwitchDefaults): SwitchTable {
  const table = new SwitchTable(engine, defaults);
  tables.set(engine, table);
  return table;
}

/** The switches of an engine. @throws {NetmapError} EINVAL when it was made without `vale()` */
export function switchTable(engine: Engine): SwitchTable {
  const table = tables.get(engine);
  if (table) return table;
  throw new NetmapError(
    EINVAL,
    "Cannot use switches of this engine as it was made without them: " +
      "add vale() to the features of createEngine()",
  );
}

/** The switch of a name. @throws {NetmapError} ENXIO with the names of those that exist */
export function needSwitch(engine: Engine, name: string): Switch {
  const table = switchTable(engine);
  const found = table.find(name);
  if (found) return found;
  const names = table.all.map((bridge) => `'${bridge.name}:'`);
  throw new NetmapError(
    ENXIO,
    `Cannot find switch '${switchBaseName(name)}:' as there is none of that name: ` +
      (names.length > 0 ? `there are ${names.join(", ")}` : "none exists yet"),
    { port: name },
  );
}
