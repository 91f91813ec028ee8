/**
 * The embedded engine with every feature, made at its first use and shared by the program.
 *
 * @module
 */

import { registerDevice } from "@netmap/core";
import { createEngine, type Engine, type EngineOptions } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { monitor } from "@netmap/monitor";
import { nic, type NicOptions } from "@netmap/nic";
import { pipes } from "@netmap/pipes";
import { vale, type ValeOptions } from "@netmap/vale";

/** What an engine with every feature is made with. */
export interface EmbeddedOptions extends EngineOptions {
  /** Options of interfaces: who is told when one goes down, ... */
  readonly nic?: NicOptions;
  /** Options of switches: how many, zero copy, ... */
  readonly vale?: ValeOptions;
}

let shared: Engine | null = null;

/**
 * An engine of its own with every feature: VALE, pipes, monitors, interfaces, the sync loop.
 *
 * @param options pool sizes and the like; more features are added to the usual ones
 * @throws {NetmapError} ENOSYS where the system has no memfd (see the table in the README)
 */
export function embeddedEngine(options: EmbeddedOptions = {}): Engine {
  return createEngine({
    ...options,
    features: [
      monitor(),
      pipes(),
      vale(options.vale),
      nic(options.nic),
      kloop(),
      ...(options.features ?? []),
    ],
  });
}

/** The engine that `open()` uses in this program when the embedded device is picked. */
export function sharedEngine(): Engine {
  shared ??= embeddedEngine();
  return shared;
}

registerDevice({ scheme: "embedded", order: 30, open: () => sharedEngine().device });
