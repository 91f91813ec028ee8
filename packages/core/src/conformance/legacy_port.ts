/**
 * `struct nmreq` and what programs of the older interface do with it.
 *
 * @module
 */

import { NETMAP_API } from "../abi/constants.ts";
import { NMREQ, type Nmreq } from "../abi/legacy.ts";
import type { LegacyCommand } from "../abi/legacy_request.ts";
import type { NmreqRegister } from "../abi/nmreq_bodies.ts";
import { structAssign, structView } from "../abi/struct_view.ts";
import type { Descriptor } from "../device.ts";
import { BoundPort } from "./bound_port.ts";
import type { Context } from "./context.ts";

/** A `struct nmreq` and a view of it. */
export interface LegacyRequestBytes {
  /** 60 bytes. */
  readonly bytes: Uint8Array;
  /** What is in them. */
  readonly nmr: Nmreq;
}

/** A `struct nmreq`, of version 14 unless it is said. */
export function nmreq(name: string, fields: Partial<Nmreq> = {}): LegacyRequestBytes {
  const bytes = new Uint8Array(NMREQ.size);
  const nmr = structView(NMREQ, bytes);
  structAssign(NMREQ, nmr, { name, version: NETMAP_API, ...fields });
  return { bytes, nmr };
}

/** Asks on a descriptor of its own. @returns the reply */
export function askLegacy(
  context: Context,
  command: LegacyCommand,
  name: string,
  fields: Partial<Nmreq> = {},
): Nmreq {
  const { bytes, nmr } = nmreq(name, fields);
  const descriptor = context.device.open();
  try {
    descriptor.legacy(command, bytes);
  } finally {
    descriptor.close();
  }
  return nmr;
}

/** A port that was registered by NIOCREGIF. */
export interface LegacyPort {
  /** Its rings. */
  readonly port: BoundPort;
  /** The reply. */
  readonly nmr: Nmreq;
  /** The descriptor, for further requests. */
  readonly descriptor: Descriptor;
}

/** NIOCREGIF, and a look at the memory as `NETMAP_IF(mem, nr_offset)` does it. */
export function regif(context: Context, name: string, fields: Partial<Nmreq> = {}): LegacyPort {
  const descriptor = context.open();
  const { bytes, nmr } = nmreq(name, fields);
  descriptor.legacy("NIOCREGIF", bytes);
  // What of the old reply has the same meaning is enough to find the rings.
  const reply = { offset: nmr.offset, memsize: nmr.memsize } as NmreqRegister;
  return { port: new BoundPort(descriptor, name, reply), nmr, descriptor };
}
