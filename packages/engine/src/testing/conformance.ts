/**
 * What the conformance suite needs of an engine: ioctls by pointer, and a look at what a case left.
 *
 * @module
 */

import { NETMAP_IOCTLS } from "@netmap/core";
import type { RawIoctl } from "@netmap/core/conformance";
import { ioctlErrno } from "../control/ioctl.ts";
import { ProcessMemory } from "../control/user_memory.ts";
import type { Engine } from "../engine.ts";

const memory = new ProcessMemory();

/** Ioctls by pointer on an engine's descriptors. */
export const engineIoctl: RawIoctl = (descriptor, command, argument): number =>
  ioctlErrno(descriptor, NETMAP_IOCTLS.linux[command], argument, memory);

/** What an engine holds, as text: the same before and after means that nothing was left behind. */
export function holdings(engine: Engine): string {
  const regions = [...engine.regions].map(({ id, refs, ifs, rings, bufs }) =>
    `region ${id}: ${refs} users, free ${ifs.free} ${rings.free} ${bufs.free}`
  );
  return [
    ...regions,
    `descriptors ${engine.descriptors.size}`,
    `ports ${[...engine.ports.keys()].join(" ")}`,
  ].join("\n");
}

/** Fails when an engine holds something else than when this was called. */
export function settled(engine: Engine): () => void {
  const before = holdings(engine);
  return () => {
    const after = holdings(engine);
    if (after !== before) throw new Error(`The case left behind:\n${after}\nfirst:\n${before}`);
  };
}
