/**
 * From the one `struct nmreq` of the interface before API 14 to today's requests, and their answers
 * back. Behaves as netmap's own legacy module, which takes version 14 and above alone: a program
 * compiled for 11 to 13 is told EINVAL by it, and so by us.
 *
 * @module
 */

import type { ControlRequest } from "../device.ts";
import { EINVAL, ENOMEM } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import {
  IFNAMSIZ,
  NETMAP_API,
  NETMAP_POLLING_MODE_MULTI_CPU,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  NR_DO_RX_POLL,
  NR_NO_TX_POLL,
  NR_REG_ALL_NIC,
  NR_REG_DEFAULT,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_REG_SW,
} from "./constants.ts";
import {
  NETMAP_BDG_ATTACH,
  NETMAP_BDG_DELIF,
  NETMAP_BDG_DETACH,
  NETMAP_BDG_HOST,
  NETMAP_BDG_LIST,
  NETMAP_BDG_NEWIF,
  NETMAP_BDG_POLLING_OFF,
  NETMAP_BDG_POLLING_ON,
  NETMAP_BDG_VNET_HDR,
  NETMAP_DO_RX_POLL,
  NETMAP_HW_RING,
  NETMAP_NO_TX_POLL,
  NETMAP_PT_HOST_CREATE,
  NETMAP_PT_HOST_DELETE,
  NETMAP_RING_MASK,
  NETMAP_SW_RING,
  NETMAP_VNET_HDR_GET,
  NMREQ,
  type Nmreq,
  NR_REG_MASK,
} from "./legacy.ts";
import type { NmreqRegister } from "./nmreq_bodies.ts";
import {
  portHdrGet,
  portHdrSet,
  portInfoRequest,
  registerRequest,
  requestHeader,
} from "./request.ts";
import {
  valeAttachRequest,
  valeDelifRequest,
  valeDetachRequest,
  valeListRequest,
  valeNewifRequest,
  valePollingDisable,
  valePollingEnable,
} from "./request_vale.ts";
import { structView } from "./struct_view.ts";

/** Which legacy ioctl a `struct nmreq` came with. */
export type LegacyCommand = "NIOCREGIF" | "NIOCGINFO";

/** A legacy request on its way through today's interface. */
export interface LegacyRequest {
  /** What to ask for. */
  readonly request: ControlRequest;
  /** Writes the answer into the `struct nmreq`; call it when the request succeeded. */
  answer(): void;
}

/**
 * Translates a legacy request.
 *
 * @param command the ioctl
 * @param bytes `struct nmreq`, 60 bytes
 * @throws {NetmapError} EINVAL for a version below 14 and for a command that is none, ENOMEM for
 * passthrough, which netmap no longer has
 *
 * @example
 * ```ts
 * import { fromLegacy, NMREQ, requestHeader, structView } from "@netmap/core";
 * const bytes = new Uint8Array(NMREQ.size);
 * Object.assign(structView(NMREQ, bytes), { name: "vale0:a", version: 14 });
 * console.log(requestHeader(fromLegacy("NIOCREGIF", bytes).request).name); // vale0:a
 * ```
 */
export function fromLegacy(command: LegacyCommand, bytes: Uint8Array): LegacyRequest {
  const nmr = structView(NMREQ, bytes);
  if (nmr.version < NETMAP_API) {
    throw new NetmapError(
      EINVAL,
      `Cannot take a request of API ${nmr.version} as netmap takes ${NETMAP_API} and above: ` +
        `build the program with current headers`,
    );
  }
  const name = nmr.name.slice(0, IFNAMSIZ - 1);
  return command === "NIOCGINFO" ? fromGinfo(nmr, name) : fromRegif(nmr, name);
}

function fromGinfo(nmr: Nmreq, name: string): LegacyRequest {
  if (nmr.cmd === NETMAP_BDG_LIST) {
    const { request, body } = valeListRequest(name, {
      bridgeIdx: nmr.arg1,
      portIdx: nmr.arg2,
    });
    return {
      request,
      answer() {
        nmr.name = requestHeader(request).name.slice(0, IFNAMSIZ - 1);
        nmr.arg1 = body.bridgeIdx & 0xffff;
        nmr.arg2 = body.portIdx & 0xffff;
      },
    };
  }
  const { request, body } = portInfoRequest(name, askedShape(nmr));
  return {
    request,
    answer() {
      nmr.memsize = body.memsize % 2 ** 32;
      answerShape(nmr, body);
    },
  };
}

function fromRegif(nmr: Nmreq, name: string): LegacyRequest {
  switch (nmr.cmd) {
    case 0: {
      const fields = registration(nmr);
      const { request, body } = registerRequest(pipeName(fields, name), fields);
      return { request, answer: () => answerRegister(nmr, body) };
    }
    case NETMAP_BDG_ATTACH: {
      const fields = registration(nmr);
      const { request, body } = valeAttachRequest(pipeName(fields, name), {
        ...fields,
        mode: (nmr.arg1 & NETMAP_BDG_HOST) !== 0 ? NR_REG_NIC_SW : NR_REG_ALL_NIC,
      });
      return { request, answer: () => answerRegister(nmr, body.reg) };
    }
    case NETMAP_BDG_DETACH:
      return { request: valeDetachRequest(name).request, answer() {} };
    case NETMAP_BDG_VNET_HDR:
    case NETMAP_VNET_HDR_GET: {
      const { request, body } = nmr.cmd === NETMAP_BDG_VNET_HDR
        ? portHdrSet(name, nmr.arg1)
        : portHdrGet(name);
      return {
        request,
        answer() {
          nmr.arg1 = body.hdrLen & 0xffff;
        },
      };
    }
    case NETMAP_BDG_NEWIF: {
      const { request, body } = valeNewifRequest(name, askedShape(nmr));
      return {
        request,
        answer: () => answerShape(nmr, body),
      };
    }
    case NETMAP_BDG_DELIF:
      return { request: valeDelifRequest(name).request, answer() {} };
    case NETMAP_BDG_POLLING_ON:
      return { request: valePollingEnable(name, pollingFields(nmr)).request, answer() {} };
    case NETMAP_BDG_POLLING_OFF:
      return { request: valePollingDisable(name).request, answer() {} };
    case NETMAP_PT_HOST_CREATE:
    case NETMAP_PT_HOST_DELETE:
      throw new NetmapError(
        ENOMEM, // netmap's answer, as whatever it cannot translate
        `Cannot carry out legacy command ${nmr.cmd} as netmap passes ports through by CSB now: ` +
          "use NETMAP_REQ_CSB_ENABLE",
      );
  }
  throw new NetmapError(
    EINVAL,
    `Cannot carry out legacy command ${nmr.cmd} with NIOCREGIF: use 0, or a NETMAP_BDG_* that it has`,
  );
}

/** What a legacy registration asks for, in today's fields. */
function registration(nmr: Nmreq): Partial<NmreqRegister> {
  const { arg3, ringid, flags } = nmr;
  let mode = flags & NR_REG_MASK;
  if (mode === NR_REG_DEFAULT) {
    mode = NR_REG_ALL_NIC;
    if ((ringid & NETMAP_SW_RING) !== 0) mode = NR_REG_SW;
    else if ((ringid & NETMAP_HW_RING) !== 0) mode = NR_REG_ONE_NIC;
  }
  return {
    ...askedShape(nmr),
    extraBufs: arg3,
    ringid: ringid & NETMAP_RING_MASK,
    mode,
    flags: ((flags & ~NR_REG_MASK) |
      ((ringid & NETMAP_NO_TX_POLL) !== 0 ? NR_NO_TX_POLL : 0) |
      ((ringid & NETMAP_DO_RX_POLL) !== 0 ? NR_DO_RX_POLL : 0)) >>> 0,
  };
}

/** The legacy pipe modes say by number what today's names say with a bracket. */
function pipeName(fields: Partial<NmreqRegister>, name: string): string {
  if (fields.mode !== NR_REG_PIPE_MASTER && fields.mode !== NR_REG_PIPE_SLAVE) return name;
  // 15 bytes, a bracket and 4 digits: always within a request's 63.
  const full = `${name}${fields.mode === NR_REG_PIPE_MASTER ? "{" : "}"}${fields.ringid}`;
  fields.mode = NR_REG_ALL_NIC;
  fields.ringid = 0;
  return full;
}

/** What a legacy request says of a port's rings and memory, and what it is told of them. */
type Shape = Pick<NmreqRegister, "txSlots" | "rxSlots" | "txRings" | "rxRings" | "memId">;

function askedShape({ txSlots, rxSlots, txRings, rxRings, arg2 }: Nmreq): Shape {
  return { txSlots, rxSlots, txRings, rxRings, memId: arg2 };
}

function answerShape(nmr: Nmreq, body: Shape): void {
  nmr.txSlots = body.txSlots;
  nmr.rxSlots = body.rxSlots;
  nmr.txRings = body.txRings;
  nmr.rxRings = body.rxRings;
  nmr.arg2 = body.memId;
}

function answerRegister(nmr: Nmreq, body: NmreqRegister): void {
  nmr.offset = body.offset % 2 ** 32;
  nmr.memsize = body.memsize % 2 ** 32;
  answerShape(nmr, body);
  nmr.arg3 = body.extraBufs;
}

function pollingFields(nmr: Nmreq): { mode: number; firstCpuId: number; numPollingCpus: number } {
  const modes: Readonly<Record<number, number>> = {
    [NR_REG_ONE_NIC]: NETMAP_POLLING_MODE_MULTI_CPU,
    [NR_REG_ALL_NIC]: NETMAP_POLLING_MODE_SINGLE_CPU,
  };
  return {
    mode: modes[nmr.flags & NR_REG_MASK] ?? 0,
    firstCpuId: nmr.ringid & NETMAP_RING_MASK,
    numPollingCpus: nmr.arg1,
  };
}
