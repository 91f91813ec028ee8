/**
 * Builders of the requests about the sync loop and CSB mode.
 *
 * @module
 */

import {
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
} from "./constants.ts";
import { NMREQ_SYNC_KLOOP_START, type NmreqSyncKloopStart } from "./nmreq_bodies.ts";
import { bareRequest, type TypedRequest, typedRequest } from "./request.ts";

/**
 * NETMAP_REQ_SYNC_KLOOP_START: runs the sync loop, until it is stopped from elsewhere.
 *
 * @param name the port
 * @param sleepUs microseconds to sleep when there is nothing to do
 * @param options SYNC_KLOOP_EVENTFDS, SYNC_KLOOP_MODE
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { syncKloopStart } from "@netmap/core";
 * console.log(syncKloopStart("vale0:vm", 50).body.sleepUs); // 50
 * ```
 */
export function syncKloopStart(
  name: string,
  sleepUs: number = 0,
  options: readonly Uint8Array[] = [],
): TypedRequest<NmreqSyncKloopStart> {
  const fields = { sleepUs };
  return typedRequest(NETMAP_REQ_SYNC_KLOOP_START, name, NMREQ_SYNC_KLOOP_START, fields, options);
}

/**
 * NETMAP_REQ_SYNC_KLOOP_STOP: stops the sync loop.
 *
 * @param name the port
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { requestHeader, syncKloopStop } from "@netmap/core";
 * console.log(requestHeader(syncKloopStop("vale0:vm").request).reqtype); // 14
 * ```
 */
export function syncKloopStop(name: string): TypedRequest<null> {
  return bareRequest(NETMAP_REQ_SYNC_KLOOP_STOP, name);
}

/**
 * NETMAP_REQ_CSB_ENABLE: ring pointers go through CSB entries from now on.
 *
 * @param name the port
 * @param options the CSB option, which it cannot do without
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { csbEnable, optCsb } from "@netmap/core";
 * console.log(csbEnable("vale0:vm", [optCsb(4096, 8192)]).request.options.length); // 1
 * ```
 */
export function csbEnable(
  name: string,
  options: readonly Uint8Array[] = [],
): TypedRequest<null> {
  return bareRequest(NETMAP_REQ_CSB_ENABLE, name, options);
}
