/**
 * Opening a pipe's end on any device: the kernel's, the embedded engine or a daemon's.
 *
 * @module
 */

import { type NetmapDevice, openPort, type Port, type PortOverrides } from "@netmap/core";
import { pipeName, type PipeRole } from "./name.ts";

/**
 * Opens an end of a pipe. The first end that is opened says how many rings and slots there are, in
 * either case as the master has them; the slave has them the other way round.
 *
 * @param device where
 * @param parent the port whose memory the pipe uses, `vale0:a`, `eth0`, with or without `netmap:`;
 *   a plain name that does not exist becomes a port that ends with its pipes
 * @param id what both ends have in common: a number, or letters, digits and `_`
 * @param role which end: `master` (`{`) or `slave` (`}`)
 * @param options rings (at most 256), slots (at most 4096), memory region, extra buffers, ...
 * @returns the end; close it, or hold it with `using`
 * @throws {NetmapError} EINVAL for a name or a mode that pipes do not have, ENXIO for a parent that
 *   does not exist and cannot be made, EBUSY for a parent that is attached to a switch or rings
 *   that are held exclusively, ENOMEM for a pool that is used up
 *
 * @example
 * ```ts
 * import type { NetmapDevice } from "@netmap/core";
 * import { openPipe } from "@netmap/pipes";
 * function connect(device: NetmapDevice): number {
 *   using left = openPipe(device, "vale0:a", 1, "master", { slots: 256 });
 *   using right = openPipe(device, "vale0:a", 1, "slave");
 *   left.send([new Uint8Array(60)]);
 *   return right.receive().length; // 1
 * }
 * ```
 */
export function openPipe(
  device: NetmapDevice,
  parent: string,
  id: string | number,
  role: PipeRole,
  options: PortOverrides = {},
): Port {
  return openPort(device, { ...options, name: pipeName(parent, id, role) });
}
