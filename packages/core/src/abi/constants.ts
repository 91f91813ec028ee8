/**
 * The constants of netmap's API 14, under netmap's names, so that one search finds them in C and
 * here. Those of the older `struct nmreq` interface are in `legacy.ts`, ioctl numbers in `ioctl.ts`.
 *
 * Sources: `net/netmap.h` and netmap(4).
 *
 * @module
 */

// --- versions and sizes ---

/** The version of the API that this package speaks. */
export const NETMAP_API = 14;
/** The lowest version that a NIOCCTRL request may carry. */
export const NETMAP_MIN_API = 14;
/** The highest version that a NIOCCTRL request may carry. */
export const NETMAP_MAX_API = 15;
/** Alignment in bytes of the part of a ring that two sides write. */
export const NM_CACHE_ALIGN = 128;
/** Most slots that one packet may span. */
export const NETMAP_MAX_FRAGS = 64;
/** Bytes for a port name in a request, with its NUL. */
export const NETMAP_REQ_IFNAMSIZ = 64;
/** Most bytes that the body and all options of a request may take together. */
export const NETMAP_REQ_MAXSIZE = 4096;
/** Bytes for an interface name in `netmap_if` and `struct nmreq`, with its NUL. */
export const IFNAMSIZ = 16;
/** What the name of a VALE switch begins with. */
export const NM_BDG_NAME = "vale";
/** Where the kernel's control device usually is. */
export const NETMAP_DEVICE_NAME = "/dev/netmap";

// --- slot flags (netmap_slot.flags) ---

/** The slot has another `buf_idx` than before. */
export const NS_BUF_CHANGED = 0x0001;
/** Ask the hardware to report when this slot was sent. */
export const NS_REPORT = 0x0002;
/** Pass this packet on to the peer ring (between the host stack and the NIC). */
export const NS_FORWARD = 0x0004;
/** VALE: do not learn the source address of this packet. */
export const NS_NO_LEARN = 0x0008;
/** VALE, transmit: the data is at the address in `ptr`, not in the buffer. */
export const NS_INDIRECT = 0x0010;
/** The packet goes on in the next slot. */
export const NS_MOREFRAG = 0x0020;
/** Monitors: the packet was seen on a transmit ring. */
export const NS_TXMON = 0x0040;
/** Where the upper byte of the flags starts: destination port (tx) or count of fragments (rx). */
export const NS_PORT_SHIFT = 8;
/** Mask of that upper byte. */
export const NS_PORT_MASK = 0xff00;

// --- ring flags (netmap_ring.flags) ---

/** Note the time of each sync in `ts`. */
export const NR_TIMESTAMP = 0x0002;
/** Allow {@linkcode NS_FORWARD} on this ring's slots. */
export const NR_FORWARD = 0x0004;

// --- netmap_if.ni_flags ---

/** The port lives in a memory region of its own. */
export const NI_PRIV_MEM = 0x1;

// --- requests (nmreq_header.nr_reqtype) ---

/** Bind a port to the descriptor. */
export const NETMAP_REQ_REGISTER = 1;
/** Ask about a port without binding it. */
export const NETMAP_REQ_PORT_INFO_GET = 2;
/** Attach a port to a VALE switch. */
export const NETMAP_REQ_VALE_ATTACH = 3;
/** Take a port off a VALE switch. */
export const NETMAP_REQ_VALE_DETACH = 4;
/** Look up or enumerate the ports of VALE switches. */
export const NETMAP_REQ_VALE_LIST = 5;
/** Set the length of the header that goes before each frame. */
export const NETMAP_REQ_PORT_HDR_SET = 6;
/** Get the length of the header that goes before each frame. */
export const NETMAP_REQ_PORT_HDR_GET = 7;
/** Create a persistent VALE port. */
export const NETMAP_REQ_VALE_NEWIF = 8;
/** Destroy a persistent VALE port. */
export const NETMAP_REQ_VALE_DELIF = 9;
/** Have a VALE port polled by threads of its own. */
export const NETMAP_REQ_VALE_POLLING_ENABLE = 10;
/** End that polling. */
export const NETMAP_REQ_VALE_POLLING_DISABLE = 11;
/** Ask how a memory region is divided into pools. */
export const NETMAP_REQ_POOLS_INFO_GET = 12;
/** Run a loop that syncs the rings until it is stopped. */
export const NETMAP_REQ_SYNC_KLOOP_START = 13;
/** Stop that loop. */
export const NETMAP_REQ_SYNC_KLOOP_STOP = 14;
/** Exchange ring pointers through CSB entries from now on. */
export const NETMAP_REQ_CSB_ENABLE = 15;

// --- options (nmreq_option.nro_reqtype) ---

/** REGISTER: use the caller's memory as the port's region. */
export const NETMAP_REQ_OPT_EXTMEM = 1;
/** SYNC_KLOOP_START: wake and be woken through eventfds. */
export const NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS = 2;
/** REGISTER, CSB_ENABLE: where the CSB entries are. */
export const NETMAP_REQ_OPT_CSB = 3;
/** SYNC_KLOOP_START: sync in the context of the waker. */
export const NETMAP_REQ_OPT_SYNC_KLOOP_MODE = 4;
/** REGISTER: packets may start inside their buffers, at an offset kept in `ptr`. */
export const NETMAP_REQ_OPT_OFFSETS = 5;
/** One more than the highest option. */
export const NETMAP_REQ_OPT_MAX = 6;

// --- nmreq_register.nr_mode ---

/** No mode: refused by API 14, kept for `struct nmreq`. */
export const NR_REG_DEFAULT = 0;
/** All rings of the NIC. */
export const NR_REG_ALL_NIC = 1;
/** The host rings only. */
export const NR_REG_SW = 2;
/** All rings of the NIC and the host rings. */
export const NR_REG_NIC_SW = 3;
/** One pair of NIC rings, `nr_ringid`. */
export const NR_REG_ONE_NIC = 4;
/** Master side of pipe `nr_ringid`; the name `x{id` says it better. */
export const NR_REG_PIPE_MASTER = 5;
/** Slave side of pipe `nr_ringid`; the name `x}id` says it better. */
export const NR_REG_PIPE_SLAVE = 6;
/** A port with no device behind it. */
export const NR_REG_NULL = 7;
/** One pair of host rings, `nr_ringid`. */
export const NR_REG_ONE_SW = 8;

// --- nmreq_register.nr_flags ---

/** Watch the transmit rings of the port. */
export const NR_MONITOR_TX = 0x100;
/** Watch the receive rings of the port. */
export const NR_MONITOR_RX = 0x200;
/** Watch without copying, by swapping buffers. */
export const NR_ZCOPY_MON = 0x400;
/** Nobody else may bind the chosen rings. */
export const NR_EXCLUSIVE = 0x800;
/** Bind the receive rings only. */
export const NR_RX_RINGS_ONLY = 0x2000;
/** Bind the transmit rings only. */
export const NR_TX_RINGS_ONLY = 0x4000;
/** The application understands frames that begin with a virtio-net header. */
export const NR_ACCEPT_VNET_HDR = 0x8000;
/** poll() gives back receive slots even without POLLIN. */
export const NR_DO_RX_POLL = 0x10000;
/** poll() sends only with POLLOUT. */
export const NR_NO_TX_POLL = 0x20000;

// --- nmreq_vale_polling.nr_mode ---

/** One thread, on `nr_first_cpu_id`, for all rings. */
export const NETMAP_POLLING_MODE_SINGLE_CPU = 1;
/** `nr_num_polling_cpus` threads, a ring each. */
export const NETMAP_POLLING_MODE_MULTI_CPU = 2;

// --- nmreq_opt_sync_kloop_mode.mode ---

/** Transmit rings are synced by whoever kicks them. */
export const NM_OPT_SYNC_KLOOP_DIRECT_TX = 1;
/** Receive rings are synced by whoever kicks them. */
export const NM_OPT_SYNC_KLOOP_DIRECT_RX = 2;
