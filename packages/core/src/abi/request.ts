/**
 * Builders of control requests: bytes in netmap's layout, ready for `Descriptor.control`, and a
 * view of the body in which the reply can be read afterwards. Here is what any port may be asked;
 * switches, the sync loop and options have builders in files of their own.
 *
 * @module
 */

import type { ControlRequest } from "../device.ts";
import { EINVAL, ENAMETOOLONG } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import {
  NETMAP_API,
  NETMAP_REQ_IFNAMSIZ,
  NETMAP_REQ_POOLS_INFO_GET,
  NETMAP_REQ_PORT_HDR_GET,
  NETMAP_REQ_PORT_HDR_SET,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NR_REG_ALL_NIC,
} from "./constants.ts";
import {
  NMREQ_POOLS_INFO,
  NMREQ_PORT_HDR,
  NMREQ_PORT_INFO_GET,
  NMREQ_REGISTER,
  type NmreqPoolsInfo,
  type NmreqPortHdr,
  type NmreqPortInfoGet,
  type NmreqRegister,
} from "./nmreq_bodies.ts";
import { NMREQ_HEADER, type NmreqHeader } from "./nmreq_header.ts";
import { requestName } from "./request_table.ts";
import type { StructLayout } from "./struct.ts";
import { structAssign, structView } from "./struct_view.ts";

/** A request, and a view of its body that shows the reply once the request was carried out. */
export interface TypedRequest<B> {
  /** What `Descriptor.control` takes. */
  readonly request: ControlRequest;
  /** The body; null for requests that have none. */
  readonly body: B;
}

const ENCODER = new TextEncoder();

/**
 * A request of any type.
 *
 * @param reqtype NETMAP_REQ_*
 * @param name the port, at most 63 bytes in UTF-8
 * @param body its bytes, or null
 * @param options options in order, from the builders of `request_options.ts`
 * @param version the API version to ask for
 * @returns the request; its bytes are also where the reply goes
 * @throws {NetmapError} ENAMETOOLONG, or EINVAL when the name holds a NUL
 *
 * @example
 * ```ts
 * import { controlRequest, NETMAP_REQ_VALE_DELIF, requestHeader } from "@netmap/core";
 * const request = controlRequest(NETMAP_REQ_VALE_DELIF, "v0");
 * console.log(requestHeader(request).name); // v0
 * ```
 */
export function controlRequest(
  reqtype: number,
  name: string,
  body: Uint8Array | null = null,
  options: readonly Uint8Array[] = [],
  version: number = NETMAP_API,
): ControlRequest {
  const length = ENCODER.encode(name).length;
  const where = { request: requestName(reqtype), port: name };
  if (length >= NETMAP_REQ_IFNAMSIZ) {
    throw new NetmapError(
      ENAMETOOLONG,
      `Cannot use the port name '${name}' as it is ${length} bytes long: ` +
        `use at most ${NETMAP_REQ_IFNAMSIZ - 1}`,
      where,
    );
  }
  if (name.includes("\0")) {
    const column = name.indexOf("\0") + 1;
    throw new NetmapError(
      EINVAL,
      `Cannot use the port name '${name.replaceAll("\0", "\\0")}' as it has a NUL at ` +
        `column ${column}: leave it out`,
      where,
    );
  }
  const header = new Uint8Array(NMREQ_HEADER.size);
  structAssign(NMREQ_HEADER, structView(NMREQ_HEADER, header), { version, reqtype, name });
  return { header, body, options };
}

/**
 * A view of a request's header.
 *
 * @param request any request
 *
 * @example
 * ```ts
 * import { portInfoRequest, requestHeader } from "@netmap/core";
 * console.log(requestHeader(portInfoRequest("em0").request).version); // 14
 * ```
 */
export function requestHeader(request: ControlRequest): NmreqHeader {
  return structView(NMREQ_HEADER, request.header);
}

/**
 * Builds a request with a body; the builders of all types stand on it.
 *
 * @param reqtype NETMAP_REQ_*
 * @param name the port
 * @param layout the body's table
 * @param fields what differs from 0 in the body
 * @param options options in order
 * @throws {NetmapError} ENAMETOOLONG
 * @throws {RangeError} a value that its member does not hold
 *
 * @example
 * ```ts
 * import { NETMAP_REQ_PORT_HDR_SET, NMREQ_PORT_HDR, typedRequest } from "@netmap/core";
 * const made = typedRequest(NETMAP_REQ_PORT_HDR_SET, "v0", NMREQ_PORT_HDR, { hdrLen: 10 });
 * console.log(made.body.hdrLen); // 10
 * ```
 */
export function typedRequest<B>(
  reqtype: number,
  name: string,
  layout: StructLayout<B>,
  fields: Partial<B> = {},
  options: readonly Uint8Array[] = [],
): TypedRequest<B> {
  const bytes = new Uint8Array(layout.size);
  const body = structAssign(layout, structView(layout, bytes), fields);
  return { request: controlRequest(reqtype, name, bytes, options), body };
}

/**
 * Builds a request of a type that has no body.
 *
 * @param reqtype NETMAP_REQ_*
 * @param name the port
 * @param options options in order
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { bareRequest, NETMAP_REQ_VALE_DELIF } from "@netmap/core";
 * console.log(bareRequest(NETMAP_REQ_VALE_DELIF, "v0").body); // null
 * ```
 */
export function bareRequest(
  reqtype: number,
  name: string,
  options: readonly Uint8Array[] = [],
): TypedRequest<null> {
  return { request: controlRequest(reqtype, name, null, options), body: null };
}

/**
 * NETMAP_REQ_REGISTER: binds a port to the descriptor.
 *
 * @param name the port
 * @param fields what differs from 0; `mode` is NR_REG_ALL_NIC unless it is given
 * @param options EXTMEM, CSB, OFFSETS
 * @throws {NetmapError} ENAMETOOLONG
 * @throws {RangeError} a value that its member does not hold
 *
 * @example
 * ```ts
 * import { registerRequest } from "@netmap/core";
 * const { request, body } = registerRequest("vale0:a", { txRings: 2, rxRings: 2 });
 * // descriptor.control(request); then body.memsize says how large the region is
 * console.log(request.header.length, body.txRings); // 88 2
 * ```
 */
export function registerRequest(
  name: string,
  fields: Partial<NmreqRegister> = {},
  options: readonly Uint8Array[] = [],
): TypedRequest<NmreqRegister> {
  const all = { mode: NR_REG_ALL_NIC, ...fields };
  return typedRequest(NETMAP_REQ_REGISTER, name, NMREQ_REGISTER, all, options);
}

/**
 * NETMAP_REQ_PORT_INFO_GET: asks about a port without binding it.
 *
 * @param name the port
 * @param fields `memId` to ask for a region
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { portInfoRequest } from "@netmap/core";
 * const { request, body } = portInfoRequest("em0");
 * // descriptor.control(request); then body says what em0 has
 * console.log(request.body?.length, body.txRings); // 32 0
 * ```
 */
export function portInfoRequest(
  name: string,
  fields: Partial<NmreqPortInfoGet> = {},
): TypedRequest<NmreqPortInfoGet> {
  return typedRequest(NETMAP_REQ_PORT_INFO_GET, name, NMREQ_PORT_INFO_GET, fields);
}

/**
 * NETMAP_REQ_PORT_HDR_SET: sets the length of the header before each frame.
 *
 * @param name the port
 * @param hdrLen bytes: 0, 10 or 12
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { portHdrSet } from "@netmap/core";
 * console.log(portHdrSet("vale0:vm", 12).body.hdrLen); // 12
 * ```
 */
export function portHdrSet(name: string, hdrLen: number): TypedRequest<NmreqPortHdr> {
  return typedRequest(NETMAP_REQ_PORT_HDR_SET, name, NMREQ_PORT_HDR, { hdrLen });
}

/**
 * NETMAP_REQ_PORT_HDR_GET: asks for the length of the header before each frame.
 *
 * @param name the port
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { portHdrGet } from "@netmap/core";
 * const { request, body } = portHdrGet("vale0:vm");
 * // descriptor.control(request); then body.hdrLen is the length
 * console.log(request.body?.length, body.hdrLen); // 8 0
 * ```
 */
export function portHdrGet(name: string): TypedRequest<NmreqPortHdr> {
  return typedRequest(NETMAP_REQ_PORT_HDR_GET, name, NMREQ_PORT_HDR);
}

/**
 * NETMAP_REQ_POOLS_INFO_GET: asks how a memory region is divided.
 *
 * @param name the port whose region is meant, or empty
 * @param memId the region, where no port is named
 * @throws {NetmapError} ENAMETOOLONG
 *
 * @example
 * ```ts
 * import { poolsInfoRequest } from "@netmap/core";
 * console.log(poolsInfoRequest("", 1).body.memId); // 1
 * ```
 */
export function poolsInfoRequest(name: string, memId: number = 0): TypedRequest<NmreqPoolsInfo> {
  return typedRequest(NETMAP_REQ_POOLS_INFO_GET, name, NMREQ_POOLS_INFO, { memId });
}
