/**
 * VALE_POLLING_ENABLE and VALE_POLLING_DISABLE (`nm_bdg_polling`).
 *
 * @module
 */

import {
  EFAULT,
  EINVAL,
  ENXIO,
  EOPNOTSUPP,
  NETMAP_REQ_VALE_POLLING_DISABLE,
  NETMAP_REQ_VALE_POLLING_ENABLE,
  NetmapError,
  NMREQ_VALE_POLLING,
  type NmreqValePolling,
} from "@netmap/core";
import type { Engine, RequestEntry } from "@netmap/engine";
import { Bwrap } from "../bwrap.ts";
import { findSwitchPort, needSwitchPort, needValeName } from "../lookup.ts";
import { Polling, pollingRange } from "../polling.ts";
import { switchTable } from "../switch_table.ts";

/** The table entry of VALE_POLLING_ENABLE. */
export const pollingEnableEntry: RequestEntry<NmreqValePolling> = {
  reqtype: NETMAP_REQ_VALE_POLLING_ENABLE,
  name: "VALE_POLLING_ENABLE",
  body: NMREQ_VALE_POLLING,
  run({ engine, name, body }): void {
    const port = attachedDevice(engine, name);
    if (port.polling !== null) {
      throw new NetmapError(
        EFAULT,
        `Cannot poll '${name}' as it is polled already: end that with VALE_POLLING_DISABLE first`,
      );
    }
    const range = pollingRange(body, port.hw, switchTable(engine).defaults.processors);
    port.polling = new Polling(engine, port.hw, range);
  },
};

/** The table entry of VALE_POLLING_DISABLE. */
export const pollingDisableEntry: RequestEntry<NmreqValePolling> = {
  reqtype: NETMAP_REQ_VALE_POLLING_DISABLE,
  name: "VALE_POLLING_DISABLE",
  body: NMREQ_VALE_POLLING,
  run({ engine, name }): void {
    const port = attachedDevice(engine, name);
    if (port.polling === null) {
      throw new NetmapError(
        EFAULT,
        `Cannot end the polling of '${name}' as it is not polled: nothing has to be done`,
      );
    }
    port.polling.stop();
    port.polling = null;
  },
};

function attachedDevice(engine: Engine, name: string): Bwrap {
  needValeName(name, EINVAL, "poll");
  const port = findSwitchPort(engine, name, ENXIO) ?? needSwitchPort(engine, name);
  if (port instanceof Bwrap) return port;
  throw new NetmapError(
    EOPNOTSUPP,
    `Cannot poll '${name}' as only attached interfaces are polled: its user syncs it`,
  );
}
