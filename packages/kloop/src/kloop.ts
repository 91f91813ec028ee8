/**
 * CSB mode and the sync loop as a feature of the embedded engine.
 *
 * @module
 */

import type { Feature } from "@netmap/engine";
import { csbAtRegister, csbEnableEntry } from "./enable.ts";
import { startEntry, stopEntry } from "./start.ts";

/**
 * Requests CSB_ENABLE, SYNC_KLOOP_START and SYNC_KLOOP_STOP, and the option CSB of REGISTER, for ports
 * of every kind.
 *
 * @returns a feature for one engine
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { kloop } from "@netmap/kloop";
 * using engine = createEngine({ features: [kloop()] });
 * console.log(engine.device.name); // embedded
 * ```
 */
export function kloop(): Feature {
  return {
    name: "kloop",
    order: 80,
    requests: [csbEnableEntry, startEntry, stopEntry],
    registered: csbAtRegister,
  };
}
