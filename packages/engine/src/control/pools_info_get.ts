/**
 * POOLS_INFO_GET: where the pools of a port's memory region are, and how large.
 *
 * @module
 */

import {
  NETMAP_REQ_POOLS_INFO_GET,
  NMREQ_POOLS_INFO,
  type NmreqPoolsInfo,
  NR_REG_ALL_NIC,
} from "@netmap/core";
import type { ControlContext, RequestEntry } from "../feature.ts";
import { registerBody } from "./register_body.ts";

/** The table entry of POOLS_INFO_GET. */
export const poolsInfoGetEntry: RequestEntry<NmreqPoolsInfo> = {
  reqtype: NETMAP_REQ_POOLS_INFO_GET,
  name: "POOLS_INFO_GET",
  body: NMREQ_POOLS_INFO,
  run: poolsInfoGet,
};

function poolsInfoGet({ engine, name, body }: ControlContext<NmreqPoolsInfo>): void {
  const adapter = engine.getAdapter(
    name,
    registerBody({ mode: NR_REG_ALL_NIC, memId: body.memId }),
    true,
  );
  const { region } = adapter;
  body.memsize = region.size;
  body.memId = region.id;
  body.ifPoolOffset = region.ifs.offset;
  body.ifPoolObjtotal = region.ifs.total;
  body.ifPoolObjsize = region.ifs.objectSize;
  body.ringPoolOffset = region.rings.offset;
  body.ringPoolObjtotal = region.rings.total;
  body.ringPoolObjsize = region.rings.objectSize;
  body.bufPoolOffset = region.bufs.offset;
  body.bufPoolObjtotal = region.bufs.total;
  body.bufPoolObjsize = region.bufs.objectSize;
  adapter.drop();
}
