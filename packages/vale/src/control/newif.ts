/**
 * VALE_NEWIF and VALE_DELIF: persistent ports come and go (`nm_vi_create`, `nm_vi_destroy`).
 *
 * @module
 */

import {
  EEXIST,
  NETMAP_REQ_VALE_DELIF,
  NETMAP_REQ_VALE_NEWIF,
  NetmapError,
  NMREQ_VALE_NEWIF,
  type NmreqValeNewif,
} from "@netmap/core";
import type { Adapter, ControlContext, RequestEntry } from "@netmap/engine";
import { createPersistent, deletePersistent, describeExisting } from "../persistent.ts";

/** The table entry of VALE_NEWIF. */
export const newifEntry: RequestEntry<NmreqValeNewif> = {
  reqtype: NETMAP_REQ_VALE_NEWIF,
  name: "VALE_NEWIF",
  body: NMREQ_VALE_NEWIF,
  run: newif,
};

/** The table entry of VALE_DELIF. */
export const delifEntry: RequestEntry<null> = {
  reqtype: NETMAP_REQ_VALE_DELIF,
  name: "VALE_DELIF",
  body: null,
  run({ engine, name }): void {
    deletePersistent(engine, name);
  },
};

function newif({ engine, name, body }: ControlContext<NmreqValeNewif>): void {
  try {
    const region = body.memId === 0 ? null : engine.region(body.memId);
    reply(body, createPersistent(engine, name, body, region));
  } catch (error) {
    // netmap describes the port that is in the way.
    if (error instanceof NetmapError && error.errno === EEXIST) {
      const known = describeExisting(engine, name);
      if (known) {
        reply(body, known);
        known.drop();
      }
    }
    throw error;
  }
}

function reply(body: NmreqValeNewif, adapter: Adapter): void {
  body.txRings = adapter.numTxRings;
  body.rxRings = adapter.numRxRings;
  body.txSlots = adapter.numTxSlots;
  body.rxSlots = adapter.numRxSlots;
  body.memId = adapter.region.id;
}
