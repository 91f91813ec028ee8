/**
 * The kind of port that a switch has: its place among the engine's port kinds.
 *
 * @module
 */

import { KIND, type PortKind } from "@netmap/engine";
import { forward } from "./forward.ts";
import { takeBack } from "./take_back.ts";

/** Data path of the ports of a switch. A Worker passes it to `DataPath.attach`. */
export const valeKind: PortKind = {
  id: KIND.vale,
  name: "vale",
  txsync: forward,
  rxsync: takeBack,
  offsets: true,
};
