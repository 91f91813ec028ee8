/**
 * The structs of the C library libnetmap (`libnetmap.h`), as tables.
 *
 * ```
 *   struct nmport_d  --mem-->  struct nmem_d     one for all ports of a context in one region
 *                    --ctx-->  struct nmctx      --mem_descs-->  list of its nmem_d
 * ```
 *
 * @module
 */

import { NMREQ_REGISTER, type NmreqRegister } from "../abi/nmreq_bodies.ts";
import { NMREQ_HEADER, type NmreqHeader } from "../abi/nmreq_header.ts";
import { defineStruct, i32, nested, type StructLayout, u16, u64 } from "../abi/struct.ts";

/** `struct nmport_d`: a port, prepared or open. */
export interface NmportD {
  /** The REGISTER request's header. */
  readonly hdr: NmreqHeader;
  /** Its body; the reply once the port is open. */
  readonly reg: NmreqRegister;
  /** Address of the region's `struct nmem_d`; 0 until the port is open. */
  mem: number;
  /** Address of the context. */
  ctx: number;
  /** Not 0 once it is registered. */
  registerDone: number;
  /** Not 0 once its region is mapped. */
  mmapDone: number;
  /** Address of its `struct nmreq_opt_extmem`; 0 without external memory. */
  extmem: number;
  /** Descriptor of `/dev/netmap`; -1 until it is registered. */
  fd: number;
  /** Address of its `struct netmap_if` in the library's mapping. */
  nifp: number;
  /** First transmit ring that it was given. */
  firstTxRing: number;
  /** Last transmit ring; with none, one less than the first, modulo 2^16. */
  lastTxRing: number;
  /** First receive ring that it was given. */
  firstRxRing: number;
  /** Last receive ring. */
  lastRxRing: number;
  /** The ring that `nmport_inject` tries first. */
  curTxRing: number;
  /** For the application's use. */
  curRxRing: number;
  /** What the library does at the end. */
  clist: number;
}

/** Table of `struct nmport_d`. */
export const NMPORT_D: StructLayout<NmportD> = defineStruct<NmportD>("nmport_d", {
  hdr: nested("hdr", NMREQ_HEADER),
  reg: nested("reg", NMREQ_REGISTER),
  mem: u64("mem"),
  ctx: u64("ctx"),
  registerDone: i32("register_done"),
  mmapDone: i32("mmap_done"),
  extmem: u64("extmem"),
  fd: i32("fd"),
  nifp: u64("nifp"),
  firstTxRing: u16("first_tx_ring"),
  lastTxRing: u16("last_tx_ring"),
  firstRxRing: u16("first_rx_ring"),
  lastRxRing: u16("last_rx_ring"),
  curTxRing: u16("cur_tx_ring"),
  curRxRing: u16("cur_rx_ring"),
  clist: u64("clist"),
});

/** `struct nmctx`: how the library speaks to its user. */
export interface Nmctx {
  /** 0 to be told nothing. */
  verbose: number;
  /** Called with an error's text. */
  error: number;
  /** Called for memory. */
  malloc: number;
  /** Called to give it back. */
  free: number;
  /** Called around uses of the list of regions; 0 for nothing. */
  lock: number;
  /** The list of regions. */
  memDescs: number;
}

/** Table of `struct nmctx`. */
export const NMCTX: StructLayout<Nmctx> = defineStruct<Nmctx>("nmctx", {
  verbose: i32("verbose"),
  error: u64("error"),
  malloc: u64("malloc"),
  free: u64("free"),
  lock: u64("lock"),
  memDescs: u64("mem_descs"),
});

/** `struct nmem_d`: a region that ports of a context are in. */
export interface NmemD {
  /** The region's number. */
  memId: number;
  /** Ports in it. */
  refcount: number;
  /** Where the library mapped it. */
  mem: number;
  /** Bytes. */
  size: number;
  /** Not 0 for a user's own memory. */
  isExtmem: number;
  /** The next of the list. */
  next: number;
  /** The one before. */
  prev: number;
}

/** Table of `struct nmem_d`. */
export const NMEM_D: StructLayout<NmemD> = defineStruct<NmemD>("nmem_d", {
  memId: u16("mem_id"),
  refcount: i32("refcount"),
  mem: u64("mem"),
  size: u64("size"),
  isExtmem: i32("is_extmem"),
  next: u64("next"),
  prev: u64("prev"),
});
