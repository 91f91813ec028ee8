/**
 * The options that a request of API 14 may carry: a common header and what follows it.
 *
 * @module
 */

import { NMREQ_POOLS_INFO, type NmreqPoolsInfo } from "./nmreq_bodies.ts";
import {
  array,
  defineStruct,
  i32,
  nested,
  type StructArray,
  type StructLayout,
  u32,
  u64,
} from "./struct.ts";

/** `struct nmreq_option`, which every option begins with. */
export interface NmreqOption {
  /** Address of the next option; left to the device. */
  next: number;
  /** NETMAP_REQ_OPT_*. */
  reqtype: number;
  /** Returned: 0 when the option was honoured, else an errno. */
  status: number;
  /** Bytes of an option that has no fixed size, its header included; else 0. */
  size: number;
}

/** Table of `struct nmreq_option`. */
export const NMREQ_OPTION: StructLayout<NmreqOption> = defineStruct<NmreqOption>("nmreq_option", {
  next: u64("nro_next"),
  reqtype: u32("nro_reqtype"),
  status: u32("nro_status"),
  size: u64("nro_size"),
});

/** The two eventfds of one ring, an entry of `nmreq_opt_sync_kloop_eventfds.eventfds`. */
export interface KloopEventfds {
  /** The application writes it to wake the loop; negative to have the loop sleep instead. */
  ioeventfd: number;
  /** The loop writes it to wake the application; negative for no wake-up. */
  irqfd: number;
}

/** Table of an entry of `nmreq_opt_sync_kloop_eventfds.eventfds`, which C leaves unnamed. */
export const KLOOP_EVENTFDS: StructLayout<KloopEventfds> = defineStruct<KloopEventfds>(
  "nm_kloop_eventfds",
  {
    ioeventfd: i32("ioeventfd"),
    irqfd: i32("irqfd"),
  },
);

/** Option NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, `struct nmreq_opt_sync_kloop_eventfds`. */
export interface NmreqOptSyncKloopEventfds {
  /** The common header. */
  readonly opt: NmreqOption;
  /** One entry for each CSB entry, in the same order: transmit rings first. */
  readonly eventfds: StructArray<KloopEventfds>;
}

/** Table of `struct nmreq_opt_sync_kloop_eventfds`. */
export const NMREQ_OPT_SYNC_KLOOP_EVENTFDS: StructLayout<NmreqOptSyncKloopEventfds> = defineStruct<
  NmreqOptSyncKloopEventfds
>("nmreq_opt_sync_kloop_eventfds", {
  opt: nested("nro_opt", NMREQ_OPTION),
  eventfds: array(nested("eventfds", KLOOP_EVENTFDS), 0),
});

/** Option NETMAP_REQ_OPT_SYNC_KLOOP_MODE, `struct nmreq_opt_sync_kloop_mode`. */
export interface NmreqOptSyncKloopMode {
  /** The common header. */
  readonly opt: NmreqOption;
  /** NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX. */
  mode: number;
}

/** Table of `struct nmreq_opt_sync_kloop_mode`. */
export const NMREQ_OPT_SYNC_KLOOP_MODE: StructLayout<NmreqOptSyncKloopMode> = defineStruct<
  NmreqOptSyncKloopMode
>("nmreq_opt_sync_kloop_mode", {
  opt: nested("nro_opt", NMREQ_OPTION),
  mode: u32("mode"),
});

/** Option NETMAP_REQ_OPT_EXTMEM, `struct nmreq_opt_extmem`. */
export interface NmreqOptExtmem {
  /** The common header. */
  readonly opt: NmreqOption;
  /** Address of the caller's memory. */
  usrptr: number;
  /** Pool sizes wanted, and those got on return. */
  info: NmreqPoolsInfo;
}

/** Table of `struct nmreq_opt_extmem`. */
export const NMREQ_OPT_EXTMEM: StructLayout<NmreqOptExtmem> = defineStruct<NmreqOptExtmem>(
  "nmreq_opt_extmem",
  {
    opt: nested("nro_opt", NMREQ_OPTION),
    usrptr: u64("nro_usrptr"),
    info: nested("nro_info", NMREQ_POOLS_INFO),
  },
);

/** Option NETMAP_REQ_OPT_CSB, `struct nmreq_opt_csb`. */
export interface NmreqOptCsb {
  /** The common header. */
  readonly opt: NmreqOption;
  /** Address of the array of `nm_csb_atok`, one for each bound ring. */
  csbAtok: number;
  /** Address of the array of `nm_csb_ktoa`, one for each bound ring. */
  csbKtoa: number;
}

/** Table of `struct nmreq_opt_csb`. */
export const NMREQ_OPT_CSB: StructLayout<NmreqOptCsb> = defineStruct<NmreqOptCsb>("nmreq_opt_csb", {
  opt: nested("nro_opt", NMREQ_OPTION),
  csbAtok: u64("csb_atok"),
  csbKtoa: u64("csb_ktoa"),
});

/** Option NETMAP_REQ_OPT_OFFSETS, `struct nmreq_opt_offsets`. */
export interface NmreqOptOffsets {
  /** The common header. */
  readonly opt: NmreqOption;
  /** Largest offset that will be used, in bytes; the one in force on return. */
  maxOffset: number;
  /** Offset that every slot has at first, in bytes. */
  initialOffset: number;
  /** Low bits of `ptr` that hold the offset; 0 for all 64; those in force on return. */
  offsetBits: number;
  /** Alignment in bytes that packets to send will have. */
  txAlign: number;
  /** Least bytes between packets and what surrounds them; reserved. */
  minGap: number;
}

/** Table of `struct nmreq_opt_offsets`. */
export const NMREQ_OPT_OFFSETS: StructLayout<NmreqOptOffsets> = defineStruct<NmreqOptOffsets>(
  "nmreq_opt_offsets",
  {
    opt: nested("nro_opt", NMREQ_OPTION),
    maxOffset: u64("nro_max_offset"),
    initialOffset: u64("nro_initial_offset"),
    offsetBits: u32("nro_offset_bits"),
    txAlign: u32("nro_tx_align"),
    minGap: u64("nro_min_gap"),
  },
);
