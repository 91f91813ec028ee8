/**
 * Finding a port's rings in its memory: the table behind its `netmap_if`.
 *
 * ```
 *   netmap_if  | NIC tx | host tx | NIC rx | host rx |     an entry is the distance to a ring,
 *                                                          0 where this descriptor has none
 * ```
 *
 * Which rings a descriptor was given follows from its mode and flags; the zeros say the same, so
 * nothing here depends on the mode.
 *
 * @module
 */

import {
  IF_HOST_RX_RINGS,
  IF_HOST_TX_RINGS,
  IF_RING_OFS,
  IF_RING_OFS_WORDS,
  IF_RX_RINGS,
  IF_TX_RINGS,
} from "./abi/netmap_if.ts";
import type { Memory } from "./device.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { Ring } from "./ring.ts";

/** The rings that a descriptor was given, each list in the order of ring numbers. */
export interface PortRings {
  /** Transmit rings of the NIC, switch port or pipe. */
  readonly tx: readonly Ring[];
  /** Transmit rings towards the host stack. */
  readonly hostTx: readonly Ring[];
  /** Receive rings of the NIC, switch port or pipe. */
  readonly rx: readonly Ring[];
  /** Receive rings from the host stack. */
  readonly hostRx: readonly Ring[];
}

/**
 * Makes the rings of a registered port.
 *
 * @param memory the region
 * @param nifp bytes from its start to the port's `netmap_if`, as the registration returned them
 * @param portName for errors
 * @returns the rings in four lists
 * @throws {NetmapError} EINVAL when the table or a ring is not inside the region
 */
export function findRings(memory: Memory, nifp: number, portName: string): PortRings {
  const { i32 } = memory;
  const base = nifp / 4;
  const bad = (why: string): never => {
    throw new NetmapError(
      EINVAL,
      `Cannot find the rings of '${portName}' at byte ${nifp} of its memory as ${why}`,
      { port: portName },
    );
  };
  if (!Number.isInteger(base) || base < 0 || base + IF_RING_OFS > i32.length) {
    bad(`the region has ${i32.length * 4} bytes`);
  }
  let entry = base + IF_RING_OFS;
  const list = (field: number): Ring[] => {
    const count = i32[base + field] >>> 0;
    if (entry + count * IF_RING_OFS_WORDS > i32.length) bad(`${count} rings do not fit there`);
    const rings: Ring[] = [];
    for (let k = 0; k < count; k++, entry += IF_RING_OFS_WORDS) {
      const distance = i32[entry + 1] * 2 ** 32 + (i32[entry] >>> 0);
      if (distance !== 0) rings.push(new Ring(memory, nifp + distance, portName));
    }
    return rings;
  };
  const tx = list(IF_TX_RINGS);
  const hostTx = list(IF_HOST_TX_RINGS);
  const rx = list(IF_RX_RINGS);
  const hostRx = list(IF_HOST_RX_RINGS);
  return { tx, hostTx, rx, hostRx };
}
