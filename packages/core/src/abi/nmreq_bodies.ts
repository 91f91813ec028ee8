/**
 * The bodies of the requests of API 14, one table each. DELIF, SYNC_KLOOP_STOP and CSB_ENABLE have
 * none.
 *
 * @module
 */

import {
  defineStruct,
  flags64,
  nested,
  reserved,
  type StructLayout,
  u16,
  u32,
  u64,
} from "./struct.ts";

/** Body of NETMAP_REQ_REGISTER, `struct nmreq_register`; counts of 0 leave the choice to netmap. */
export interface NmreqRegister {
  /** Returned: bytes from the start of the region to the port's `netmap_if`. */
  offset: number;
  /** Returned: bytes in the region. */
  memsize: number;
  /** Slots of a transmit ring. */
  txSlots: number;
  /** Slots of a receive ring. */
  rxSlots: number;
  /** Transmit rings. */
  txRings: number;
  /** Receive rings. */
  rxRings: number;
  /** Transmit rings towards the host stack. */
  hostTxRings: number;
  /** Receive rings from the host stack. */
  hostRxRings: number;
  /** The memory region: 1 is the common one, 0 leaves the choice to netmap. */
  memId: number;
  /** The ring, for the modes that bind one. */
  ringid: number;
  /** NR_REG_*. */
  mode: number;
  /** Extra buffers asked for; those got on return. */
  extraBufs: number;
  /** NR_EXCLUSIVE, NR_MONITOR_TX and the like. */
  flags: number;
}

/** Table of `struct nmreq_register`. */
export const NMREQ_REGISTER: StructLayout<NmreqRegister> = defineStruct<NmreqRegister>(
  "nmreq_register",
  {
    offset: u64("nr_offset"),
    memsize: u64("nr_memsize"),
    txSlots: u32("nr_tx_slots"),
    rxSlots: u32("nr_rx_slots"),
    txRings: u16("nr_tx_rings"),
    rxRings: u16("nr_rx_rings"),
    hostTxRings: u16("nr_host_tx_rings"),
    hostRxRings: u16("nr_host_rx_rings"),
    memId: u16("nr_mem_id"),
    ringid: u16("nr_ringid"),
    mode: u32("nr_mode"),
    extraBufs: u32("nr_extra_bufs"),
    flags: flags64("nr_flags"),
  },
);

/** Body of NETMAP_REQ_PORT_INFO_GET, `struct nmreq_port_info_get`. */
export interface NmreqPortInfoGet {
  /** Bytes in the region. */
  memsize: number;
  /** Slots of a transmit ring. */
  txSlots: number;
  /** Slots of a receive ring. */
  rxSlots: number;
  /** Transmit rings. */
  txRings: number;
  /** Receive rings. */
  rxRings: number;
  /** Transmit rings towards the host stack. */
  hostTxRings: number;
  /** Receive rings from the host stack. */
  hostRxRings: number;
  /** The memory region, asked for and returned. */
  memId: number;
}

/** Table of `struct nmreq_port_info_get`. */
export const NMREQ_PORT_INFO_GET: StructLayout<NmreqPortInfoGet> = defineStruct<NmreqPortInfoGet>(
  "nmreq_port_info_get",
  {
    memsize: u64("nr_memsize"),
    txSlots: u32("nr_tx_slots"),
    rxSlots: u32("nr_rx_slots"),
    txRings: u16("nr_tx_rings"),
    rxRings: u16("nr_rx_rings"),
    hostTxRings: u16("nr_host_tx_rings"),
    hostRxRings: u16("nr_host_rx_rings"),
    memId: u16("nr_mem_id"),
    _pad: reserved(u16("pad"), 3),
  },
);

/** Body of NETMAP_REQ_VALE_ATTACH, `struct nmreq_vale_attach`. */
export interface NmreqValeAttach {
  /** How the port is to be bound. */
  reg: NmreqRegister;
  /** Returned: the port's number in the switch. */
  portIndex: number;
}

/** Table of `struct nmreq_vale_attach`. */
export const NMREQ_VALE_ATTACH: StructLayout<NmreqValeAttach> = defineStruct<NmreqValeAttach>(
  "nmreq_vale_attach",
  {
    reg: nested("reg", NMREQ_REGISTER),
    portIndex: u32("port_index"),
    _pad1: reserved(u32("pad1")),
  },
);

/** Body of NETMAP_REQ_VALE_DETACH, `struct nmreq_vale_detach`. */
export interface NmreqValeDetach {
  /** Returned: the number that the port had in the switch. */
  portIndex: number;
}

/** Table of `struct nmreq_vale_detach`. */
export const NMREQ_VALE_DETACH: StructLayout<NmreqValeDetach> = defineStruct<NmreqValeDetach>(
  "nmreq_vale_detach",
  {
    portIndex: u32("port_index"),
    _pad1: reserved(u32("pad1")),
  },
);

/** Body of NETMAP_REQ_VALE_LIST, `struct nmreq_vale_list`. */
export interface NmreqValeList {
  /** The switch: where to go on from, or where the named port is. */
  bridgeIdx: number;
  /** The port within the switch. */
  portIdx: number;
}

/** Table of `struct nmreq_vale_list`. */
export const NMREQ_VALE_LIST: StructLayout<NmreqValeList> = defineStruct<NmreqValeList>(
  "nmreq_vale_list",
  {
    bridgeIdx: u16("nr_bridge_idx"),
    _pad1: reserved(u16("pad1")),
    portIdx: u32("nr_port_idx"),
  },
);

/** Body of NETMAP_REQ_PORT_HDR_SET and _GET, `struct nmreq_port_hdr`. */
export interface NmreqPortHdr {
  /** Bytes of the header before each frame: 0, 10 or 12. */
  hdrLen: number;
}

/** Table of `struct nmreq_port_hdr`. */
export const NMREQ_PORT_HDR: StructLayout<NmreqPortHdr> = defineStruct<NmreqPortHdr>(
  "nmreq_port_hdr",
  {
    hdrLen: u32("nr_hdr_len"),
    _pad1: reserved(u32("pad1")),
  },
);

/** Body of NETMAP_REQ_VALE_NEWIF, `struct nmreq_vale_newif`; counts of 0 leave the choice. */
export interface NmreqValeNewif {
  /** Slots of a transmit ring. */
  txSlots: number;
  /** Slots of a receive ring. */
  rxSlots: number;
  /** Transmit rings. */
  txRings: number;
  /** Receive rings. */
  rxRings: number;
  /** The memory region. */
  memId: number;
}

/** Table of `struct nmreq_vale_newif`. */
export const NMREQ_VALE_NEWIF: StructLayout<NmreqValeNewif> = defineStruct<NmreqValeNewif>(
  "nmreq_vale_newif",
  {
    txSlots: u32("nr_tx_slots"),
    rxSlots: u32("nr_rx_slots"),
    txRings: u16("nr_tx_rings"),
    rxRings: u16("nr_rx_rings"),
    memId: u16("nr_mem_id"),
    _pad1: reserved(u16("pad1")),
  },
);

/** Body of NETMAP_REQ_VALE_POLLING_ENABLE and _DISABLE, `struct nmreq_vale_polling`. */
export interface NmreqValePolling {
  /** NETMAP_POLLING_MODE_*. */
  mode: number;
  /** The first processor to poll on. */
  firstCpuId: number;
  /** How many processors poll. */
  numPollingCpus: number;
}

/** Table of `struct nmreq_vale_polling`. */
export const NMREQ_VALE_POLLING: StructLayout<NmreqValePolling> = defineStruct<NmreqValePolling>(
  "nmreq_vale_polling",
  {
    mode: u32("nr_mode"),
    firstCpuId: u32("nr_first_cpu_id"),
    numPollingCpus: u32("nr_num_polling_cpus"),
    _pad1: reserved(u32("pad1")),
  },
);

/** Body of NETMAP_REQ_POOLS_INFO_GET, `struct nmreq_pools_info`; EXTMEM carries it too. */
export interface NmreqPoolsInfo {
  /** Bytes in the region. */
  memsize: number;
  /** The memory region, asked for and returned. */
  memId: number;
  /** Bytes from the start of the region to the pool of `netmap_if`. */
  ifPoolOffset: number;
  /** Objects in the pool of `netmap_if`. */
  ifPoolObjtotal: number;
  /** Bytes of one of them. */
  ifPoolObjsize: number;
  /** Bytes from the start of the region to the pool of rings. */
  ringPoolOffset: number;
  /** Objects in the pool of rings. */
  ringPoolObjtotal: number;
  /** Bytes of one of them. */
  ringPoolObjsize: number;
  /** Bytes from the start of the region to the pool of buffers. */
  bufPoolOffset: number;
  /** Objects in the pool of buffers. */
  bufPoolObjtotal: number;
  /** Bytes of one of them. */
  bufPoolObjsize: number;
}

/** Table of `struct nmreq_pools_info`. */
export const NMREQ_POOLS_INFO: StructLayout<NmreqPoolsInfo> = defineStruct<NmreqPoolsInfo>(
  "nmreq_pools_info",
  {
    memsize: u64("nr_memsize"),
    memId: u16("nr_mem_id"),
    _pad1: reserved(u16("pad1"), 3),
    ifPoolOffset: u64("nr_if_pool_offset"),
    ifPoolObjtotal: u32("nr_if_pool_objtotal"),
    ifPoolObjsize: u32("nr_if_pool_objsize"),
    ringPoolOffset: u64("nr_ring_pool_offset"),
    ringPoolObjtotal: u32("nr_ring_pool_objtotal"),
    ringPoolObjsize: u32("nr_ring_pool_objsize"),
    bufPoolOffset: u64("nr_buf_pool_offset"),
    bufPoolObjtotal: u32("nr_buf_pool_objtotal"),
    bufPoolObjsize: u32("nr_buf_pool_objsize"),
  },
);

/** Body of NETMAP_REQ_SYNC_KLOOP_START, `struct nmreq_sync_kloop_start`. */
export interface NmreqSyncKloopStart {
  /** Microseconds to sleep when there is nothing to do. */
  sleepUs: number;
}

/** Table of `struct nmreq_sync_kloop_start`. */
export const NMREQ_SYNC_KLOOP_START: StructLayout<NmreqSyncKloopStart> = defineStruct<
  NmreqSyncKloopStart
>("nmreq_sync_kloop_start", {
  sleepUs: u32("sleep_us"),
  _pad1: reserved(u32("pad1")),
});
