/**
 * `NIOCCTRL`: the checks that netmap makes of every request before it looks at what it asks for,
 * then the entry of the request's own file.
 *
 * @module
 */

import {
  type ControlRequest,
  EINVAL,
  EMSGSIZE,
  EOPNOTSUPP,
  NETMAP_API,
  NETMAP_MAX_API,
  NETMAP_MIN_API,
  NETMAP_REQ_OPT_MAX,
  NetmapError,
  NMREQ_HEADER,
  NMREQ_OPTION,
  type NmreqOption,
  optionSize,
  requestName,
  structView,
} from "@netmap/core";
import type { EngineDescriptor } from "../descriptor.ts";
import type { Engine } from "../engine.ts";
import type { RequestEntry } from "../feature.ts";
import { OptionBudget } from "./option_budget.ts";

/**
 * Carries out a control request; the reply is in the request's bytes, also when it fails.
 *
 * @throws {NetmapError} with netmap's errno
 */
export function runControl(
  engine: Engine,
  descriptor: EngineDescriptor,
  request: ControlRequest,
): void {
  const header = structView(NMREQ_HEADER, request.header);
  if (header.version < NETMAP_MIN_API || header.version > NETMAP_MAX_API) {
    throw new NetmapError(
      EINVAL,
      `Cannot take a request of API ${header.version} as this is API ${NETMAP_API}: use version ${NETMAP_API}`,
    );
  }
  if (header.reserved !== 0) {
    throw new NetmapError(
      EINVAL,
      `Cannot take a request with nr_reserved ${header.reserved}: it has to be 0`,
    );
  }
  // A name without an end is cut, not refused.
  const { offset, size } = NMREQ_HEADER.fields.name;
  request.header[offset + size - 1] = 0;
  const entry = engine.request(header.reqtype);
  checkBody(entry, request);
  checkOptions(request);
  try {
    entry.run({
      engine,
      descriptor,
      header,
      name: header.name,
      body: entry.body ? structView(entry.body, request.body!) : null,
      request,
    });
  } catch (error) {
    throw inContext(error, requestName(entry.reqtype), header.name);
  }
}

/** The same error, saying which request and port it was about. */
function inContext(error: unknown, request: string, port: string): unknown {
  if (!(error instanceof NetmapError)) return error;
  return new NetmapError(error.errno, error.message, {
    request: error.request ?? request,
    port: error.port ?? port,
    cause: error,
  });
}

function checkBody(entry: RequestEntry, request: ControlRequest): void {
  const wanted = entry.body?.size ?? 0;
  const got = request.body?.length ?? 0;
  if (wanted === 0 ? request.body === null : got >= wanted) return;
  throw new NetmapError(
    EINVAL,
    wanted === 0
      ? `Cannot take ${entry.name} with a body of ${got} bytes as it has none: leave it out`
      : `Cannot take ${entry.name} with a body of ${got} bytes: give ${wanted}`,
    { request: entry.name },
  );
}

/** Marks every option as not supported, as netmap does; who knows one overwrites that. */
function checkOptions(request: ControlRequest): void {
  const budget = new OptionBudget(request.body?.length ?? 0);
  const seen = new Map<number, NmreqOption>();
  const marks = new Map<NmreqOption, number>();
  try {
    for (const bytes of request.options) {
      needBytes(bytes, NMREQ_OPTION.size);
      takeHeader(budget, marks);
      const option = structView(NMREQ_OPTION, bytes);
      const { reqtype } = option;
      marks.set(option, 0);
      if (reqtype < 1) {
        marks.set(option, EINVAL);
        throw new NetmapError(EINVAL, "Cannot take an option of type 0: use a NETMAP_REQ_OPT_*");
      }
      if (reqtype >= NETMAP_REQ_OPT_MAX) continue;
      const twin = seen.get(reqtype);
      if (twin) {
        marks.set(option, EINVAL).set(twin, EINVAL);
        throw new NetmapError(EINVAL, `Cannot take option ${reqtype} twice: give it once`);
      }
      seen.set(reqtype, option);
      budget.takeBody(option);
    }
    for (const bytes of request.options) {
      const { reqtype, size } = structView(NMREQ_OPTION, bytes);
      needBytes(bytes, optionSize(reqtype, size));
    }
    for (const option of marks.keys()) marks.set(option, EOPNOTSUPP);
  } finally {
    for (const [option, status] of marks) option.status = status;
  }
}

/** A list of headers that is too long may have no end: as netmap, nothing is written to it. */
function takeHeader(budget: OptionBudget, marks: Map<NmreqOption, number>): void {
  try {
    budget.takeHeader();
  } catch (error) {
    marks.clear();
    throw error;
  }
}

function needBytes(option: Uint8Array, bytes: number): void {
  if (option.length >= bytes) return;
  throw new NetmapError(
    EMSGSIZE,
    `Cannot take an option of ${option.length} bytes: give at least ${bytes}`,
  );
}

/**
 * Fails when an option was given that nobody took (`nmreq_checkoptions`). As in netmap, REGISTER
 * alone is so strict; other requests succeed and leave EOPNOTSUPP in the option's status.
 *
 * @throws {NetmapError} EOPNOTSUPP
 */
export function checkAllTaken(request: ControlRequest): void {
  for (const bytes of request.options) {
    const option = structView(NMREQ_OPTION, bytes);
    if (option.status !== EOPNOTSUPP) continue;
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot take option ${option.reqtype} with REGISTER on this port: leave it out`,
    );
  }
}

/** The bytes of an option of a request; null when it was not given. */
export function findOption(request: ControlRequest, reqtype: number): Uint8Array | null {
  for (const bytes of request.options) {
    if (structView(NMREQ_OPTION, bytes).reqtype === reqtype) return bytes;
  }
  return null;
}
