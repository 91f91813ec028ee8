/**
 * What every engine can do: the requests that are about any port, and null ports.
 *
 * @module
 */

import type { Feature } from "../feature.ts";
import { findNullPort, nullKind } from "../null_port.ts";
import { poolsInfoGetEntry } from "./pools_info_get.ts";
import { portInfoGetEntry } from "./port_info_get.ts";
import { registerEntry } from "./register.ts";
import { csbEnableEntry, syncKloopStartEntry, syncKloopStopEntry } from "./sync_kloop.ts";

/** The feature that the engine adds by itself. */
export function coreFeature(): Feature {
  return {
    name: "engine",
    order: 10,
    kinds: [nullKind],
    requests: [
      registerEntry,
      portInfoGetEntry,
      poolsInfoGetEntry,
      syncKloopStartEntry,
      syncKloopStopEntry,
      csbEnableEntry,
    ],
    find: findNullPort,
  };
}
