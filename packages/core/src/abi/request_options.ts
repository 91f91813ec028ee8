/**
 * Builders of request options: the bytes that go into `ControlRequest.options`. Addresses in them
 * are the caller's, and its memory must stay where it is for as long as the port is bound.
 *
 * @module
 */

import {
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_OPT_EXTMEM,
  NETMAP_REQ_OPT_OFFSETS,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
} from "./constants.ts";
import { NMREQ_POOLS_INFO, type NmreqPoolsInfo } from "./nmreq_bodies.ts";
import {
  KLOOP_EVENTFDS,
  type KloopEventfds,
  NMREQ_OPT_CSB,
  NMREQ_OPT_EXTMEM,
  NMREQ_OPT_OFFSETS,
  NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
  NMREQ_OPT_SYNC_KLOOP_MODE,
  NMREQ_OPTION,
  type NmreqOption,
  type NmreqOptOffsets,
} from "./nmreq_options.ts";
import type { StructLayout } from "./struct.ts";
import { structAssign, structView } from "./struct_view.ts";

/**
 * A view of the header that every option begins with.
 *
 * @param option the option's bytes
 *
 * @example
 * ```ts
 * import { optCsb, optionHeader } from "@netmap/core";
 * console.log(optionHeader(optCsb(4096, 8192)).reqtype); // 3
 * ```
 */
export function optionHeader(option: Uint8Array): NmreqOption {
  return structView(NMREQ_OPTION, option);
}

function option<T>(
  reqtype: number,
  layout: StructLayout<T>,
  fields: Partial<T>,
  extraBytes: number = 0,
): Uint8Array {
  const bytes = new Uint8Array(layout.size + extraBytes);
  optionHeader(bytes).reqtype = reqtype;
  structAssign(layout, structView(layout, bytes), fields);
  return bytes;
}

/**
 * NETMAP_REQ_OPT_EXTMEM: the port's region is the caller's own memory.
 *
 * @param usrptr address of the memory, page-aligned
 * @param info its size in `memsize`, and pool sizes where they are not left to netmap
 * @returns the option; the pools that were made can be read from it afterwards
 * @throws {RangeError} a value that its member does not hold
 *
 * @example
 * ```ts
 * import { NMREQ_OPT_EXTMEM, optExtmem, structView } from "@netmap/core";
 * const option = optExtmem(0x7f00_0000_0000, { memsize: 1 << 24 });
 * console.log(structView(NMREQ_OPT_EXTMEM, option).info.memsize); // 16777216
 * ```
 */
export function optExtmem(usrptr: number, info: Partial<NmreqPoolsInfo>): Uint8Array {
  const bytes = option(NETMAP_REQ_OPT_EXTMEM, NMREQ_OPT_EXTMEM, { usrptr });
  structAssign(NMREQ_POOLS_INFO, structView(NMREQ_OPT_EXTMEM, bytes).info, info);
  return bytes;
}

/**
 * NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS: eventfds to wake the loop and the application.
 *
 * @param pairs one for each bound ring, transmit rings first; -1 for none
 * @returns the option, its `nro_size` set
 * @throws {RangeError} a descriptor that is no 32-bit integer
 *
 * @example
 * ```ts
 * import { optKloopEventfds } from "@netmap/core";
 * console.log(optKloopEventfds([{ ioeventfd: 5, irqfd: -1 }]).length); // 32
 * ```
 */
export function optKloopEventfds(pairs: readonly KloopEventfds[]): Uint8Array {
  const bytes = option(
    NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
    NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
    {},
    pairs.length * KLOOP_EVENTFDS.size,
  );
  optionHeader(bytes).size = bytes.length;
  const { eventfds } = structView(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, bytes);
  for (let i = 0; i < pairs.length; i++) eventfds.set(i, pairs[i]);
  return bytes;
}

/**
 * NETMAP_REQ_OPT_CSB: where the CSB entries are, an array for each direction.
 *
 * @param csbAtok address of the entries that the application writes
 * @param csbKtoa address of the entries that the device writes
 * @throws {RangeError} an address that is no integer below 2^53
 *
 * @example
 * ```ts
 * import { optCsb } from "@netmap/core";
 * console.log(optCsb(4096, 8192).length); // 40
 * ```
 */
export function optCsb(csbAtok: number, csbKtoa: number): Uint8Array {
  return option(NETMAP_REQ_OPT_CSB, NMREQ_OPT_CSB, { csbAtok, csbKtoa });
}

/**
 * NETMAP_REQ_OPT_SYNC_KLOOP_MODE: whoever kicks a ring syncs it.
 *
 * @param mode NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX
 * @throws {RangeError} not a 32-bit number
 *
 * @example
 * ```ts
 * import { NM_OPT_SYNC_KLOOP_DIRECT_TX, optKloopMode } from "@netmap/core";
 * console.log(optKloopMode(NM_OPT_SYNC_KLOOP_DIRECT_TX).length); // 32
 * ```
 */
export function optKloopMode(mode: number): Uint8Array {
  return option(NETMAP_REQ_OPT_SYNC_KLOOP_MODE, NMREQ_OPT_SYNC_KLOOP_MODE, { mode });
}

/**
 * NETMAP_REQ_OPT_OFFSETS: packets may start inside their buffers.
 *
 * @param fields largest and first offset, bits, alignment, gap
 * @returns the option; what is in force can be read from it afterwards
 * @throws {RangeError} a value that its member does not hold
 *
 * @example
 * ```ts
 * import { NMREQ_OPT_OFFSETS, optOffsets, structView } from "@netmap/core";
 * const option = optOffsets({ maxOffset: 256, offsetBits: 16 });
 * console.log(structView(NMREQ_OPT_OFFSETS, option).maxOffset); // 256
 * ```
 */
export function optOffsets(fields: Partial<Omit<NmreqOptOffsets, "opt">>): Uint8Array {
  const { maxOffset, initialOffset, offsetBits, txAlign, minGap } = fields;
  const own = { maxOffset, initialOffset, offsetBits, txAlign, minGap };
  return option(NETMAP_REQ_OPT_OFFSETS, NMREQ_OPT_OFFSETS, own as Partial<NmreqOptOffsets>);
}
