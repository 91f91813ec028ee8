/**
 * Requests as a C program has them: structures of its own that point at each other.
 *
 * @module
 */

import { NETMAP_API, NR_REG_ALL_NIC } from "../abi/constants.ts";
import { NMREQ_REGISTER } from "../abi/nmreq_bodies.ts";
import { NMREQ_HEADER, type NmreqHeader } from "../abi/nmreq_header.ts";
import { NMREQ_OPTION, type NmreqOption } from "../abi/nmreq_options.ts";
import { structAssign, structView } from "../abi/struct_view.ts";
import type { Descriptor } from "../device.ts";
import { KernelDevice } from "../kernel/kernel_device.ts";
import { NETMAP_IOCTLS } from "../abi/ioctl.ts";
import { runtime } from "../runtime/pick.ts";
import type { RawIoctl } from "./case.ts";

/** Where bytes are; they must be kept. */
export function pointer(bytes: Uint8Array): number {
  return runtime().addressOf(bytes);
}

/** An option that points at the next. */
export function rawOption(
  fields: Partial<NmreqOption>,
  next: Uint8Array | null = null,
  bytes: number = NMREQ_OPTION.size,
): Uint8Array {
  const made = new Uint8Array(bytes);
  structAssign(NMREQ_OPTION, structView(NMREQ_OPTION, made), fields);
  if (next !== null) structView(NMREQ_OPTION, made).next = pointer(next);
  return made;
}

/** The header of an option. */
export function rawOptionOf(option: Uint8Array): NmreqOption {
  return structView(NMREQ_OPTION, option);
}

/** A header that points at a body and at the first of a list of options. */
export function rawHeader(
  reqtype: number,
  name: string,
  body: Uint8Array | null,
  first: Uint8Array | null = null,
): Uint8Array {
  const made = new Uint8Array(NMREQ_HEADER.size);
  structAssign(NMREQ_HEADER, structView(NMREQ_HEADER, made), {
    version: NETMAP_API,
    reqtype,
    name,
    body: body === null ? 0 : pointer(body),
    options: first === null ? 0 : pointer(first),
  });
  return made;
}

/** A header's fields. */
export function rawHeaderOf(header: Uint8Array): NmreqHeader {
  return structView(NMREQ_HEADER, header);
}

/** A body for REGISTER. */
export function rawRegister(): Uint8Array {
  const body = new Uint8Array(NMREQ_REGISTER.size);
  structView(NMREQ_REGISTER, body).mode = NR_REG_ALL_NIC;
  return body;
}

/**
 * Ioctls by pointer of a kernel's device.
 *
 * @param device the device whose descriptors they are made on
 */
export function kernelIoctl(device: KernelDevice): RawIoctl {
  const { calls } = device;
  return (descriptor: Descriptor, command, argument) => {
    const result = calls.ioctl(descriptor.fd, NETMAP_IOCTLS[calls.os][command], argument);
    return result < 0 ? -result : 0;
  };
}

/** Whether a device is a kernel's, which takes ioctls by pointer by itself. */
export function isKernelDevice(device: unknown): device is KernelDevice {
  return device instanceof KernelDevice;
}
