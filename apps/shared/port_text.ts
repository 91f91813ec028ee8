/**
 * Ports as the classic applications name them.
 *
 * @module
 */

import { isValeName, parsePortName, pipeOf } from "@netmap/core";
import { UsageError } from "./arguments.ts";

/**
 * The full name of a port: the classic takes `eth0` for `netmap:eth0`.
 *
 * @param text `eth0`, `netmap:eth0-2`, `vale0:a`, `eth0{1`
 * @throws {UsageError} with the place where it cannot be read
 */
export function portText(text: string): string {
  const name = text.startsWith("netmap:") || isValeName(text) ? text : `netmap:${text}`;
  try {
    parsePortName(name);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
  return name;
}

/**
 * Seconds to wait for a port's link when nobody says: interfaces negotiate it, ports that are memory
 * alone do not.
 *
 * @param name as {@linkcode portText} gives it
 */
export function linkWait(name: string): number {
  return isValeName(name) || pipeOf(parsePortName(name).name) !== null ? 0 : 2;
}
