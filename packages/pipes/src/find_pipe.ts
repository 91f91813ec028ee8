/**
 * From a name to a pipe's end: finds the parent, then the pipe on it, and makes what is missing.
 *
 * @module
 */

import { EBUSY, EINVAL, ENODEV, NetmapError, NR_REG_ALL_NIC, NR_REG_ONE_NIC } from "@netmap/core";
import type { Adapter, FindRequest } from "@netmap/engine";
import { DEFAULT_SLOTS, NM_PIPE_MAXRINGS, NM_PIPE_MAXSLOTS, orWithin } from "./limits.ts";
import { parsePipeName, type PipeName } from "./name.ts";
import { checkRegion, holdParent } from "./parent.ts";
import { PipeAdapter } from "./pipe_adapter.ts";
import { findPlainParent } from "./plain_parent.ts";

/** The pipes of one engine: of each parent, by id, one end. */
export type PipeTable = Map<Adapter, Map<string, PipeAdapter>>;

/**
 * The end of a pipe that a registration names, or the plain parent of pipes (`netmap_get_pipe_na`).
 *
 * @returns null when the name is of another kind
 * @throws {NetmapError} EINVAL for an empty id or parent, a mode other than NR_REG_ALL_NIC and
 *   NR_REG_ONE_NIC, or another region than the parent's; ENXIO without a parent; EBUSY when a switch
 *   has the parent; ENODEV for a pipe that does not exist and may not be made; ENOSPC
 */
export function findPipe(pipes: PipeTable, request: FindRequest): Adapter | null {
  const { engine, name, body, region } = request;
  const parts = parsePipeName(name);
  if (parts === null) {
    const parent = findPlainParent(engine, name);
    if (parent !== null) checkRegion(parent, region);
    return parent;
  }
  if (body.mode !== NR_REG_ALL_NIC && body.mode !== NR_REG_ONE_NIC) {
    throw new NetmapError(
      EINVAL,
      `Cannot open pipe '${name}' in mode ${body.mode} as pipes have no host rings: ` +
        "use NR_REG_ALL_NIC or NR_REG_ONE_NIC",
      { port: name },
    );
  }
  const parent = holdParent(request, parts.parent);
  try {
    const known = findEnd(pipes, request, parts, parent);
    if (known === null) return makeEnds(pipes, request, parts, parent);
    // Each of its ends holds the parent already.
    parent.drop();
    return known;
  } catch (error) {
    parent.drop();
    throw error;
  }
}

function findEnd(
  pipes: PipeTable,
  { name, region, create }: FindRequest,
  { parent: parentName, role, id }: PipeName,
  parent: Adapter,
): PipeAdapter | null {
  if (parent.ownedBy !== null) {
    throw new NetmapError(
      EBUSY,
      `Cannot open pipe '${name}' as '${parentName}' is attached to '${parent.ownedBy}': ` +
        "detach it first",
      { port: name },
    );
  }
  checkRegion(parent, region);
  const known = pipes.get(parent)?.get(id);
  if (known !== undefined) return known.role === role ? known : known.peer;
  if (create) return null;
  throw new NetmapError(
    ENODEV,
    `Cannot find pipe '${name}' as '${parentName}' has none of that id: open one of its ends first`,
    { port: name },
  );
}

/**
 * Makes both ends. Whichever is opened first, its request is about the master, as in netmap: so both
 * may ask for the same, and it does not matter who comes first. The hold on the parent goes to them.
 */
function makeEnds(
  pipes: PipeTable,
  { body }: FindRequest,
  { parent: parentName, role, id }: PipeName,
  parent: Adapter,
): PipeAdapter {
  const table = pipes.get(parent) ?? new Map<string, PipeAdapter>();
  const onEnd = (): void => {
    table.delete(id);
    if (table.size === 0) pipes.delete(parent);
  };
  const end = PipeAdapter.make(role, { parent, parentName, id, onEnd }, {
    txRings: orWithin(body.txRings, 1, NM_PIPE_MAXRINGS),
    rxRings: orWithin(body.rxRings, 1, NM_PIPE_MAXRINGS),
    txSlots: orWithin(body.txSlots, parent.numTxSlots || DEFAULT_SLOTS, NM_PIPE_MAXSLOTS),
    rxSlots: orWithin(body.rxSlots, parent.numRxSlots || DEFAULT_SLOTS, NM_PIPE_MAXSLOTS),
  });
  pipes.set(parent, table.set(id, end));
  return end;
}
