/**
 * What a port's name consists of, as requests carry it, and how long each part may be.
 *
 * ```
 *   vale0:a{1      a switch, a port on it, a pipe hanging on that port
 *   |___||_|_|
 *   at most 15, 15 and, all together, 63 bytes
 * ```
 *
 * @module
 */

import { IFNAMSIZ, NETMAP_REQ_IFNAMSIZ, NM_BDG_NAME } from "./abi/constants.ts";

/** The highest ring number that a name may ask for; netmap's parsers stop one short of the mask. */
export const MAX_RING_ID = 4094;

/** Which end of a pipe a name means: `parent{id` is the master, `parent}id` the slave. */
export interface PipeEnd {
  /** The port that the pipe hangs on, and whose memory it uses. */
  readonly parent: string;
  /** `master` for `{`, `slave` for `}`. */
  readonly role: "master" | "slave";
  /** What both ends have in common. */
  readonly id: string;
}

const VALE_PREFIX: RegExp = new RegExp(`^${NM_BDG_NAME}[A-Za-z0-9_]*:`);

/**
 * Whether a name is that of a port on a VALE switch: `valeX:port`.
 *
 * @param name as requests carry it
 * @returns true for `vale0:a`, also as a pipe's parent
 *
 * @example
 * ```ts
 * import { isValeName } from "@netmap/core";
 * console.log(isValeName("vale0:a"), isValeName("valet")); // true false
 * ```
 */
export function isValeName(name: string): boolean {
  return VALE_PREFIX.test(name);
}

/**
 * Takes a pipe's name apart.
 *
 * @param name as requests carry it
 * @returns the pipe's end, or null when the name is no pipe's
 *
 * @example
 * ```ts
 * import { pipeOf } from "@netmap/core";
 * console.log(pipeOf("vale0:a{7")); // { parent: "vale0:a", role: "master", id: "7" }
 * ```
 */
export function pipeOf(name: string): PipeEnd | null {
  const at = name.search(/[{}]/);
  if (at < 0) return null;
  return {
    parent: name.slice(0, at),
    role: name[at] === "{" ? "master" : "slave",
    id: name.slice(at + 1),
  };
}

/**
 * Says what is wrong with the length of a name, part by part.
 *
 * Requests have room for 63 bytes; below that, interface names, switch names and the names of a
 * switch's ports are kept by the kernel in `IFNAMSIZ` (16) bytes each, with their NUL.
 *
 * @param name as requests carry it
 * @returns a clause for an error, or null when nothing is
 */
export function nameTooLong(name: string): string | null {
  const bytes = byteLength(name);
  if (bytes >= NETMAP_REQ_IFNAMSIZ) {
    return `a port name of at most ${NETMAP_REQ_IFNAMSIZ - 1} bytes, found ${bytes}`;
  }
  const base = pipeOf(name)?.parent ?? name;
  const colon = isValeName(base) ? base.indexOf(":") : -1;
  if (colon >= IFNAMSIZ) {
    return `a switch name of at most ${IFNAMSIZ - 1} bytes, found ${colon}`;
  }
  const last = byteLength(base.slice(colon + 1));
  if (last >= IFNAMSIZ) {
    const what = colon < 0 ? "an interface name" : "a name on the switch";
    return `${what} of at most ${IFNAMSIZ - 1} bytes, found ${last}`;
  }
  return null;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
