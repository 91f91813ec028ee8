/**
 * The embedded engine with every feature, made at its first use and shared by the program.
 *
 * @module
 */

import { registerDevice } from "@netmap/core";
import { createEngine, type Engine, type EngineOptions } from "@netmap/engine";
import { monitor } from "@netmap/monitor";
import { nic } from "@netmap/nic";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";

let shared: Engine | null = null;

/**
 * An engine of its own with every feature: VALE, pipes, monitors, interfaces.
 *
 * @param options pool sizes and the like; more features are added to the usual ones
 * @throws {NetmapError} ENOSYS where the system has no memfd (see the table in the README)
 */
export function embeddedEngine(options: EngineOptions = {}): Engine {
  return createEngine({
    ...options,
    features: [monitor(), pipes(), vale(), nic(), ...(options.features ?? [])],
  });
}

/** The engine that `open()` uses in this program when the embedded device is picked. */
export function sharedEngine(): Engine {
  shared ??= embeddedEngine();
  return shared;
}

registerDevice({ scheme: "embedded", order: 30, open: () => sharedEngine().device });
