/**
 * A module that learns each VLAN by itself (IEEE 802.1Q, independent learning): an address may be
 * behind one port in VLAN 1 and behind another in VLAN 2, and what is known in one VLAN never
 * leads out of another.
 *
 * A module names one port or all of them. So what is unknown goes to all ports, those of other
 * VLANs too, with its tag, as on a trunk.
 *
 * @module
 */

import type { LookupView, SwitchModule } from "../data_path/module.ts";
import { BROADCAST, NO_PORT } from "../layout.ts";
import { ETHERNET_BYTES, isGroup, read16, read32, TYPE_VLAN } from "./frame.ts";

/** How {@link vlanLearning} is made. */
export interface VlanOptions {
  /** VLANs that a port may send in, by port; a port that is not named may send in all. */
  readonly members?: Readonly<Record<number, readonly number[]>>;
  /** VLAN of frames without a tag, by port; 1 for those that are not named. */
  readonly untagged?: Readonly<Record<number, number>>;
  /** Addresses that are known at once, rounded up to a power of 2; 4096 when silent. */
  readonly addresses?: number;
}

/**
 * Makes the module.
 *
 * @param options VLANs by port
 * @returns what `regops` takes
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { regops, vale, vlanLearning } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using trunk = openPort(engine.device, "vale0:trunk"); // port 0
 * using guest = openPort(engine.device, "vale0:guest"); // port 1
 * regops(engine, "vale0:", vlanLearning({ members: { 1: [20] }, untagged: { 1: 20 } }));
 * ```
 */
export function vlanLearning(options: VlanOptions = {}): SwitchModule {
  const { members = {}, untagged = {}, addresses = 4096 } = options;
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, addresses))) - 1;
  const allowed = new Map(Object.entries(members).map(([port, ids]) => [+port, new Set(ids)]));
  // 3 words an entry: VLAN and upper part of the address, lower part, port + 1. The last one wins.
  const table = new Int32Array((mask + 1) * 3);
  const place = (key: number, lower: number): number => {
    const h = Math.imul(lower ^ Math.imul(key, 0x85ebca6b), 0x9e3779b1);
    return ((h >>> 16 ^ h) & mask) * 3;
  };
  return {
    lookup({ u8, at, length, port }: LookupView): number {
      const tagged = length >= ETHERNET_BYTES + 4 && read16(u8, at + 12) === TYPE_VLAN;
      const vlan = (tagged && read16(u8, at + 14) & 0xfff) || (untagged[port] ?? 1);
      if (allowed.get(port)?.has(vlan) === false) return NO_PORT;
      if (!isGroup(u8, at + 6)) {
        const key = vlan << 16 | read16(u8, at + 6);
        const lower = read32(u8, at + 8);
        const e = place(key, lower);
        table[e] = key;
        table[e + 1] = lower;
        table[e + 2] = port + 1;
      }
      const key = vlan << 16 | read16(u8, at);
      const lower = read32(u8, at + 2);
      const e = place(key, lower);
      if (isGroup(u8, at) || table[e] !== key || table[e + 1] !== lower) return BROADCAST;
      return table[e + 2] === 0 ? BROADCAST : table[e + 2] - 1;
    },
    dtor(index: number): void {
      for (let e = 0; e < table.length; e += 3) if (table[e + 2] === index + 1) table[e + 2] = 0;
    },
  };
}
