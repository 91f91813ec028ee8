/**
 * VALE_ATTACH: makes an interface or a persistent port a port of a switch (`netmap_bdg_attach`).
 *
 * @module
 */

import {
  EBUSY,
  EINVAL,
  ENXIO,
  NETMAP_REQ_VALE_ATTACH,
  NetmapError,
  NMREQ_VALE_ATTACH,
  type NmreqRegister,
  type NmreqValeAttach,
  NR_REG_ALL_NIC,
} from "@netmap/core";
import { type Adapter, type Engine, registerBody, type RequestEntry } from "@netmap/engine";
import { Bwrap } from "../bwrap.ts";
import { needValeName } from "../lookup.ts";
import { isInterfaceName } from "../name.ts";
import type { Switch } from "../switch.ts";
import { switchTable } from "../switch_table.ts";
import { isErrno, ValePort } from "../vale_port.ts";
import { needToken } from "./token.ts";

/** The table entry of VALE_ATTACH. */
export const attachEntry: RequestEntry<NmreqValeAttach> = {
  reqtype: NETMAP_REQ_VALE_ATTACH,
  name: "VALE_ATTACH",
  body: NMREQ_VALE_ATTACH,
  run({ engine, name, body }): void {
    body.portIndex = attachPort(engine, name, body.reg, null);
  },
};

/**
 * Attaches what stands behind the colon of a name to the switch before it.
 *
 * @param engine the engine
 * @param name `vale0:eth0`
 * @param reg how the port is bound: NR_REG_ALL_NIC, or NR_REG_NIC_SW with its host rings
 * @param token of the switch, where a module has it for itself
 * @returns the port's number in the switch
 * @throws {NetmapError} EACCES without the token, EINVAL for a region, a name, a mode or an
 *   interface that is not there, EBUSY when it is attached or open, ENOMEM without a place or memory
 */
export function attachPort(
  engine: Engine,
  name: string,
  reg: NmreqRegister,
  token: symbol | null,
): number {
  const table = switchTable(engine);
  needToken(table.find(name), token, `attach '${name}'`);
  if (reg.memId !== 0) engine.region(reg.memId);
  needValeName(name, EINVAL, "attach");
  const bridge = table.findOrMake(name);
  try {
    if (bridge.find(name)) {
      throw new NetmapError(
        EBUSY,
        `Cannot attach '${name}' as switch '${bridge.name}:' has a port of that name: detach it first`,
      );
    }
    bridge.needRoom(1, name);
    const hw = findDevice(engine, name, reg);
    try {
      if (hw instanceof ValePort && hw.switch === null) return attachDirectly(bridge, name, hw);
      return wrap(bridge, name, hw, reg);
    } catch (error) {
      hw.drop();
      throw error;
    }
  } finally {
    table.release(bridge);
  }
}

/** The interface or persistent port behind the colon; held by the caller from then on. */
function findDevice(engine: Engine, name: string, reg: NmreqRegister): Adapter {
  const plain = name.slice(name.indexOf(":") + 1);
  let detail = "it may not be the name of one";
  if (isInterfaceName(plain)) {
    try {
      const { txRings, rxRings, txSlots, rxSlots, hostTxRings, hostRxRings, memId } = reg;
      const shape = { txRings, rxRings, txSlots, rxSlots, hostTxRings, hostRxRings, memId };
      return engine.getAdapter(plain, registerBody({ mode: NR_REG_ALL_NIC, ...shape }), true);
    } catch (error) {
      if (!isErrno(error, ENXIO)) throw error;
      detail = "use the name of an interface, or make a persistent port with VALE_NEWIF";
    }
  }
  throw new NetmapError(
    EINVAL,
    `Cannot attach '${name}' as there is no interface or persistent port '${plain}': ${detail}`,
  );
}

/** A persistent port becomes a port of the switch itself: nothing stands between. */
function attachDirectly(bridge: Switch, name: string, port: ValePort): number {
  if (port.ownedBy !== null || port.activeFds > 0) {
    throw new NetmapError(
      EBUSY,
      `Cannot attach '${name}' as '${port.name}' is open ${port.activeFds} times: ` +
        "close it first, and open it again once it is attached",
    );
  }
  port.join(bridge, name);
  return port.portIndex;
}

/** Anything else is wrapped. */
function wrap(bridge: Switch, name: string, hw: Adapter, reg: NmreqRegister): number {
  const bwrap = new Bwrap(bridge, name, hw, reg);
  return bwrap.portIndex;
}
