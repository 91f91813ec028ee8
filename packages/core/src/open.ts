/**
 * Opening a port on a device: name, request, rings in one call.
 *
 * @module
 */

import { portInfoRequest } from "./abi/request.ts";
import type { Descriptor, NetmapDevice } from "./device.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { mapFile } from "./extmem.ts";
import { parsePortName } from "./port_name.ts";
import {
  overrideSpec,
  type PortOptions,
  type PortOverrides,
  type PortSpec,
  portSpec,
} from "./port_spec.ts";
import { Port } from "./port.ts";
import { registerFromSpec } from "./register_spec.ts";

/**
 * Opens a port.
 *
 * @param device where
 * @param port a port name (`netmap:eth0-2/T@conf:rings=4`, `vale0:a`), or the same as an object
 * @param overrides put over what the name says
 * @returns the port; close it, or hold it with `using`
 * @throws {NetmapError} EINVAL with the column for a name that cannot be parsed; otherwise what the
 * device answers: ENXIO for no such port, EBUSY for rings that are taken, ENOMEM for a pool that is
 * used up
 *
 * @example
 * ```ts
 * import { type NetmapDevice, openPort } from "@netmap/core";
 * function sendOne(device: NetmapDevice, frame: Uint8Array): boolean {
 *   using port = openPort(device, "vale0:a", { txSlots: 512 });
 *   return port.send([frame]) === 1;
 * }
 * function sameByOptions(device: NetmapDevice, frame: Uint8Array): boolean {
 *   using port = openPort(device, { name: "vale0:a", txSlots: 512 });
 *   return port.send([frame]) === 1;
 * }
 * ```
 */
export function openPort(
  device: NetmapDevice,
  port: string | PortOptions,
  overrides: PortOverrides = {},
): Port {
  const named = typeof port === "string" ? parsePortName(port) : portSpec(port);
  const spec = overrideSpec(named, overrides);
  const descriptor = device.open();
  let mapped: ReturnType<typeof mapFile> | undefined;
  try {
    const memId = sharedMemId(descriptor, spec);
    mapped = spec.extmem === null ? undefined : mapFile(spec.extmem.file);
    const { request, body } = registerFromSpec(spec, { memId }, mapped);
    descriptor.control(request);
    return new Port(descriptor, body, { device, spec, onClose: () => mapped?.close() });
  } catch (error) {
    descriptor.close();
    mapped?.close();
    throw error;
  }
}

/** The region to ask for: that of the port named by `share`, which must not be at odds with `memId`. */
function sharedMemId(descriptor: Descriptor, spec: PortSpec): number {
  if (spec.share === null) return spec.memId;
  const { request, body } = portInfoRequest(spec.share);
  descriptor.control(request);
  if (spec.memId !== 0 && spec.memId !== body.memId) {
    throw new NetmapError(
      EINVAL,
      `Cannot open '${spec.name}' in region ${spec.memId} and share that of '${spec.share}', ` +
        `which is ${body.memId}: leave one of them out`,
      { port: spec.name },
    );
  }
  return body.memId;
}
