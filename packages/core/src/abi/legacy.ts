/**
 * The interface before API 14: one `struct nmreq` for every purpose, with `nr_cmd` to say which, and
 * `nr_arg1..3` that mean something else for each.
 *
 * ```
 *   nr_cmd            ioctl      nr_arg1            nr_arg2        nr_arg3      nr_flags
 *   0                 NIOCREGIF  -                  memory region  extra bufs   mode and flags
 *   0                 NIOCGINFO  -                  memory region  -            -
 *   BDG_ATTACH        NIOCREGIF  BDG_HOST or 0      memory region  extra bufs   flags
 *   BDG_LIST          NIOCGINFO  switch             port           -            -
 *   BDG_VNET_HDR,
 *   VNET_HDR_GET      NIOCREGIF  header length      -              -            -
 *   BDG_NEWIF         NIOCREGIF  -                  memory region  -            -
 *   BDG_POLLING_ON,
 *   BDG_POLLING_OFF   NIOCREGIF  processors         -              -            mode
 * ```
 *
 * Sources: `net/netmap_legacy.h` and netmap(4).
 *
 * @module
 */

import { IFNAMSIZ } from "./constants.ts";
import { chars, defineStruct, reserved, type StructLayout, u16, u32 } from "./struct.ts";

// --- nmreq.nr_ringid ---

/** Bind the one pair of NIC rings in the low bits. */
export const NETMAP_HW_RING = 0x4000;
/** Bind the host rings only. */
export const NETMAP_SW_RING = 0x2000;
/** The bits that hold a ring's number. */
export const NETMAP_RING_MASK = 0x0fff;
/** poll() sends only with POLLOUT. */
export const NETMAP_NO_TX_POLL = 0x1000;
/** poll() gives back receive slots even without POLLIN. */
export const NETMAP_DO_RX_POLL = 0x8000;

// --- nmreq.nr_cmd ---

/** Attach a port to a VALE switch. */
export const NETMAP_BDG_ATTACH = 1;
/** Take a port off a VALE switch. */
export const NETMAP_BDG_DETACH = 2;
/** Kernel modules only: install callbacks on a switch. */
export const NETMAP_BDG_REGOPS = 3;
/** Look up or enumerate ports of switches. */
export const NETMAP_BDG_LIST = 4;
/** Set the length of the virtio-net header, in `nr_arg1`. */
export const NETMAP_BDG_VNET_HDR = 5;
/** Create a persistent VALE port. */
export const NETMAP_BDG_NEWIF = 6;
/** Destroy a persistent VALE port. */
export const NETMAP_BDG_DELIF = 7;
/** Passthrough, no longer supported: start. */
export const NETMAP_PT_HOST_CREATE = 8;
/** Passthrough, no longer supported: stop. */
export const NETMAP_PT_HOST_DELETE = 9;
/** Have a VALE port polled by threads of its own. */
export const NETMAP_BDG_POLLING_ON = 10;
/** End that polling. */
export const NETMAP_BDG_POLLING_OFF = 11;
/** Get the length of the virtio-net header, in `nr_arg1`. */
export const NETMAP_VNET_HDR_GET = 12;
/** `nr_arg1` of NETMAP_BDG_ATTACH: attach the host rings too. */
export const NETMAP_BDG_HOST = 1;

/** The bits of `nr_flags` that hold an NR_REG_* mode. */
export const NR_REG_MASK = 0xf;
/** Bytes of data in `struct nm_ifreq`. */
export const NM_IFRDATA_LEN = 256;

/** `struct nmreq`. */
export interface Nmreq {
  /** The port, at most 15 bytes. */
  name: string;
  /** The API version. */
  version: number;
  /** Returned: bytes from the start of the region to the port's `netmap_if`. */
  offset: number;
  /** Returned: bytes in the region, modulo 2^32. */
  memsize: number;
  /** Slots of a transmit ring. */
  txSlots: number;
  /** Slots of a receive ring. */
  rxSlots: number;
  /** Transmit rings. */
  txRings: number;
  /** Receive rings. */
  rxRings: number;
  /** A ring's number, NETMAP_HW_RING, NETMAP_SW_RING, NETMAP_NO_TX_POLL, NETMAP_DO_RX_POLL. */
  ringid: number;
  /** 0 or NETMAP_BDG_*. */
  cmd: number;
  /** As `cmd` has it. */
  arg1: number;
  /** Memory region, or as `cmd` has it. */
  arg2: number;
  /** Extra buffers. */
  arg3: number;
  /** NR_REG_* and flags; mode 0 leaves the choice to `ringid`. */
  flags: number;
}

/** Table of `struct nmreq`: 60 bytes. */
export const NMREQ: StructLayout<Nmreq> = defineStruct<Nmreq>("nmreq", {
  name: chars("nr_name", IFNAMSIZ),
  version: u32("nr_version"),
  offset: u32("nr_offset"),
  memsize: u32("nr_memsize"),
  txSlots: u32("nr_tx_slots"),
  rxSlots: u32("nr_rx_slots"),
  txRings: u16("nr_tx_rings"),
  rxRings: u16("nr_rx_rings"),
  ringid: u16("nr_ringid"),
  cmd: u16("nr_cmd"),
  arg1: u16("nr_arg1"),
  arg2: u16("nr_arg2"),
  arg3: u32("nr_arg3"),
  flags: u32("nr_flags"),
  _spare2: reserved(u32("spare2"), 1),
});

/** `struct nm_ifreq`, the argument of NIOCCONFIG; its data is reached with `structBytes`. */
export interface NmIfreq {
  /** The switch port, at most 15 bytes. */
  name: string;
}

/** Table of `struct nm_ifreq`. */
export const NM_IFREQ: StructLayout<NmIfreq> = defineStruct<NmIfreq>("nm_ifreq", {
  name: chars("nifr_name", IFNAMSIZ),
  _data: reserved(chars("data", NM_IFRDATA_LEN)),
});
