/**
 * What the tests of external memory share.
 *
 * @module
 */

import {
  closeFd,
  createMemfd,
  mapMemory,
  type Mapping,
  type NmreqPoolsInfo,
  type NmreqRegister,
  optExtmem,
  Port,
  portSpec,
  registerRequest,
} from "@netmap/core";
import { assertEquals } from "@std/assert";
import type { Engine } from "../../engine.ts";

/** A mebibyte. */
export const MB: number = 1 << 20;
/** Pools of a port with a few slots. */
export const SMALL: Partial<NmreqPoolsInfo> = { ringPoolObjtotal: 8, bufPoolObjtotal: 300 };

/** Memory of somebody's own, at `offset` of a memfd. */
export function ownMemory(bytes: number, keepFd: boolean = true, offset: number = 0): Mapping {
  const fd = createMemfd("own", bytes + offset);
  try {
    return mapMemory(fd, bytes, { keepFd, offset });
  } finally {
    closeFd(fd);
  }
}

/** The option for all of a mapping. */
export function optionFor(memory: Mapping, info: Partial<NmreqPoolsInfo> = SMALL): Uint8Array {
  return optExtmem(memory.address, { memsize: memory.size, ...info });
}

/** Registers with memory given by address, as a program does. */
export function registerWith(
  engine: Engine,
  name: string,
  option: Uint8Array,
  fields: Partial<NmreqRegister> = {},
): Port {
  const asked = { txSlots: 64, rxSlots: 64, ...fields };
  const { request, body } = registerRequest(name, asked, [option]);
  const descriptor = engine.open();
  try {
    descriptor.control(request);
    return new Port(descriptor, body, { device: engine.device, spec: portSpec({ name }) });
  } catch (error) {
    descriptor.close();
    throw error;
  }
}

/** Sends two packets through a loop port. */
export function roundTrip(port: Port): void {
  port.send([new Uint8Array(60).fill(7), new Uint8Array(1500).fill(8)]);
  assertEquals(port.receive().map((frame) => [frame.length, frame[0]]), [[60, 7], [1500, 8]]);
}
