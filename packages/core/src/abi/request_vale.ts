/**
 * Builders of the requests about VALE switches and their persistent ports.
 *
 * @module
 */

import {
  NETMAP_REQ_VALE_ATTACH,
  NETMAP_REQ_VALE_DELIF,
  NETMAP_REQ_VALE_DETACH,
  NETMAP_REQ_VALE_LIST,
  NETMAP_REQ_VALE_NEWIF,
  NETMAP_REQ_VALE_POLLING_DISABLE,
  NETMAP_REQ_VALE_POLLING_ENABLE,
  NR_REG_ALL_NIC,
} from "./constants.ts";
import {
  NMREQ_REGISTER,
  NMREQ_VALE_ATTACH,
  NMREQ_VALE_DETACH,
  NMREQ_VALE_LIST,
  NMREQ_VALE_NEWIF,
  NMREQ_VALE_POLLING,
  type NmreqRegister,
  type NmreqValeAttach,
  type NmreqValeDetach,
  type NmreqValeList,
  type NmreqValeNewif,
  type NmreqValePolling,
} from "./nmreq_bodies.ts";
import { bareRequest, type TypedRequest, typedRequest } from "./request.ts";
import { structAssign } from "./struct_view.ts";

/**
 * NETMAP_REQ_VALE_ATTACH: attaches a port to a switch.
 *
 * @param name switch and port, `vale0:em0`
 * @param fields how the port is bound; `mode` is NR_REG_ALL_NIC unless it is given, NR_REG_NIC_SW
 * attaches the host rings too
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { NR_REG_NIC_SW, valeAttachRequest } from "@netmap/core";
 * const { body } = valeAttachRequest("vale0:em0", { mode: NR_REG_NIC_SW });
 * // once carried out, body.portIndex is the port's number
 * console.log(body.reg.mode); // 3
 * ```
 */
export function valeAttachRequest(
  name: string,
  fields: Partial<NmreqRegister> = {},
): TypedRequest<NmreqValeAttach> {
  const made = typedRequest(NETMAP_REQ_VALE_ATTACH, name, NMREQ_VALE_ATTACH);
  structAssign(NMREQ_REGISTER, made.body.reg, { mode: NR_REG_ALL_NIC, ...fields });
  return made;
}

/**
 * NETMAP_REQ_VALE_DETACH: takes a port off its switch.
 *
 * @param name switch and port, `vale0:em0`
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { valeDetachRequest } from "@netmap/core";
 * console.log(valeDetachRequest("vale0:em0").request.body?.length); // 8
 * ```
 */
export function valeDetachRequest(name: string): TypedRequest<NmreqValeDetach> {
  return typedRequest(NETMAP_REQ_VALE_DETACH, name, NMREQ_VALE_DETACH);
}

/**
 * NETMAP_REQ_VALE_LIST: with a name, says where that port is; without one, gives the port at or
 * after the place in `fields`.
 *
 * @param name switch and port, or empty
 * @param fields where to go on from
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { requestHeader, valeListRequest } from "@netmap/core";
 * const { request, body } = valeListRequest("", { bridgeIdx: 0, portIdx: 2 });
 * // once carried out, the header has the port's name
 * console.log(requestHeader(request).reqtype, body.portIdx); // 5 2
 * ```
 */
export function valeListRequest(
  name: string = "",
  fields: Partial<NmreqValeList> = {},
): TypedRequest<NmreqValeList> {
  return typedRequest(NETMAP_REQ_VALE_LIST, name, NMREQ_VALE_LIST, fields);
}

/**
 * NETMAP_REQ_VALE_NEWIF: creates a persistent port.
 *
 * @param name the port's own name, without a switch
 * @param fields ring and slot counts, memory region
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { valeNewifRequest } from "@netmap/core";
 * console.log(valeNewifRequest("v0", { txSlots: 512 }).body.txSlots); // 512
 * ```
 */
export function valeNewifRequest(
  name: string,
  fields: Partial<NmreqValeNewif> = {},
): TypedRequest<NmreqValeNewif> {
  return typedRequest(NETMAP_REQ_VALE_NEWIF, name, NMREQ_VALE_NEWIF, fields);
}

/**
 * NETMAP_REQ_VALE_DELIF: destroys a persistent port.
 *
 * @param name the port's own name, without a switch
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { valeDelifRequest } from "@netmap/core";
 * console.log(valeDelifRequest("v0").request.body); // null
 * ```
 */
export function valeDelifRequest(name: string): TypedRequest<null> {
  return bareRequest(NETMAP_REQ_VALE_DELIF, name);
}

/**
 * NETMAP_REQ_VALE_POLLING_ENABLE: has an attached port polled by threads.
 *
 * @param name switch and port, `vale0:em0`
 * @param fields mode and processors
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { NETMAP_POLLING_MODE_SINGLE_CPU, valePollingEnable } from "@netmap/core";
 * const fields = { mode: NETMAP_POLLING_MODE_SINGLE_CPU, numPollingCpus: 1 };
 * console.log(valePollingEnable("vale0:em0", fields).body.mode); // 1
 * ```
 */
export function valePollingEnable(
  name: string,
  fields: Partial<NmreqValePolling> = {},
): TypedRequest<NmreqValePolling> {
  return typedRequest(NETMAP_REQ_VALE_POLLING_ENABLE, name, NMREQ_VALE_POLLING, fields);
}

/**
 * NETMAP_REQ_VALE_POLLING_DISABLE: ends that polling.
 *
 * @param name switch and port, `vale0:em0`
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { valePollingDisable } from "@netmap/core";
 * console.log(valePollingDisable("vale0:em0").request.body?.length); // 16
 * ```
 */
export function valePollingDisable(name: string): TypedRequest<NmreqValePolling> {
  return typedRequest(NETMAP_REQ_VALE_POLLING_DISABLE, name, NMREQ_VALE_POLLING);
}
