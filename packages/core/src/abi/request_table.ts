/**
 * Which body each request has and what each option looks like: the tables that a device needs to
 * copy requests in and out.
 *
 * @module
 */

import {
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_OPT_EXTMEM,
  NETMAP_REQ_OPT_OFFSETS,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  NETMAP_REQ_POOLS_INFO_GET,
  NETMAP_REQ_PORT_HDR_GET,
  NETMAP_REQ_PORT_HDR_SET,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  NETMAP_REQ_VALE_ATTACH,
  NETMAP_REQ_VALE_DELIF,
  NETMAP_REQ_VALE_DETACH,
  NETMAP_REQ_VALE_LIST,
  NETMAP_REQ_VALE_NEWIF,
  NETMAP_REQ_VALE_POLLING_DISABLE,
  NETMAP_REQ_VALE_POLLING_ENABLE,
} from "./constants.ts";
import {
  NMREQ_POOLS_INFO,
  NMREQ_PORT_HDR,
  NMREQ_PORT_INFO_GET,
  NMREQ_REGISTER,
  NMREQ_SYNC_KLOOP_START,
  NMREQ_VALE_ATTACH,
  NMREQ_VALE_DETACH,
  NMREQ_VALE_LIST,
  NMREQ_VALE_NEWIF,
  NMREQ_VALE_POLLING,
} from "./nmreq_bodies.ts";
import {
  NMREQ_OPT_CSB,
  NMREQ_OPT_EXTMEM,
  NMREQ_OPT_OFFSETS,
  NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
  NMREQ_OPT_SYNC_KLOOP_MODE,
  NMREQ_OPTION,
} from "./nmreq_options.ts";
import type { AnyLayout } from "./struct.ts";

/** What is known of a request type. */
export interface RequestInfo {
  /** netmap's name for it: `NETMAP_REQ_REGISTER`. */
  readonly name: string;
  /** Its body, null when it has none. */
  readonly layout: AnyLayout | null;
}

/** What is known of an option type. */
export interface OptionInfo {
  /** netmap's name for it: `NETMAP_REQ_OPT_CSB`. */
  readonly name: string;
  /** The option, its header included. */
  readonly layout: AnyLayout;
  /** Whether `nro_size` says how long it is. */
  readonly variable: boolean;
  /** The requests that look for it; any other leaves it unanswered. */
  readonly requests: readonly number[];
}

/** Every request of API 14, by `nr_reqtype`. */
export const REQUEST_BODIES: ReadonlyMap<number, RequestInfo> = new Map([
  [NETMAP_REQ_REGISTER, { name: "NETMAP_REQ_REGISTER", layout: NMREQ_REGISTER }],
  [NETMAP_REQ_PORT_INFO_GET, { name: "NETMAP_REQ_PORT_INFO_GET", layout: NMREQ_PORT_INFO_GET }],
  [NETMAP_REQ_VALE_ATTACH, { name: "NETMAP_REQ_VALE_ATTACH", layout: NMREQ_VALE_ATTACH }],
  [NETMAP_REQ_VALE_DETACH, { name: "NETMAP_REQ_VALE_DETACH", layout: NMREQ_VALE_DETACH }],
  [NETMAP_REQ_VALE_LIST, { name: "NETMAP_REQ_VALE_LIST", layout: NMREQ_VALE_LIST }],
  [NETMAP_REQ_PORT_HDR_SET, { name: "NETMAP_REQ_PORT_HDR_SET", layout: NMREQ_PORT_HDR }],
  [NETMAP_REQ_PORT_HDR_GET, { name: "NETMAP_REQ_PORT_HDR_GET", layout: NMREQ_PORT_HDR }],
  [NETMAP_REQ_VALE_NEWIF, { name: "NETMAP_REQ_VALE_NEWIF", layout: NMREQ_VALE_NEWIF }],
  [NETMAP_REQ_VALE_DELIF, { name: "NETMAP_REQ_VALE_DELIF", layout: null }],
  [NETMAP_REQ_VALE_POLLING_ENABLE, {
    name: "NETMAP_REQ_VALE_POLLING_ENABLE",
    layout: NMREQ_VALE_POLLING,
  }],
  [NETMAP_REQ_VALE_POLLING_DISABLE, {
    name: "NETMAP_REQ_VALE_POLLING_DISABLE",
    layout: NMREQ_VALE_POLLING,
  }],
  [NETMAP_REQ_POOLS_INFO_GET, { name: "NETMAP_REQ_POOLS_INFO_GET", layout: NMREQ_POOLS_INFO }],
  [NETMAP_REQ_SYNC_KLOOP_START, {
    name: "NETMAP_REQ_SYNC_KLOOP_START",
    layout: NMREQ_SYNC_KLOOP_START,
  }],
  [NETMAP_REQ_SYNC_KLOOP_STOP, { name: "NETMAP_REQ_SYNC_KLOOP_STOP", layout: null }],
  [NETMAP_REQ_CSB_ENABLE, { name: "NETMAP_REQ_CSB_ENABLE", layout: null }],
]);

/** Every option of API 14, by `nro_reqtype`. */
export const REQUEST_OPTIONS: ReadonlyMap<number, OptionInfo> = new Map([
  [NETMAP_REQ_OPT_EXTMEM, {
    name: "NETMAP_REQ_OPT_EXTMEM",
    layout: NMREQ_OPT_EXTMEM,
    variable: false,
    requests: [NETMAP_REQ_REGISTER],
  }],
  [NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, {
    name: "NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS",
    layout: NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
    variable: true,
    requests: [NETMAP_REQ_SYNC_KLOOP_START],
  }],
  [NETMAP_REQ_OPT_CSB, {
    name: "NETMAP_REQ_OPT_CSB",
    layout: NMREQ_OPT_CSB,
    variable: false,
    requests: [NETMAP_REQ_REGISTER, NETMAP_REQ_CSB_ENABLE],
  }],
  [NETMAP_REQ_OPT_SYNC_KLOOP_MODE, {
    name: "NETMAP_REQ_OPT_SYNC_KLOOP_MODE",
    layout: NMREQ_OPT_SYNC_KLOOP_MODE,
    variable: false,
    requests: [NETMAP_REQ_SYNC_KLOOP_START],
  }],
  [NETMAP_REQ_OPT_OFFSETS, {
    name: "NETMAP_REQ_OPT_OFFSETS",
    layout: NMREQ_OPT_OFFSETS,
    variable: false,
    requests: [NETMAP_REQ_REGISTER],
  }],
]);

/**
 * A request's name for messages.
 *
 * @param reqtype NETMAP_REQ_*, or anything
 * @returns netmap's name, `"request 99"` for an unknown type
 *
 * @example
 * ```ts
 * import { requestName } from "@netmap/core";
 * console.log(requestName(1)); // NETMAP_REQ_REGISTER
 * ```
 */
export function requestName(reqtype: number): string {
  return REQUEST_BODIES.get(reqtype)?.name ?? `request ${reqtype}`;
}

/**
 * The bytes of a request's body.
 *
 * @param reqtype NETMAP_REQ_*, or anything
 * @returns bytes; 0 when it has no body, and for an unknown type
 *
 * @example
 * ```ts
 * import { requestBodySize } from "@netmap/core";
 * console.log(requestBodySize(1)); // 56
 * ```
 */
export function requestBodySize(reqtype: number): number {
  return REQUEST_BODIES.get(reqtype)?.layout?.size ?? 0;
}

/**
 * The bytes that an option takes, its header included, as netmap reckons them.
 *
 * @param reqtype NETMAP_REQ_OPT_*, or anything: an unknown option is its header and no more
 * @param size the option's `nro_size`, which counts only where an option has no fixed size
 * @returns bytes, not below the header's
 *
 * @example
 * ```ts
 * import { NETMAP_REQ_OPT_CSB, optionSize } from "@netmap/core";
 * console.log(optionSize(NETMAP_REQ_OPT_CSB, 0)); // 40
 * ```
 */
export function optionSize(reqtype: number, size: number): number {
  const info = REQUEST_OPTIONS.get(reqtype);
  if (info === undefined) return NMREQ_OPTION.size;
  return info.variable ? Math.max(NMREQ_OPTION.size, size) : info.layout.size;
}
