/**
 * A module that spreads what comes from one port over several others, by a hash of the 5-tuple
 * (addresses, protocol, ports of IPv4): packets of a flow, both ways, go to the same port. What those send goes
 * back.
 *
 * It looks at a whole batch at once, for the sake of the example.
 *
 * @module
 */

import type { LookupBatch, SwitchModule } from "../data_path/module.ts";
import { ETHERNET_BYTES, read16, read32, TYPE_IPV4, TYPE_VLAN } from "./frame.ts";

const TCP = 6;
const UDP = 17;

/** A hash that is the same for both directions of a flow; 0 for what is not IPv4. */
function hashFlow(u8: Uint8Array, at: number, length: number): number {
  let ip = at + ETHERNET_BYTES;
  if (length >= ETHERNET_BYTES + 4 && read16(u8, at + 12) === TYPE_VLAN) ip += 4;
  if (ip - at + 20 > length || read16(u8, ip - 2) !== TYPE_IPV4) return 0;
  const protocol = u8[ip + 9];
  let h = Math.imul(read32(u8, ip + 12) ^ read32(u8, ip + 16), 0x9e3779b1) ^ protocol;
  const ports = ip + (u8[ip] & 15) * 4;
  // Only the first piece of a fragmented packet has ports: then none of its pieces uses them.
  const isWhole = (read16(u8, ip + 6) & 0x3fff) === 0;
  if (isWhole && (protocol === TCP || protocol === UDP) && ports - at + 4 <= length) {
    h ^= Math.imul(read16(u8, ports) ^ read16(u8, ports + 2), 0x27d4eb2f);
  }
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35);
  return (h ^ h >>> 16) >>> 0;
}

/**
 * Makes the module.
 *
 * @param input number of the port whose packets are spread
 * @param outputs numbers of the ports that get them
 * @returns what `regops` takes
 * @throws {RangeError} without outputs
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { hashBalancer, regops, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using input = openPort(engine.device, "vale0:in"); // port 0
 * using one = openPort(engine.device, "vale0:1");
 * using two = openPort(engine.device, "vale0:2");
 * regops(engine, "vale0:", hashBalancer(0, [1, 2]));
 * ```
 */
export function hashBalancer(input: number, outputs: readonly number[]): SwitchModule {
  if (outputs.length === 0) throw new RangeError("Cannot balance over no ports: name some");
  return {
    lookupBatch(batch: LookupBatch): void {
      const { u8, at, length, dst, count } = batch;
      for (let i = 0; i < count; i++) {
        dst[i] = batch.port === input
          ? outputs[hashFlow(u8, at[i], length[i]) % outputs.length]
          : input;
      }
    },
  };
}
