/**
 * PORT_INFO_GET: the shape and the memory of a port; with no name, of a memory region.
 *
 * @module
 */

import {
  NETMAP_REQ_PORT_INFO_GET,
  NMREQ_PORT_INFO_GET,
  type NmreqPortInfoGet,
  NR_REG_ALL_NIC,
} from "@netmap/core";
import { GLOBAL_MEM_ID } from "../memory/region.ts";
import type { ControlContext, RequestEntry } from "../feature.ts";
import { registerBody } from "./register_body.ts";

/** The table entry of PORT_INFO_GET. */
export const portInfoGetEntry: RequestEntry<NmreqPortInfoGet> = {
  reqtype: NETMAP_REQ_PORT_INFO_GET,
  name: "PORT_INFO_GET",
  body: NMREQ_PORT_INFO_GET,
  run: portInfoGet,
};

function portInfoGet({ engine, name, body }: ControlContext<NmreqPortInfoGet>): void {
  if (name === "") {
    const region = engine.region(body.memId || GLOBAL_MEM_ID);
    body.memsize = region.size;
    body.memId = region.id;
    return;
  }
  const { txSlots, rxSlots, txRings, rxRings, hostTxRings, hostRxRings, memId } = body;
  const adapter = engine.getAdapter(
    name,
    registerBody({
      mode: NR_REG_ALL_NIC,
      txSlots,
      rxSlots,
      txRings,
      rxRings,
      hostTxRings,
      hostRxRings,
      memId,
    }),
    true,
  );
  body.memsize = adapter.region.size;
  body.memId = adapter.region.id;
  body.rxRings = adapter.numRxRings;
  body.txRings = adapter.numTxRings;
  body.rxSlots = adapter.numRxSlots;
  body.txSlots = adapter.numTxSlots;
  body.hostTxRings = adapter.numHostTxRings;
  body.hostRxRings = adapter.numHostRxRings;
  adapter.drop();
}
