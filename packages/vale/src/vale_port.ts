/**
 * A port of a switch (`netmap_vp_adapter`): ephemeral (`vale0:a`), which lives while somebody
 * has it, or persistent (`v0`), which lives from NEWIF to DELIF and is a port of a switch only
 * while it is attached to one.
 *
 * @module
 */

import { NetmapError, type NmreqRegister } from "@netmap/core";
import { Adapter, type Engine, K_LEASES, NR_RX, type PortShape, type Region } from "@netmap/engine";
import { valeKind } from "./data_path/vale_kind.ts";
import { DEFAULT_SLOTS, MAX_RINGS, MAX_SLOTS, V_CLOSED, V_PORT } from "./layout.ts";
import type { Switch, SwitchPort } from "./switch.ts";
import { switchTable } from "./switch_table.ts";

/** The counts of rings and slots of a request: 0 leaves the choice to us. */
export type AskedShape = Pick<NmreqRegister, "txRings" | "rxRings" | "txSlots" | "rxSlots">;

/**
 * The shape of a port of a switch, from what was asked for: too much becomes the most that there
 * is, as netmap does it (`nm_bound_var`).
 */
export function boundShape(asked: AskedShape): PortShape {
  const bound = (n: number, standard: number, most: number) =>
    n === 0 ? standard : Math.min(n, most);
  return {
    txRings: bound(asked.txRings, 1, MAX_RINGS),
    rxRings: bound(asked.rxRings, 1, MAX_RINGS),
    txSlots: bound(asked.txSlots, DEFAULT_SLOTS, MAX_SLOTS),
    rxSlots: bound(asked.rxSlots, DEFAULT_SLOTS, MAX_SLOTS),
  };
}

/** How a persistent port ends. */
export type Persistence = "ephemeral" | "until-delif" | "autodelete";

/** A port of a switch. */
export class ValePort extends Adapter implements SwitchPort {
  /** Whether it is found by its plain name, and how it ends. */
  readonly persistence: Persistence;
  #switch: Switch | null = null;
  #switchName = "";
  #leases: number[] = [];

  constructor(
    engine: Engine,
    name: string,
    region: Region,
    shape: PortShape,
    persistence: Persistence,
  ) {
    super(engine, name, valeKind, region, shape);
    this.persistence = persistence;
    engine.dp.state[this.port + V_CLOSED] = 1;
    engine.ports.set(name, this);
  }

  /** What switches call it. */
  get portKind(): "vale" {
    return "vale";
  }

  /** Whether somebody has it open, or a wrapper does. */
  get isOpen(): boolean {
    return this.hasKrings;
  }

  /** Its krings of a direction. */
  krings(dir: number): number[] {
    if (!this.hasKrings) return [];
    return Array.from({ length: this.rings(dir) }, (_, i) => this.kring(dir, i));
  }

  /** The switch that it is a port of; null when it is attached to none. */
  get switch(): Switch | null {
    return this.#switch;
  }

  /** Its name in the switch. */
  get switchName(): string {
    return this.#switchName;
  }

  /** Its number in the switch. */
  get portIndex(): number {
    return this.engine.dp.state[this.port + V_PORT];
  }

  /** Makes it a port of a switch. */
  join(bridge: Switch, switchName: string): void {
    this.#switchName = switchName;
    bridge.add(this);
    this.#switch = bridge;
  }

  /** Takes it out of its switch. Its rings may not run (`lockRings`) or may not exist. */
  leave(): void {
    const bridge = this.#switch;
    if (!bridge) return;
    bridge.remove(this);
    this.#switch = null;
    this.#switchName = "";
    switchTable(this.engine).release(bridge);
  }

  override createKrings(): void {
    if (this.hasKrings) return;
    this.#write(() => {
      super.createKrings();
      this.#leases = allocLeases(this, this.numRxRings);
    });
  }

  override deleteKrings(): void {
    if (!this.hasKrings) return;
    this.#write(() => super.deleteKrings());
    releaseLeases(this, this.#leases);
    this.#leases = [];
  }

  override register(on: boolean): void {
    this.#write(() => {
      this.commitModes();
      Atomics.store(
        this.engine.dp.state,
        this.port + V_CLOSED,
        on || this.activeFds > 0 ? 0 : 1,
      );
    });
  }

  override destroy(): void {
    this.leave();
    this.engine.ports.delete(this.name);
  }

  #write(change: () => void): void {
    if (this.#switch) this.#switch.write(change);
    else change();
  }
}

/**
 * Gives the first `rings` receive krings of an adapter their leases: a word a slot, that says
 * where a sender's piece of the ring ends once it is filled.
 *
 * @returns what {@link releaseLeases} takes
 */
export function allocLeases(adapter: Adapter, rings: number): number[] {
  const { heap, dp } = adapter.engine;
  const made: number[] = [];
  for (let i = 0; i < rings; i++) {
    const leases = heap.alloc(adapter.numRxSlots);
    dp.state[adapter.kring(NR_RX, i) + K_LEASES] = leases;
    made.push(leases);
  }
  return made;
}

/** Undoes {@link allocLeases}; the krings may be gone. */
export function releaseLeases(adapter: Adapter, leases: readonly number[]): void {
  for (const at of leases) adapter.engine.heap.release(at, adapter.numRxSlots);
}

/** Whether an error says that there is no such thing, and nothing worse. */
export function isErrno(error: unknown, errno: number): boolean {
  return error instanceof NetmapError && error.errno === errno;
}
