/**
 * From a name to a port: ports of switches (`vale0:a`), persistent ports by their own name, and
 * the interfaces that can be attached.
 *
 * @module
 */

import { EBUSY, EINVAL, ENOMEM, ENXIO, NetmapError, NR_REG_ALL_NIC } from "@netmap/core";
import { type Adapter, type Engine, type FindRequest, registerBody } from "@netmap/engine";
import { Bwrap } from "./bwrap.ts";
import { isInterfaceName, isValeName, parseValeName } from "./name.ts";
import type { SwitchPort } from "./switch.ts";
import { switchTable } from "./switch_table.ts";
import { boundShape, isErrno, ValePort } from "./vale_port.ts";

/** What a registration by name finds; the feature's `find` (`netmap_get_vale_na`). */
export function findPort(request: FindRequest): Adapter | null {
  const { engine, name, create } = request;
  if (!isValeName(name)) return findPersistent(engine, name);
  const known = findSwitchPort(engine, name, create ? ENOMEM : ENXIO);
  if (known === null) return create ? makeEphemeral(request) : needSwitchPort(engine, name);
  if (known instanceof ValePort || known instanceof Bwrap) return known;
  throw new NetmapError(
    EBUSY,
    `Cannot register '${name}' as it is the host side of an attached interface: detach that first`,
    { port: name },
  );
}

/**
 * Fails unless a name is one of a switch's ports, or looks like one.
 *
 * @param name a port's name
 * @param errno what the request answers to others
 * @param what what is asked for, for the error: `attach`
 */
export function needValeName(name: string, errno: number, what: string): void {
  const parsed = parseValeName(name);
  if (isValeName(name) || !("problem" in parsed)) return;
  throw new NetmapError(errno, `Cannot ${what} '${name}' ${parsed.problem}`, { port: name });
}

/** A persistent port by its own name; null when there is none. */
export function findPersistent(engine: Engine, name: string): ValePort | null {
  const port = engine.ports.get(name);
  return port instanceof ValePort && port.persistence !== "ephemeral" ? port : null;
}

/**
 * A port of a switch by its full name; null when there is none.
 *
 * @param badName errno for a name that is no port's
 */
export function findSwitchPort(engine: Engine, name: string, badName: number): SwitchPort | null {
  const parsed = parseValeName(name);
  if ("problem" in parsed) {
    throw new NetmapError(badName, `Cannot use the name '${name}' ${parsed.problem}`, {
      port: name,
    });
  }
  return switchTable(engine).find(name)?.find(name) ?? null;
}

/** A port of a switch. @throws {NetmapError} ENXIO with the names of those that exist */
export function needSwitchPort(engine: Engine, name: string): never {
  const bridge = switchTable(engine).find(name);
  const names = [...(bridge?.ports.values() ?? [])].map((port) => port.switchName);
  throw new NetmapError(
    ENXIO,
    `Cannot find port '${name}' as ${
      bridge ? `switch '${bridge.name}:' has none of that name` : "there is no such switch"
    }: ${names.length > 0 ? `there are ${names.slice(0, 20).join(", ")}` : "register it first"}`,
    { port: name },
  );
}

function makeEphemeral(request: FindRequest): ValePort {
  const { engine, name, body, region } = request;
  const table = switchTable(engine);
  const bridge = table.findOrMake(name);
  try {
    bridge.needRoom(1, name);
    const plain = name.slice(name.indexOf(":") + 1);
    if (interfaceExists(engine, plain)) {
      throw new NetmapError(
        EINVAL,
        `Cannot make port '${name}' as there is an interface '${plain}': attach that with ` +
          "VALE_ATTACH, or use another name",
        { port: name },
      );
    }
    const port = new ValePort(
      engine,
      name,
      engine.regionFor(region),
      boundShape(body),
      "ephemeral",
    );
    try {
      port.join(bridge, name);
    } catch (error) {
      port.hold().drop();
      throw error;
    }
    return port;
  } catch (error) {
    table.release(bridge);
    throw error;
  }
}

/** Whether there is an interface, or a persistent port, of a name. */
export function interfaceExists(engine: Engine, name: string): boolean {
  if (!isInterfaceName(name)) return false;
  try {
    engine.getAdapter(name, registerBody({ mode: NR_REG_ALL_NIC }), false).drop();
    return true;
  } catch (error) {
    if (error instanceof NetmapError) return !isErrno(error, ENXIO);
    throw error;
  }
}
