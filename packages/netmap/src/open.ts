/**
 * Opening a port in one call.
 *
 * @module
 */

import {
  type NetmapDevice,
  openPort,
  pickDevice,
  type Port,
  type PortOptions,
  type PortOverrides,
} from "@netmap/core";

let picked: NetmapDevice | null = null;

/** The device of this program, picked once: by `NETMAP`, or the first that answers. */
export function device(): NetmapDevice {
  picked ??= pickDevice();
  return picked;
}

/**
 * Opens a port on this program's device.
 *
 * @param port a port name (`vale0:a`, `netmap:eth0-2/T@conf:rings=4`), or the same as an object
 * @param overrides put over what the name says
 * @returns the port; close it, or hold it with `using`
 * @throws {NetmapError} with netmap's errno: EINVAL for a name that cannot be parsed, ENXIO for no
 * such port, EBUSY for rings that are taken, ENOMEM for a pool that is used up
 *
 * @example
 * ```ts
 * import { open } from "@netmap/netmap";
 * using a = open("vale0:a"), b = open("vale0:b");
 * a.send([new Uint8Array(60).fill(0xff)]);
 * for (const frame of b.receive()) console.log(frame.length); // 60
 * ```
 */
export function open(port: string | PortOptions, overrides?: PortOverrides): Port {
  return openPort(device(), port, overrides);
}
