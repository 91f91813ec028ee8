/**
 * netmap's ioctls as a program makes them, with pointers into its own memory: what `/dev/netmap`
 * does with a system call. Works over any descriptor.
 *
 * The header's body and options are gathered before anything is looked at, so that a list without
 * end, a type given twice and a pointer into nothing are errors of the caller alone
 * (`nmreq_copyin`); afterwards the answer goes back, the status of every option also when the
 * request failed (`nmreq_copyout`).
 *
 * @module
 */

import {
  type ControlRequest,
  type Descriptor,
  EFAULT,
  EINVAL,
  EOPNOTSUPP,
  NETMAP_IOCTLS,
  NETMAP_MAX_API,
  NETMAP_MIN_API,
  NETMAP_REQ_OPT_MAX,
  NetmapError,
  type NetmapIoctls,
  NM_IFREQ,
  NMREQ,
  NMREQ_HEADER,
  NMREQ_OPTION,
  requestBodySize,
  requestName,
  structView,
} from "@netmap/core";
import { OptionBudget } from "./option_budget.ts";
import type { UserMemory } from "./user_memory.ts";

/** An option where the caller keeps it, and our copy. */
interface GatheredOption {
  readonly address: number;
  bytes: Uint8Array;
  readonly next: number;
}

/**
 * Carries out one ioctl.
 *
 * @param descriptor whose ioctl it is
 * @param command `NIOCCTRL`, `NIOCREGIF`, ... as numbers of the caller's system
 * @param argument what the system copied in, written back in place; empty for the syncs
 * @param memory the caller's memory, for what is behind pointers
 * @param numbers of the ioctls; Linux's when left out
 * @throws {NetmapError} with the errno that the ioctl fails with
 */
export function ioctl(
  descriptor: Descriptor,
  command: number,
  argument: Uint8Array,
  memory: UserMemory,
  numbers: NetmapIoctls = NETMAP_IOCTLS.linux,
): void {
  switch (command) {
    case numbers.NIOCTXSYNC:
      return descriptor.txsync();
    case numbers.NIOCRXSYNC:
      return descriptor.rxsync();
    case numbers.NIOCCTRL:
      needArgument(argument, NMREQ_HEADER.size);
      return control(descriptor, argument, memory);
    case numbers.NIOCREGIF:
    case numbers.NIOCGINFO:
      needArgument(argument, NMREQ.size);
      return descriptor.legacy(
        command === numbers.NIOCREGIF ? "NIOCREGIF" : "NIOCGINFO",
        argument,
      );
    case numbers.NIOCCONFIG:
      needArgument(argument, NM_IFREQ.size);
      throw new NetmapError(
        EINVAL,
        `Cannot take a message for '${
          structView(NM_IFREQ, argument).name
        }' as no switch's module takes any by ioctl: hand it over with configSwitch()`,
      );
  }
  throw new NetmapError(
    EOPNOTSUPP,
    `Cannot carry out ioctl 0x${command.toString(16)} as netmap has none of that number`,
  );
}

/**
 * The same as a system call answers it.
 *
 * @returns 0, or the errno that the ioctl fails with
 */
export function ioctlErrno(
  descriptor: Descriptor,
  command: number,
  argument: Uint8Array,
  memory: UserMemory,
): number {
  try {
    ioctl(descriptor, command, argument, memory);
    return 0;
  } catch (error) {
    if (error instanceof NetmapError) return error.errno;
    throw error;
  }
}

function needArgument(argument: Uint8Array, bytes: number): void {
  if (argument.length >= bytes) return;
  throw new NetmapError(
    EFAULT,
    `Cannot take an argument of ${argument.length} bytes: give ${bytes}`,
  );
}

function control(descriptor: Descriptor, bytes: Uint8Array, memory: UserMemory): void {
  const header = structView(NMREQ_HEADER, bytes);
  checkHeader(header.version, header.reserved);
  const size = requestBodySize(header.reqtype);
  if ((size > 0) !== (header.body !== 0)) {
    throw new NetmapError(
      EINVAL,
      size > 0
        ? `Cannot take ${requestName(header.reqtype)} without a body: point nr_body at one`
        : `Cannot take ${requestName(header.reqtype)} with a body as it has none: set nr_body to 0`,
    );
  }
  const bodyAddress = header.body;
  const body = size > 0 ? memory.read(bodyAddress, size) : null;
  const options: GatheredOption[] = [];
  try {
    gatherOptions(header.options, size, memory, options);
  } catch (error) {
    writeOptions(options, memory, false);
    throw error;
  }
  const request: ControlRequest = {
    header: bytes,
    body,
    options: options.map((option) => option.bytes),
  };
  let done = false;
  try {
    descriptor.control(request);
    done = true;
    if (body) memory.write(bodyAddress, body);
  } finally {
    writeOptions(options, memory, done);
  }
}

function checkHeader(version: number, reserved: number): void {
  if (version >= NETMAP_MIN_API && version <= NETMAP_MAX_API && reserved === 0) return;
  throw new NetmapError(
    EINVAL,
    reserved !== 0
      ? `Cannot take a request with nr_reserved ${reserved}: it has to be 0`
      : `Cannot take a request of API ${version}: use ${NETMAP_MIN_API} to ${NETMAP_MAX_API}`,
  );
}

/** Follows the list of options; what was gathered before an error is in `into`. */
function gatherOptions(
  first: number,
  bodySize: number,
  memory: UserMemory,
  into: GatheredOption[],
): void {
  const budget = new OptionBudget(bodySize);
  const seen = new Map<number, Uint8Array>();
  for (let address = first; address !== 0;) {
    try {
      budget.takeHeader();
    } catch (error) {
      // Headers alone are too much: the list may have no end, and nothing is written to it.
      into.length = 0;
      throw error;
    }
    const head = memory.read(address, NMREQ_OPTION.size);
    const option = structView(NMREQ_OPTION, head);
    const { reqtype, next } = option;
    option.status = 0;
    const gathered = { address, bytes: head, next };
    into.push(gathered);
    address = next;
    if (reqtype < 1) {
      option.status = EINVAL;
      throw new NetmapError(EINVAL, "Cannot take an option of type 0: use a NETMAP_REQ_OPT_*");
    }
    if (reqtype >= NETMAP_REQ_OPT_MAX) continue;
    const twin = seen.get(reqtype);
    if (twin) {
      option.status = EINVAL;
      structView(NMREQ_OPTION, twin).status = EINVAL;
      throw new NetmapError(EINVAL, `Cannot take option ${reqtype} twice: give it once`);
    }
    const bytes = memory.read(gathered.address, budget.takeBody(option));
    structView(NMREQ_OPTION, bytes).status = 0;
    gathered.bytes = bytes;
    seen.set(reqtype, bytes);
  }
}

/** Writes the headers of all options back, and the bodies of those that succeeded. */
function writeOptions(options: readonly GatheredOption[], memory: UserMemory, done: boolean): void {
  for (const { address, bytes, next } of options) {
    const option = structView(NMREQ_OPTION, bytes);
    option.next = next;
    memory.write(
      address,
      done && option.status === 0 ? bytes : bytes.subarray(0, NMREQ_OPTION.size),
    );
  }
}
