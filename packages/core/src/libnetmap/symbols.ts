/**
 * The functions of libnetmap that are bound, as data.
 *
 * `size_t` and `uint64_t` go as `usize`. What calls back into JavaScript is nothing special: both
 * runtimes take a callback within any of these calls.
 *
 * @module
 */

import type { Ffi } from "../runtime/symbols.ts";

/** What every libnetmap has. */
export const LIBNETMAP = {
  nmport_open: { args: ["buf"], result: "usize" }, // portspec
  nmport_close: { args: ["usize"], result: "void" }, // d
  nmport_inject: { args: ["usize", "buf", "usize"], result: "i32" }, // d, buf, size
  nmport_prepare: { args: ["buf"], result: "usize" }, // portspec
  nmport_undo_prepare: { args: ["usize"], result: "void" }, // d
  nmport_open_desc: { args: ["usize"], result: "i32" }, // d
  nmport_undo_open_desc: { args: ["usize"], result: "void" }, // d
  nmport_clone: { args: ["usize"], result: "usize" }, // d
  nmport_extmem: { args: ["usize", "usize", "usize"], result: "i32" }, // d, base, size
  nmport_enable_option: { args: ["buf"], result: "i32" }, // opt
  nmport_disable_option: { args: ["buf"], result: "void" }, // opt
  nmctx_get: { args: [], result: "usize" },
  nmctx_set_default: { args: ["usize"], result: "usize" }, // ctx
} as const;

/** What came later. */
export const LIBNETMAP_OFFSET = {
  nmport_offset: { args: ["usize", "usize", "usize", "usize", "usize"], result: "i32" }, // d, initial, maxoff, bits, mingap
} as const;

/** libnetmap, callable. */
export type LibnetmapCalls = Ffi<typeof LIBNETMAP> & Partial<Ffi<typeof LIBNETMAP_OFFSET>>;
