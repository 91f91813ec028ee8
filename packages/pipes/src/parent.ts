/**
 * The port that a pipe hangs on.
 *
 * @module
 */

import { EINVAL, ENXIO, IFNAMSIZ, NetmapError, NM_BDG_NAME } from "@netmap/core";
import { type Adapter, type Engine, type FindRequest, KIND, type Region } from "@netmap/engine";
import { PipeAdapter } from "./pipe_adapter.ts";
import { PlainParent } from "./plain_parent.ts";

/** What may be the name of a new port: an interface's name, of no switch and no pipe. */
const PLAIN_NAME = /^[^\s/:{}]+$/;

/**
 * Finds the parent of a pipe, and where there is none makes one: a persistent port by the feature
 * that has them, else a {@link PlainParent}.
 *
 * Before that it looks where netmap does not: for the parent, gone by name, of a pipe that lives (so
 * that its other end can still be opened), and for an open null port.
 *
 * @param request the registration of the pipe
 * @param name the parent's name
 * @returns the parent, held by the caller
 * @throws {NetmapError} ENXIO when there is none and none can be made; else what its kind says
 */
export function holdParent(request: FindRequest, name: string): Adapter {
  const { engine, body, region, create } = request;
  try {
    return engine.getAdapter(name, body, create);
  } catch (error) {
    if (!(error instanceof NetmapError) || error.errno !== ENXIO) throw error;
    const left = parentOfPipe(engine, request.name) ?? openNullPort(engine, name);
    if (left !== null) return left.hold();
    if (!create || !mayBeMade(name)) throw error;
    if (engine.createPersistent === null) {
      return new PlainParent(engine, name, body, region).hold();
    }
    return createPersistent(engine.createPersistent, name, body).hold();
  }
}

function createPersistent(
  create: NonNullable<Engine["createPersistent"]>,
  name: string,
  body: FindRequest["body"],
): Adapter {
  try {
    return create(name, body);
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    // Whatever kept the port from being made, to netmap the parent does not exist.
    throw new NetmapError(ENXIO, error.message, { port: name, cause: error });
  }
}

/** Netmap's rules for the name of a persistent port (`netmap_vi_create`), and the system's. */
function mayBeMade(name: string): boolean {
  return PLAIN_NAME.test(name) && !name.startsWith(NM_BDG_NAME) && name !== "." && name !== ".." &&
    new TextEncoder().encode(name).length < IFNAMSIZ;
}

function parentOfPipe(engine: Engine, pipe: string): Adapter | null {
  const end = engine.ports.get(pipe);
  return end instanceof PipeAdapter ? end.parent : null;
}

/** The null port that was opened under a name; the first where there are several. */
function openNullPort(engine: Engine, name: string): Adapter | null {
  for (const { registration } of engine.descriptors.values()) {
    const adapter = registration?.adapter;
    if (adapter?.kind.id === KIND.null && adapter.name === `null:${name}`) return adapter;
  }
  return null;
}

/** @throws {NetmapError} EINVAL when another region is asked for than the port is in */
export function checkRegion(port: Adapter, region: Region | null): void {
  if (region === null || region === port.region) return;
  throw new NetmapError(
    EINVAL,
    `Cannot use '${port.name}' in memory region ${region.id} as it is in region ${port.region.id}: ` +
      "ask for that one or for none",
    { port: port.name },
  );
}
