/**
 * Monitors as a feature of the embedded engine.
 *
 * @module
 */

import type { Feature } from "@netmap/engine";
import { monitoredKind, monitorKind } from "./data_path.ts";
import { findMonitor } from "./find_monitor.ts";

/**
 * Monitors of any port: `vale0:a/r`, `netmap:eth0/zrt`.
 *
 * @returns a feature for one engine
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { monitor, monitors } from "@netmap/monitor";
 * using engine = createEngine({ features: [monitor()] });
 * console.log(monitors(engine)); // []
 * ```
 */
export function monitor(): Feature {
  return {
    name: "monitor",
    order: 20,
    monitors: true,
    kinds: [monitorKind, monitoredKind],
    find: findMonitor,
  };
}
