/**
 * What a nic port is, for those who show ports to a person.
 *
 * @module
 */

import type { Engine } from "@netmap/engine";
import type { InterfaceInfo } from "./interfaces.ts";
import { NicAdapter } from "./nic_adapter.ts";

/** A port on an interface. */
export interface NicPortInfo {
  /** Its name in the engine; the interface may be called differently by now. */
  readonly port: string;
  /** The interface as it was when something changed last. */
  readonly interface: InterfaceInfo;
  /** How it is reached: `af_packet`. */
  readonly description: string;
}

/**
 * The ports of an engine that are interfaces.
 *
 * @param engine made with `nic()`
 * @returns those that are open or attached, in the order in which they were opened
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { nic, nicPorts } from "@netmap/nic";
 * using engine = createEngine({ features: [nic()] });
 * for (const { port, description } of nicPorts(engine)) console.log(port, description);
 * ```
 */
export function nicPorts(engine: Engine): NicPortInfo[] {
  const list: NicPortInfo[] = [];
  for (const [port, adapter] of engine.ports) {
    if (!(adapter instanceof NicAdapter)) continue;
    list.push({ port, interface: adapter.interface, description: adapter.description });
  }
  return list;
}
