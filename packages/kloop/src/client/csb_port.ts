/**
 * A port in CSB mode as an application sees it: core's `Port` over a {@linkcode CsbDescriptor}.
 *
 * @module
 */

import {
  EOPNOTSUPP,
  IF_HOST_RX_RINGS,
  IF_HOST_TX_RINGS,
  IF_RX_RINGS,
  IF_TX_RINGS,
  type Memory,
  type NetmapDevice,
  NetmapError,
  type NmreqRegister,
  Port,
  type PortOrigin,
  portSpec,
} from "@netmap/core";
import { CsbDescriptor, type CsbSetup } from "./csb_descriptor.ts";

/** What a CSB port may be told beside what its descriptor needs. */
export interface CsbPortSetup extends CsbSetup {
  /** The registration's reply, as far as it is known. */
  readonly reply?: Partial<NmreqRegister>;
  /** The device that the port was registered on. */
  readonly device?: NetmapDevice;
}

/**
 * A port whose rings are exchanged through CSB entries. Made by {@linkcode csbPort}.
 *
 * @example
 * ```ts
 * import type { CsbPort } from "@netmap/kloop/client";
 * function echo(port: CsbPort): number {
 *   return port.send(port.receive()); // as with any port
 * }
 * ```
 */
export class CsbPort extends Port {
  /** Its descriptor, with the counters of kicks and sleeps. */
  readonly csb: CsbDescriptor;

  /** Wraps a descriptor, which is closed with the port. */
  constructor(csb: CsbDescriptor, reply: NmreqRegister, origin: PortOrigin) {
    super(csb, reply, origin);
    this.csb = csb;
  }
}

/**
 * Opens the application's end of a port that was registered in CSB mode, by this program or another.
 *
 * @param setup memory, entries and eventfds; they stay the caller's
 * @returns the port, standing where its entries stand
 * @throws {NetmapError} EINVAL when they do not go together, EBADF for an eventfd that is none
 *
 * @example
 * ```ts
 * import { mapMemory } from "@netmap/core";
 * import { type CsbPort, csbPort, mapCsb } from "@netmap/kloop/client";
 * // What another process sent over a socket: two memfds and two eventfds.
 * function join(fds: readonly number[], memsize: number, nifp: number): CsbPort {
 *   const [region, csb, ioeventfd, irqfd] = fds;
 *   return csbPort({
 *     memory: mapMemory(region, memsize),
 *     nifp,
 *     entries: mapCsb(csb, 2),
 *     eventfds: [{ ioeventfd, irqfd }, { ioeventfd, irqfd }],
 *   });
 * }
 * ```
 */
export function csbPort(setup: CsbPortSetup): CsbPort {
  const { memory, nifp, name = "csb" } = setup;
  const descriptor = new CsbDescriptor(setup);
  try {
    const reply = { ...shapeOf(memory, nifp), ...setup.reply, offset: nifp };
    const spec = portSpec({ name });
    return new CsbPort(descriptor, reply, { device: setup.device ?? nowhere(), spec });
  } catch (error) {
    descriptor.close();
    throw error;
  }
}

/** The registration's reply as far as memory tells it. */
function shapeOf({ i32, size }: Memory, nifp: number): NmreqRegister {
  const at = nifp >> 2;
  return {
    offset: nifp,
    memsize: size,
    txSlots: 0,
    rxSlots: 0,
    txRings: i32[at + IF_TX_RINGS],
    rxRings: i32[at + IF_RX_RINGS],
    hostTxRings: i32[at + IF_HOST_TX_RINGS],
    hostRxRings: i32[at + IF_HOST_RX_RINGS],
    memId: 0,
    ringid: 0,
    mode: 0,
    extraBufs: 0,
    flags: 0,
  };
}

/** Where ports come from whose device is in another process. */
function nowhere(): NetmapDevice {
  return {
    kind: "remote",
    name: "csb",
    open() {
      throw new NetmapError(
        EOPNOTSUPP,
        "Cannot open another descriptor through CSB memory: ask whoever gave it",
      );
    },
  };
}
