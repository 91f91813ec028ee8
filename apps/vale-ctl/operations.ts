/**
 * What vale-ctl does with one call. All of it are control requests, so that it works on any device.
 *
 * @module
 */

import {
  EINVAL,
  type NetmapDevice,
  NetmapError,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  portInfoRequest,
  valeAttachRequest,
} from "@netmap/core";
import { delif, detach, findPort, newif, pollingDisable, pollingEnable } from "@netmap/vale";
import type { Options } from "./options.ts";

/** What an operation tells, in the order in which it is printed; the classic's names. */
export type Answer = Readonly<Record<string, number>>;

/** An answer, and whether it is printed without `-v` too. */
export interface Outcome {
  /** Names and numbers. */
  readonly answer: Answer;
  /** False for what the classic says only when it is asked to say more. */
  readonly always: boolean;
}

/**
 * Carries an operation out.
 *
 * @param device where
 * @param options what, on which port
 * @throws {NetmapError} what the device answers
 */
export function operate(device: NetmapDevice, options: Options): Outcome {
  const { operation, name, rings, memId, polling } = options;
  const quiet = (answer: Answer = {}): Outcome => ({ answer, always: false });
  switch (operation) {
    case "attach":
    case "attach-host": {
      const mode = operation === "attach" ? NR_REG_ALL_NIC : NR_REG_NIC_SW;
      return quiet(attachPort(device, name, { mode, memId, ...rings }));
    }
    case "detach":
      return quiet({ port_index: detach(device, name) });
    case "create":
      return quiet(ringsAnswer(newif(device, name, { ...rings, memId })));
    case "remove":
      delif(device, name);
      return quiet();
    case "poll":
      pollingEnable(device, name, polling);
      return quiet();
    case "stop-polling":
      pollingDisable(device, name);
      return quiet();
    case "info":
      return { answer: portInfo(device, name), always: true };
    case "list":
      return { answer: place(device, name), always: true };
  }
}

// attach() of @netmap/vale has no rings and slots, which '-C' gives.
function attachPort(
  device: NetmapDevice,
  name: string,
  fields: Parameters<typeof valeAttachRequest>[1],
): Answer {
  using descriptor = device.open();
  const { request, body } = valeAttachRequest(name, fields);
  descriptor.control(request);
  return { port_index: body.portIndex };
}

function portInfo(device: NetmapDevice, name: string): Answer {
  using descriptor = device.open();
  const { request, body } = portInfoRequest(name.replace(/^netmap:/, ""));
  descriptor.control(request);
  return { memsize: body.memsize, ...ringsAnswer(body) };
}

function ringsAnswer(
  { txSlots, rxSlots, txRings, rxRings, memId }: {
    readonly txSlots: number;
    readonly rxSlots: number;
    readonly txRings: number;
    readonly rxRings: number;
    readonly memId: number;
  },
): Answer {
  return {
    tx_slots: txSlots,
    rx_slots: rxSlots,
    tx_rings: txRings,
    rx_rings: rxRings,
    mem_id: memId,
  };
}

function place(device: NetmapDevice, name: string): Answer {
  const port = findPort(device, name);
  if (port === null) {
    throw new NetmapError(
      EINVAL,
      `Cannot find '${name}' as its switch has no such port: see all with 'vale-ctl'`,
      { port: name },
    );
  }
  return { bridge_idx: port.switchIndex, port_idx: port.portIndex };
}
