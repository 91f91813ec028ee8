/**
 * A parent for pipes where no feature of the engine has one of that name: memory and defaults,
 * nobody at its other end. It lives as long as its pipes and whoever registered it.
 *
 * With VALE in the engine it is not used: there, as in netmap, the name becomes that of a
 * persistent port (`Engine.createPersistent`).
 *
 * @module
 */

import type { NmreqRegister } from "@netmap/core";
import { Adapter, type Engine, nullKind, type Region } from "@netmap/engine";
import { DEFAULT_SLOTS, NM_PIPE_MAXRINGS, NM_PIPE_MAXSLOTS, orWithin } from "./limits.ts";

/** A port that is there to have pipes. */
export class PlainParent extends Adapter {
  /**
   * Makes it and enters it into the engine's table of ports.
   *
   * @param engine the engine
   * @param name without brackets
   * @param body the registration that needs it, for rings and slots
   * @param region the region that it asks for, null for the engine's choice
   */
  constructor(engine: Engine, name: string, body: NmreqRegister, region: Region | null) {
    super(engine, name, nullKind, engine.regionFor(region), {
      txRings: orWithin(body.txRings, 1, NM_PIPE_MAXRINGS),
      rxRings: orWithin(body.rxRings, 1, NM_PIPE_MAXRINGS),
      txSlots: orWithin(body.txSlots, DEFAULT_SLOTS, NM_PIPE_MAXSLOTS),
      rxSlots: orWithin(body.rxSlots, DEFAULT_SLOTS, NM_PIPE_MAXSLOTS),
    });
    engine.ports.set(name, this);
  }

  /** Leaves the engine's table of ports. */
  override destroy(): void {
    this.engine.ports.delete(this.name);
  }
}

/** The plain parent of a name, if there is one. */
export function findPlainParent(engine: Engine, name: string): PlainParent | null {
  const port = engine.ports.get(name);
  return port instanceof PlainParent ? port : null;
}
