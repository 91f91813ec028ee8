/**
 * VALE_DETACH: takes an attached interface or persistent port off its switch
 * (`netmap_bdg_detach`).
 *
 * @module
 */

import {
  EBUSY,
  EINVAL,
  ENXIO,
  NETMAP_REQ_VALE_DETACH,
  NetmapError,
  NMREQ_VALE_DETACH,
  type NmreqValeDetach,
} from "@netmap/core";
import type { Engine, RequestEntry } from "@netmap/engine";
import { Bwrap } from "../bwrap.ts";
import { findSwitchPort, needSwitchPort, needValeName } from "../lookup.ts";
import { switchTable } from "../switch_table.ts";
import { ValePort } from "../vale_port.ts";
import { needToken } from "./token.ts";

/** The table entry of VALE_DETACH. */
export const detachEntry: RequestEntry<NmreqValeDetach> = {
  reqtype: NETMAP_REQ_VALE_DETACH,
  name: "VALE_DETACH",
  body: NMREQ_VALE_DETACH,
  run({ engine, name, body }): void {
    body.portIndex = detachPort(engine, name, null);
  },
};

/**
 * Detaches a port. An ephemeral port stays: it is not attached but lives in its switch, and asking
 * for it does nothing, as in netmap.
 *
 * @param engine the engine
 * @param name `vale0:eth0`
 * @param token of the switch, where a module has it for itself
 * @returns the number that the port had in the switch
 * @throws {NetmapError} EACCES without the token, EINVAL for a name that is no switch's, ENXIO when
 *   there is no such port, EBUSY while it is polled, or for one of two attachments out of order
 */
export function detachPort(engine: Engine, name: string, token: symbol | null): number {
  needToken(switchTable(engine).find(name), token, `detach '${name}'`);
  needValeName(name, EINVAL, "detach");
  const port = findSwitchPort(engine, name, ENXIO) ?? needSwitchPort(engine, name);
  if (port instanceof Bwrap) {
    if (port.polling !== null) {
      throw new NetmapError(
        EBUSY,
        `Cannot detach '${name}' as it is polled: end that with VALE_POLLING_DISABLE first`,
      );
    }
    const index = port.portIndex;
    port.detach();
    return index;
  }
  if (!(port instanceof ValePort)) {
    throw new NetmapError(
      EBUSY,
      `Cannot detach '${name}' by itself as it is the host side of an interface: ` +
        `detach '${name.slice(0, -1)}', which takes both off`,
    );
  }
  if (port.ownedBy !== null) {
    throw new NetmapError(
      EBUSY,
      `Cannot detach '${name}' as it is attached to '${port.ownedBy}' too: detach it there first`,
    );
  }
  const index = port.portIndex;
  if (port.persistence !== "ephemeral") {
    // Refused now, before a ring is waited for that this very thread may be in.
    port.switch?.write(() => {});
    port.lockRings();
    try {
      port.leave();
    } finally {
      port.unlockRings();
    }
    port.drop();
  }
  return index;
}
