/**
 * What a device has, found out by asking it. For runs by hand; a test says what it expects, so that
 * something that is lost by mistake is a failure and not a skip.
 *
 * @module
 */

import { NR_EXCLUSIVE, NR_MONITOR_RX, NR_REG_NULL, NR_REG_SW } from "../abi/constants.ts";
import { optCsb, optExtmem, optOffsets } from "../abi/request_options.ts";
import { type NetmapDevice, POLLIN } from "../device.ts";
import { EBADF } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { PollSet } from "../sys/poll_set.ts";
import type { Capability, ConformanceTarget, RawIoctl } from "./case.ts";
import { Context } from "./context.ts";
import { isKernelDevice, kernelIoctl } from "./raw_request.ts";

/** POLLNVAL of `poll(2)`: there is no such descriptor. */
const POLLNVAL = 0x20;

/** What is known of a device beforehand. */
export interface ProbeOptions {
  /** The device. */
  readonly device: NetmapDevice;
  /** An interface that may be tried. */
  readonly interface?: string;
  /** How ioctls by pointer are made; a kernel's device needs none. */
  readonly rawIoctl?: RawIoctl;
  /** Whether netmap itself answers: true where silent for a kernel's device. */
  readonly isReference?: boolean;
}

type Try = (context: Context) => void;

const TRIES: Readonly<Partial<Record<Capability, Try>>> = {
  "null-ports": (context) => {
    context.register(context.plain(), { mode: NR_REG_NULL, memId: 1 });
  },
  "pipes": (context) => void context.pipe(),
  "vale": (context) => void context.port(),
  "persistent-ports": (context) => void context.newif(context.plain()),
  "monitors": (context) => {
    context.port();
    context.register(context.vale(), { flags: NR_MONITOR_RX });
  },
  "offsets": (context) => {
    context.register(context.vale(), {}, [optOffsets({ maxOffset: 64, offsetBits: 8 })]);
  },
  "external-memory": (context) => {
    const { address, size } = context.memory(1 << 24);
    const pools = { ifPoolObjtotal: 2, ringPoolObjtotal: 16, ringPoolObjsize: 1024 };
    const shape = { txSlots: 16, rxSlots: 16 };
    context.register(context.vale(), shape, [optExtmem(address, { ...pools, memsize: size })]);
  },
  "csb": (context) => {
    const { address } = context.memory(4096);
    const option = optCsb(address, address + 1024);
    context.register(context.vale(), { flags: NR_EXCLUSIVE }, [option]);
  },
  "interface": (context) => void context.register(context.interface),
  "host-rings": (context) => void context.register(context.interface, { mode: NR_REG_SW }),
  "real-fd": (context) => {
    const set = new PollSet();
    set.add(context.open().fd, POLLIN);
    set.wait(0);
    if ((set.revents(0) & POLLNVAL) !== 0) throw new NetmapError(EBADF, "There is none");
  },
};

/**
 * Finds out what a device has.
 *
 * @param options the device, and what may be tried
 * @returns a target for `runCases`
 *
 * @example
 * ```ts
 * import { probe } from "@netmap/core/conformance";
 * import type { NetmapDevice } from "@netmap/core";
 * function list(device: NetmapDevice): string {
 *   return [...probe({ device }).capabilities].join(", ");
 * }
 * ```
 */
export function probe(options: ProbeOptions): ConformanceTarget {
  const { device } = options;
  const rawIoctl = options.rawIoctl ?? (isKernelDevice(device) ? kernelIoctl(device) : undefined);
  const capabilities = new Set<Capability>();
  const target: ConformanceTarget = {
    device,
    capabilities,
    ...(options.interface === undefined ? {} : { interface: options.interface }),
    ...(rawIoctl === undefined ? {} : { rawIoctl }),
    ...(options.isReference === undefined ? {} : { isReference: options.isReference }),
  };
  for (const [capability, attempt] of Object.entries(TRIES) as [Capability, Try][]) {
    const needsInterface = capability === "interface" || capability === "host-rings";
    if (needsInterface && options.interface === undefined) continue;
    if (succeeds(target, attempt)) capabilities.add(capability);
  }
  if (rawIoctl !== undefined) capabilities.add("raw-ioctl");
  if (navigator.hardwareConcurrency > 1) capabilities.add("polling");
  return target;
}

function succeeds(target: ConformanceTarget, attempt: Try): boolean {
  const context = new Context(target);
  try {
    attempt(context);
    return true;
  } catch (error) {
    if (error instanceof NetmapError) return false;
    throw error;
  } finally {
    context.end();
  }
}
