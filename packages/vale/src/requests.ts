/**
 * What `vale-ctl` does, as functions. They only build control requests, so that they work on any
 * device: the kernel's netmap, the embedded one, a daemon's.
 *
 * @module
 */

import {
  type Descriptor,
  ENOENT,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  type NetmapDevice,
  NetmapError,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  portHdrGet as portHdrGetRequest,
  portHdrSet as portHdrSetRequest,
  requestHeader,
  type TypedRequest,
  valeAttachRequest,
  valeDelifRequest,
  valeDetachRequest,
  valeListRequest,
  valeNewifRequest,
  valePollingDisable,
  valePollingEnable,
} from "@netmap/core";

/** How {@link attach} binds an interface. */
export interface AttachOptions {
  /** Attaches its host rings too, as a port of their own: the host's stack talks to the switch. */
  readonly hostRings?: boolean;
  /** The memory region that the interface is to use; 0 leaves the choice. */
  readonly memId?: number;
}

/** What {@link newif} makes; 0 or nothing leaves the choice: 1 ring, 1024 slots. */
export interface NewifOptions {
  /** Transmit rings, at most 16. */
  readonly txRings?: number;
  /** Receive rings, at most 16. */
  readonly rxRings?: number;
  /** Slots of a transmit ring, at most 4096. */
  readonly txSlots?: number;
  /** Slots of a receive ring, at most 4096. */
  readonly rxSlots?: number;
  /** The memory region. */
  readonly memId?: number;
}

/** What {@link newif} has made. */
export type NewifReply = Required<NewifOptions>;

/** A port of a switch. */
export interface ListedPort {
  /** `vale0:a`. */
  readonly name: string;
  /** The switch's number. */
  readonly switchIndex: number;
  /** The port's number in the switch. */
  readonly portIndex: number;
}

/** How {@link pollingEnable} polls. */
export interface PollingOptions {
  /** NETMAP_POLLING_MODE_*; one processor for all rings when silent. */
  readonly mode?: number;
  /** First processor, and first ring in the mode of several; 0 when silent. */
  readonly firstCpu?: number;
  /** How many processors; 1 when silent. */
  readonly cpus?: number;
}

function ask<B>(device: NetmapDevice, { request, body }: TypedRequest<B>): B {
  const descriptor = device.open();
  try {
    descriptor.control(request);
    return body;
  } finally {
    descriptor.close();
  }
}

/**
 * Attaches an interface or a persistent port to a switch, which is made if need be
 * (`vale-ctl -a`, with host rings `vale-ctl -h`).
 *
 * @param device where
 * @param name switch and interface: `vale0:eth0`
 * @param options host rings, memory
 * @returns the port's number in the switch
 * @throws {NetmapError} EBUSY when it is attached or open, EINVAL when there is no such interface,
 *   ENOMEM without a place for the switch or the port, EACCES when a module has the switch for itself
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { attach, detach, newif, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * newif(engine.device, "v0");
 * console.log(attach(engine.device, "vale0:v0")); // 0
 * detach(engine.device, "vale0:v0");
 * ```
 */
export function attach(device: NetmapDevice, name: string, options: AttachOptions = {}): number {
  const { hostRings = false, memId = 0 } = options;
  const mode = hostRings ? NR_REG_NIC_SW : NR_REG_ALL_NIC;
  return ask(device, valeAttachRequest(name, { mode, memId })).portIndex;
}

/**
 * Takes an interface or a persistent port off its switch, host rings included (`vale-ctl -d`).
 *
 * @param device where
 * @param name switch and interface: `vale0:eth0`
 * @returns the number that the port had in the switch
 * @throws {NetmapError} ENXIO when there is no such port, EBUSY while it is polled, EINVAL for a name
 *   that is no switch's, EACCES when a module has the switch for itself
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { attach, detach, newif, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * newif(engine.device, "v0");
 * attach(engine.device, "vale0:v0");
 * console.log(detach(engine.device, "vale0:v0")); // 0
 * ```
 */
export function detach(device: NetmapDevice, name: string): number {
  return ask(device, valeDetachRequest(name)).portIndex;
}

/**
 * All ports of all switches (`vale-ctl -l`).
 *
 * @param device where
 * @returns them in the order of switches, then ports
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { listPorts, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * console.log(listPorts(engine.device)); // [ { name: "vale0:a", switchIndex: 0, portIndex: 0 } ]
 * ```
 */
export function listPorts(device: NetmapDevice): ListedPort[] {
  const descriptor = device.open();
  try {
    const found: ListedPort[] = [];
    let from = { bridgeIdx: 0, portIdx: 0 };
    for (;;) {
      const port = nextPort(descriptor, from);
      if (port === null) return found;
      found.push(port);
      from = { bridgeIdx: port.switchIndex, portIdx: port.portIndex + 1 };
    }
  } finally {
    descriptor.close();
  }
}

function nextPort(
  descriptor: Descriptor,
  from: { bridgeIdx: number; portIdx: number },
): ListedPort | null {
  const { request, body } = valeListRequest("", from);
  try {
    descriptor.control(request);
  } catch (error) {
    if (error instanceof NetmapError && error.errno === ENOENT) return null;
    throw error;
  }
  const { name } = requestHeader(request);
  return { name, switchIndex: body.bridgeIdx, portIndex: body.portIdx };
}

/**
 * Where a port is.
 *
 * @param device where
 * @param name switch and port: `vale0:a`
 * @returns its numbers; null when its switch exists but has no such port
 * @throws {NetmapError} ENOENT when there is no such switch, EINVAL for a name that is no switch's
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { findPort, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * console.log(findPort(engine.device, "vale0:a")?.portIndex); // 0
 * ```
 */
export function findPort(device: NetmapDevice, name: string): ListedPort | null {
  const body = ask(device, valeListRequest(name));
  // netmap answers with the number of no port.
  if (body.portIdx >= 254) return null;
  return { name, switchIndex: body.bridgeIdx, portIndex: body.portIdx };
}

/**
 * Makes a persistent port (`vale-ctl -n`): it has a name of its own, as an interface has, and can
 * be attached to a switch.
 *
 * @param device where
 * @param name its own name, at most 15 characters, not beginning with `vale`
 * @param options rings, slots, memory
 * @returns what it has got
 * @throws {NetmapError} EINVAL for the name or the region, EEXIST when there is one of that name
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { newif, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * console.log(newif(engine.device, "v0", { txRings: 2 }).txRings); // 2
 * ```
 */
export function newif(
  device: NetmapDevice,
  name: string,
  options: NewifOptions = {},
): NewifReply {
  const { txRings, rxRings, txSlots, rxSlots, memId } = ask(
    device,
    valeNewifRequest(name, options),
  );
  return { txRings, rxRings, txSlots, rxSlots, memId };
}

/**
 * Ends a persistent port (`vale-ctl -r`).
 *
 * @param device where
 * @param name its own name
 * @throws {NetmapError} ENXIO when there is none, EBUSY while it is open or attached, EINVAL when it
 *   was not made by {@link newif}
 *
 * @example
 * ```ts
 * import { createEngine } from "@netmap/engine";
 * import { delif, newif, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * newif(engine.device, "v0");
 * delif(engine.device, "v0");
 * ```
 */
export function delif(device: NetmapDevice, name: string): void {
  ask(device, valeDelifRequest(name));
}

/**
 * Says how many bytes of virtio-net header stand before each frame of a port of a switch.
 *
 * @param device where
 * @param name switch and port: `vale0:a`
 * @param bytes 0, 10 or 12
 * @throws {NetmapError} EINVAL for another length, ENXIO when there is no such port
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { portHdrGet, portHdrSet, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * portHdrSet(engine.device, "vale0:a", 12);
 * console.log(portHdrGet(engine.device, "vale0:a")); // 12
 * ```
 */
export function portHdrSet(device: NetmapDevice, name: string, bytes: number): void {
  ask(device, portHdrSetRequest(name, bytes));
}

/**
 * How many bytes of virtio-net header stand before each frame of a port.
 *
 * @param device where
 * @param name any port
 * @returns 0, 10 or 12
 * @throws {NetmapError} ENXIO when there is no such port
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { portHdrGet, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * console.log(portHdrGet(engine.device, "vale0:a")); // 0
 * ```
 */
export function portHdrGet(device: NetmapDevice, name: string): number {
  return ask(device, portHdrGetRequest(name)).hdrLen;
}

/**
 * Has an attached interface polled (`vale-ctl -p`): nobody waits for it to announce packets.
 *
 * @param device where
 * @param name switch and interface: `vale0:eth0`
 * @param options mode and processors
 * @throws {NetmapError} EOPNOTSUPP for a port that is no interface, EINVAL for processors or rings
 *   that are not there, EFAULT when it is polled already, ENXIO when there is no such port
 *
 * @example
 * ```ts ignore
 * pollingEnable(device, "vale0:eth0");
 * ```
 */
export function pollingEnable(
  device: NetmapDevice,
  name: string,
  options: PollingOptions = {},
): void {
  const { mode = NETMAP_POLLING_MODE_SINGLE_CPU, firstCpu = 0, cpus = 1 } = options;
  ask(device, valePollingEnable(name, { mode, firstCpuId: firstCpu, numPollingCpus: cpus }));
}

/**
 * Ends the polling of an attached interface.
 *
 * @param device where
 * @param name switch and interface: `vale0:eth0`
 * @throws {NetmapError} EFAULT when it is not polled, EOPNOTSUPP, ENXIO
 *
 * @example
 * ```ts ignore
 * pollingDisable(device, "vale0:eth0");
 * ```
 */
export function pollingDisable(device: NetmapDevice, name: string): void {
  ask(device, valePollingDisable(name));
}
