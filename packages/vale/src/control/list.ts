/**
 * VALE_LIST: where a port is, or the next port from a place on (`netmap_vale_list`).
 *
 * @module
 */

import {
  EINVAL,
  ENOENT,
  NETMAP_REQ_VALE_LIST,
  NetmapError,
  NMREQ_VALE_LIST,
  type NmreqHeader,
  type NmreqValeList,
} from "@netmap/core";
import type { RequestEntry } from "@netmap/engine";
import { MAX_PORTS, NO_PORT } from "../layout.ts";
import { needValeName } from "../lookup.ts";
import { parseValeName } from "../name.ts";
import { type SwitchTable, switchTable } from "../switch_table.ts";

/** The table entry of VALE_LIST. */
export const listEntry: RequestEntry<NmreqValeList> = {
  reqtype: NETMAP_REQ_VALE_LIST,
  name: "VALE_LIST",
  body: NMREQ_VALE_LIST,
  run({ engine, header, name, body }): void {
    const table = switchTable(engine);
    if (name === "") listFrom(table, header, body);
    else listNamed(table, name, body);
  },
};

function listNamed(table: SwitchTable, name: string, body: NmreqValeList): void {
  needValeName(name, EINVAL, "list");
  const parsed = parseValeName(name);
  const bridge = "problem" in parsed ? null : table.find(name);
  if (bridge === null) {
    throw new NetmapError(
      ENOENT,
      `Cannot list '${name}' ${
        "problem" in parsed ? parsed.problem : "as there is no such switch: list without a name"
      }`,
    );
  }
  body.bridgeIdx = bridge.index;
  body.portIdx = NO_PORT;
  for (const [index, port] of bridge.ports) {
    if (port.switchName === name) body.portIdx = index;
  }
}

/** The first port at or behind the place that the body names; its name goes into the header. */
function listFrom(table: SwitchTable, header: NmreqHeader, body: NmreqValeList): void {
  let from = body.portIdx;
  let bridge = body.bridgeIdx;
  for (; bridge < table.defaults.switches; bridge++, from = 0) {
    const ports = table.at(bridge)?.ports;
    if (!ports) continue;
    for (let index = from; index < MAX_PORTS; index++) {
      const port = ports.get(index);
      if (!port) continue;
      header.name = port.switchName;
      body.bridgeIdx = bridge;
      body.portIdx = index;
      return;
    }
  }
  body.bridgeIdx = bridge;
  body.portIdx = from;
  throw new NetmapError(ENOENT, "Cannot list more ports as there are none behind that place");
}
