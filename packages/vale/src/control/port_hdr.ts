/**
 * PORT_HDR_SET and PORT_HDR_GET: how many bytes of virtio-net header stand before each frame.
 *
 * @module
 */

import {
  EINVAL,
  ENXIO,
  NETMAP_REQ_PORT_HDR_GET,
  NETMAP_REQ_PORT_HDR_SET,
  NetmapError,
  NMREQ_PORT_HDR,
  type NmreqPortHdr,
  NR_REG_ALL_NIC,
} from "@netmap/core";
import { type ControlContext, P_VNET_HDR, registerBody, type RequestEntry } from "@netmap/engine";
import { findSwitchPort, needSwitchPort, needValeName } from "../lookup.ts";

/** Lengths of a virtio-net header: none, without and with the number of merged buffers. */
const LENGTHS: readonly number[] = [0, 10, 12];

/** The table entry of PORT_HDR_SET. */
export const portHdrSetEntry: RequestEntry<NmreqPortHdr> = {
  reqtype: NETMAP_REQ_PORT_HDR_SET,
  name: "PORT_HDR_SET",
  body: NMREQ_PORT_HDR,
  run: portHdrSet,
};

/** The table entry of PORT_HDR_GET. */
export const portHdrGetEntry: RequestEntry<NmreqPortHdr> = {
  reqtype: NETMAP_REQ_PORT_HDR_GET,
  name: "PORT_HDR_GET",
  body: NMREQ_PORT_HDR,
  run: portHdrGet,
};

function portHdrSet({ engine, name, body }: ControlContext<NmreqPortHdr>): void {
  if (!LENGTHS.includes(body.hdrLen)) {
    throw new NetmapError(
      EINVAL,
      `Cannot set a header of ${body.hdrLen} bytes on '${name}': a virtio-net header has 10 or 12, 0 is none`,
    );
  }
  needValeName(name, ENXIO, "set a header on");
  const port = findSwitchPort(engine, name, ENXIO) ?? needSwitchPort(engine, name);
  Atomics.store(engine.dp.state, port.port + P_VNET_HDR, body.hdrLen);
}

function portHdrGet({ engine, name, body }: ControlContext<NmreqPortHdr>): void {
  const adapter = engine.getAdapter(name, registerBody({ mode: NR_REG_ALL_NIC }), false);
  body.hdrLen = adapter.vnetHdrLen;
  adapter.drop();
}
