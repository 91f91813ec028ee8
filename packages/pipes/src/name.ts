/**
 * Names of pipe ends.
 *
 * ```
 *   vale0:a{7    master: parent vale0:a, id 7        eth0{1{2    a pipe on a pipe's end: parent eth0{1
 *   vale0:a}7    slave                               a{1}2       the last '{' counts: id '1}2' on a
 * ```
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";

/** Which end of a pipe: `{` is the master's mark, `}` the slave's. Both can do the same. */
export type PipeRole = "master" | "slave";

/** A pipe end's name, taken apart. */
export interface PipeName {
  /** The port whose memory the pipe uses. */
  readonly parent: string;
  /** Which end. */
  readonly role: PipeRole;
  /** What both ends have in common; any text. */
  readonly id: string;
}

/**
 * Takes a name apart as netmap does: at the last `{`, or where there is none at the last `}`.
 *
 * @param name as a request carries it
 * @returns null when it is no pipe's name
 * @throws {NetmapError} EINVAL when the parent's name or the id is empty
 *
 * @example
 * ```ts
 * import { parsePipeName } from "@netmap/pipes";
 * console.log(parsePipeName("vale0:a}7")); // { parent: "vale0:a", role: "slave", id: "7" }
 * ```
 */
export function parsePipeName(name: string): PipeName | null {
  const brace = name.lastIndexOf("{");
  const at = brace >= 0 ? brace : name.lastIndexOf("}");
  if (at < 0) return null;
  if (at === 0 || at === name.length - 1) {
    throw new NetmapError(
      EINVAL,
      `Cannot use '${name}' as the name of a pipe as its ${
        at === 0 ? "parent" : "id"
      } is empty: write 'parent{id' or 'parent}id'`,
      { port: name },
    );
  }
  return {
    parent: name.slice(0, at),
    role: brace >= 0 ? "master" : "slave",
    id: name.slice(at + 1),
  };
}

/**
 * The name of a pipe's end.
 *
 * @param parent the port whose memory the pipe uses
 * @param id what both ends have in common
 * @param role which end
 */
export function pipeName(parent: string, id: string | number, role: PipeRole): string {
  return `${parent}${role === "master" ? "{" : "}"}${id}`;
}
