/**
 * A module with a fixed table: an address goes to the port that the table says, and to no other.
 * Nothing is learned, nothing unknown is flooded.
 *
 * @module
 */

import type { LookupView, SwitchModule } from "../data_path/module.ts";
import { BROADCAST, NO_PORT } from "../layout.ts";
import { isGroup, parseAddress, read16, read32 } from "./frame.ts";

/**
 * Makes the module.
 *
 * @param table number of a port by address, `02:00:00:00:00:01`
 * @returns what `regops` takes
 * @throws {RangeError} for a key that is no address
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { findPort, regops, staticTable, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * const { portIndex } = findPort(engine.device, "vale0:a")!;
 * regops(engine, "vale0:", staticTable({ "02:00:00:00:00:01": portIndex }));
 * ```
 */
export function staticTable(table: Readonly<Record<string, number>>): SwitchModule {
  const entries = Object.entries(table);
  const size = 2 ** Math.ceil(Math.log2(Math.max(2, entries.length * 2)));
  // Open addressing, 3 words an entry: upper and lower part of the address, port + 1.
  const words = new Int32Array(size * 3);
  const find = (upper: number, lower: number): number => {
    let i = Math.imul(lower ^ upper, 0x9e3779b1) >>> 16 & (size - 1);
    while (words[i * 3 + 2] !== 0 && (words[i * 3] !== upper || words[i * 3 + 1] !== lower)) {
      i = i + 1 & (size - 1);
    }
    return i * 3;
  };
  for (const [address, port] of entries) {
    const [upper, lower] = parseAddress(address);
    words.set([upper, lower, port + 1], find(upper, lower));
  }
  return {
    lookup({ u8, at }: LookupView): number {
      if (isGroup(u8, at)) return BROADCAST;
      const port = words[find(read16(u8, at), read32(u8, at + 2)) + 2];
      return port === 0 ? NO_PORT : port - 1;
    },
  };
}
