/**
 * Who may change a switch: everybody, or only the module that created it.
 *
 * @module
 */

import { EACCES, NetmapError } from "@netmap/core";
import type { Switch } from "../switch.ts";

/**
 * @param bridge the switch; null when there is none, and so nobody's
 * @param token what the asker has; requests have none
 * @param what what is asked for, for the error
 * @throws {NetmapError} EACCES when a module has the switch for itself
 */
export function needToken(bridge: Switch | null, token: symbol | null, what: string): void {
  if (bridge === null || bridge.token === null || bridge.token === token) return;
  throw new NetmapError(
    EACCES,
    `Cannot ${what} as switch '${bridge.name}:' belongs to the module that created it: ` +
      "ask that module, or use another switch",
  );
}
