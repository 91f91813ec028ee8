/**
 * Persistent ports: like a network interface, they have a name of their own, exist with nobody
 * using them, can be opened by that name and attached to a switch (`nm_vi_create`).
 *
 * @module
 */

import {
  EBUSY,
  EEXIST,
  EINVAL,
  ENXIO,
  IFNAMSIZ,
  NetmapError,
  NM_BDG_NAME,
  NR_REG_ALL_NIC,
} from "@netmap/core";
import { type Adapter, type Engine, type Region, registerBody } from "@netmap/engine";
import { findPersistent, interfaceExists } from "./lookup.ts";
import { isInterfaceName, isValeName } from "./name.ts";
import { type AskedShape, boundShape, ValePort } from "./vale_port.ts";

/**
 * Makes a persistent port, and holds it until DELIF.
 *
 * @param engine the engine
 * @param name its own name, without a switch
 * @param asked rings and slots; 0 leaves the choice
 * @param region its memory, null for the engine's choice
 * @returns the port
 * @throws {NetmapError} EINVAL for a name that no interface may have, EEXIST when there is one
 */
export function createPersistent(
  engine: Engine,
  name: string,
  asked: AskedShape,
  region: Region | null,
): ValePort {
  checkNewName(engine, name);
  return make(engine, name, asked, region, "until-delif").hold() as ValePort;
}

/**
 * Makes a persistent port that lives as long as somebody holds it (`autodelete`): the parent of
 * pipes whose name nobody knows. The caller holds it.
 *
 * @param engine the engine
 * @param name its own name
 * @param asked rings and slots
 * @param region its memory, null for the engine's choice
 * @throws {NetmapError} EINVAL for a name that no interface may have, EEXIST when there is one
 */
export function createAutodelete(
  engine: Engine,
  name: string,
  asked: AskedShape,
  region: Region | null,
): Adapter {
  checkNewName(engine, name);
  return make(engine, name, asked, region, "autodelete");
}

/**
 * Ends a persistent port.
 *
 * @param engine the engine
 * @param name its own name
 * @throws {NetmapError} ENXIO when there is no interface of that name, EINVAL when it was not made
 *   by NEWIF, EBUSY while it is open, attached or has pipes
 */
export function deletePersistent(engine: Engine, name: string): void {
  const fail = (errno: number, why: string): never => {
    throw new NetmapError(errno, `Cannot delete '${name}' ${why}`, { port: name });
  };
  const port = findPersistent(engine, name);
  if (port === null) {
    return interfaceExists(engine, name)
      ? fail(EINVAL, "as VALE_NEWIF has not made it: end it where it was made")
      : fail(ENXIO, "as there is no persistent port of that name: list them with VALE_LIST");
  }
  if (port.persistence === "autodelete") {
    fail(EINVAL, "as it is there for its pipes alone: it ends with the last of them");
  }
  if (port.switch) fail(EBUSY, `as it is attached as '${port.switchName}': detach it first`);
  if (port.activeFds > 0) fail(EBUSY, `as it is open ${port.activeFds} times: close it first`);
  if (port.ownedBy !== null) fail(EBUSY, `as it is attached to '${port.ownedBy}': detach it first`);
  if (port.refs > 1) fail(EBUSY, `as it has ${port.refs - 1} pipes or monitors: close them first`);
  port.drop();
}

function make(
  engine: Engine,
  name: string,
  asked: AskedShape,
  region: Region | null,
  persistence: "until-delif" | "autodelete",
): ValePort {
  return new ValePort(engine, name, engine.regionFor(region), boundShape(asked), persistence);
}

function checkNewName(engine: Engine, name: string): void {
  const fail = (errno: number, why: string): never => {
    throw new NetmapError(errno, `Cannot create port '${name}' ${why}`, { port: name });
  };
  if (isValeName(name)) {
    fail(EINVAL, `as names that begin with '${NM_BDG_NAME}' are of switches: use another, as 'v0'`);
  }
  if (name.length >= IFNAMSIZ) {
    fail(EINVAL, `as its name is ${name.length} characters long: use at most ${IFNAMSIZ - 1}`);
  }
  if (!isInterfaceName(name)) {
    fail(EINVAL, "as no interface may be called so: use letters, digits, '_', '-' and '.'");
  }
  if (interfaceExists(engine, name)) {
    fail(EEXIST, "as there is an interface of that name: use another, or delete that one");
  }
}

/** The existing port of a name, for a reply that describes it; null when it cannot be had. */
export function describeExisting(engine: Engine, name: string): Adapter | null {
  try {
    return engine.getAdapter(name, registerBody({ mode: NR_REG_ALL_NIC }), false);
  } catch (error) {
    if (error instanceof NetmapError) return null;
    throw error;
  }
}
