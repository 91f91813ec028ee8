/**
 * The state image: everything that the data path touches, as 32-bit words in one memfd.
 *
 * ```
 *   word 0        IMAGE_*      header: magic, sizes, region table
 *        ATTACH_TABLE          who runs the data path: pid and tid of each attached thread
 *        DESC_TABLE            one record a descriptor: its rings, its wake-up word
 *        HEAP                  ports, krings, leases, forwarding tables: allocated by the owner
 * ```
 *
 * A record is named by the word at which it begins (`k` for a kring, `p` for a port, `d` for a
 * descriptor); its fields are constants added to it: `state[k + K_HWCUR]`. Any thread or process
 * that maps the image can run the data path, as processes run netmap's in their own system calls.
 *
 * Counters are doubles (exact to 2^53) in the second half of a kring, so that they never wrap.
 *
 * @module
 */

/** Words in the image: sparse, so that only what is used costs memory. */
export const IMAGE_WORDS: number = 1 << 26;
/** First word of the image. */
export const IMAGE_MAGIC = 0x6e6d7031;

// Header.
/** Word of the magic number. */
export const IMAGE_MAGIC_AT = 0;
/** Word of the owner's process id. */
export const IMAGE_OWNER_PID = 1;
/** Number of the layout; a thread refuses an image of another one. */
export const IMAGE_LAYOUT_AT = 2;
/** How many eventfds were given to wake-up words: what {@link D_FD_SERIAL} is taken from. */
export const IMAGE_FD_SERIAL = 3;
/** The layout that this code reads and writes. */
export const IMAGE_LAYOUT = 1;
/** Region table: for region slot r, `REGION_ENTRY_WORDS` words at `REGION_TABLE + r * 4`. */
export const REGION_TABLE = 64;
/** Words of an entry of the region table. */
export const REGION_ENTRY_WORDS = 4;
/** Entries of the region table. */
export const MAX_REGIONS = 256;
/** Size of the region in pages of 4096 bytes; 0 when the slot is free. */
export const REGION_PAGES = 0;
/** Its memfd, or a user's own file, in the owner's process. */
export const REGION_FD = 1;
/** Grows when a slot is used again, so that a stale mapping is noticed. */
export const REGION_GENERATION = 2;
/** Where the region begins in that file, in pages. */
export const REGION_OFFSET = 3;

// Threads that run the data path. A lock word holds the index of its owner in this table + 1.
/** First word of the table of threads. */
export const ATTACH_TABLE = 2048;
/** Words of an entry of it. */
export const ATTACH_WORDS = 4;
/** Threads that may run the data path at a time. */
export const MAX_ATTACHED = 255;
/** Process of the thread. */
export const ATTACH_PID = 0;
/** The thread, 0 when the entry is free. */
export const ATTACH_TID = 1;

// Descriptors.
/** First word of the table of descriptors. */
export const DESC_TABLE = 4096;
/** Words of a descriptor record. */
export const DESC_WORDS = 32;
/** Descriptors that may be open at a time. */
export const MAX_DESCRIPTORS = 4096;
/** The port record, 0 when the descriptor is free or its port went away. */
export const D_PORT = 0;
/** First kring of the transmit range, and how many. */
export const D_TX = 1;
/** How many transmit krings. */
export const D_TX_COUNT = 2;
/** First kring of the receive range, and how many. */
export const D_RX = 3;
/** How many receive krings. */
export const D_RX_COUNT = 4;
/** Region slot of the port's memory. */
export const D_REGION = 5;
/** Byte offset of the descriptor's `netmap_if` in that region. */
export const D_NIFP = 6;
/** `D_FLAG_*`. */
export const D_FLAGS = 7;
/** Wake-up word: `WAKE_*`. */
export const D_WAKE = 8;
/** eventfd to signal, and the process in which it has that number. */
export const D_FD = 9;
/** The process in which D_FD is the eventfd. */
export const D_FD_PID = 10;
/** Thread (gettid) that runs the descriptor's kloop, 0 for none; and what is asked of it. */
export const D_KLOOP = 11;
/** `KLOOP_*`. */
export const D_KLOOP_FLAGS = 12;
/** With D_FLAG_CSB: descriptor, in the owner's process, of the file that the atok entries are in. */
export const D_CSB_ATOK_FD = 13;
/** First atok entry: its byte in that file divided by the size of an entry. */
export const D_CSB_ATOK_AT = 14;
/** The same file's descriptor for the ktoa entries. */
export const D_CSB_KTOA_FD = 15;
/** The same place for the ktoa entries. */
export const D_CSB_KTOA_AT = 16;
/**
 * Changes with D_FD: by it a process that holds a copy of the eventfd sees that it is of another.
 */
export const D_FD_SERIAL = 17;
/** Counters of the kloop: doubles at (d >> 1) + D_KLOOP_COUNTERS and behind it, 7 of them. */
export const D_KLOOP_COUNTERS = 9;
/** The kloop is to end; it stays until a loop has seen it. */
export const KLOOP_STOPPING = 1;
/** poll() also transmits (no `NR_NO_TX_POLL`). */
export const D_FLAG_TX_POLL = 1;
/** The descriptor's port is served through a CSB; plain syncs are refused. */
export const D_FLAG_CSB = 2;

/** Nobody waits on the descriptor: a notifier has nothing to do. */
export const WAKE_NONE = 0;
/** Somebody waits once: the notifier clears the word and signals the eventfd. */
export const WAKE_ONCE = 1;
/** The eventfd was handed out: every notification signals it. */
export const WAKE_ALWAYS = 2;

// Heap.
/** First word of what the owner allocates. */
export const HEAP: number = DESC_TABLE + DESC_WORDS * MAX_DESCRIPTORS;

// A port: an adapter's part of the image.
/** Words of a port record. */
export const PORT_WORDS = 48;
/** First transmit kring (host rings stand behind the NIC's), and how many of each. */
export const P_TX = 0;
/** Transmit rings. */
export const P_TX_RINGS = 1;
/** Host transmit rings. */
export const P_HOST_TX_RINGS = 2;
/** First receive kring. */
export const P_RX = 3;
/** Receive rings. */
export const P_RX_RINGS = 4;
/** Host receive rings. */
export const P_HOST_RX_RINGS = 5;
/** Region slot of its memory. */
export const P_REGION = 6;
/** Bytes of virtio-net header before each frame: 0, 10 or 12. */
export const P_VNET_HDR = 7;
/** Largest frame that it takes, in bytes. */
export const P_MAX_FRAME = 8;
/** Words from here to the end of the record belong to the port's feature. */
export const P_FEATURE = 16;

// A kring.
/** Words of a kring. */
export const KRING_WORDS = 64;
/** Who runs txsync/rxsync on it now: 0 or an owner tag (`nr_busy`). */
export const K_BUSY = 0;
/** Who changes hwtail and leases now: 0 or an owner tag (`q_lock`). */
export const K_LOCK = 1;
/** Not 0 while the ring is stopped for a change: `KR_STOPPED` or `KR_LOCKED`. */
export const K_STOPPED = 2;
/** Index of the port kind whose txsync/rxsync serves it. */
export const K_KIND = 3;
/** NR_TX or NR_RX. */
export const K_DIR = 4;
/** Number of the ring in its direction. */
export const K_RING_ID = 5;
/** Word at which its netmap_ring begins in the region; 0 while there is none. */
export const K_RING = 6;
/** Region slot of its memory. */
export const K_REGION = 7;
/** Slots of the ring. */
export const K_NUM_SLOTS = 8;
/** Copies of the user's head and cur, checked; and of the tail that was told. */
export const K_RHEAD = 9;
/** Copy of the user's cur, checked. */
export const K_RCUR = 10;
/** The tail that the user was told. */
export const K_RTAIL = 11;
/** First slot not yet processed, and first slot that the user may not touch. */
export const K_HWCUR = 12;
/** First slot that the user may not touch. */
export const K_HWTAIL = 13;
/** `NKR_*`. */
export const K_FLAGS = 14;
/** NKR_NETMAP_ON or NKR_NETMAP_OFF. */
export const K_MODE = 15;
/** The mode that it is about to have. */
export const K_PENDING_MODE = 16;
/** Descriptors bound to it. */
export const K_USERS = 17;
/** Its port record. */
export const K_PORT = 18;
/** Word at which buffer 0 begins in the region, words a buffer, and how many there are. */
export const K_BUF_BASE = 19;
/** Words of a buffer. */
export const K_BUF_WORDS = 20;
/** Buffers in the region. */
export const K_NUM_BUFS = 21;
/** Leases (VALE): slots promised to senders that are still copying. */
export const K_LEASES = 22;
/** First slot that is not leased. */
export const K_HWLEASE = 23;
/** Next entry of the leases to use. */
export const K_LEASE_IDX = 24;
/** The ring at the other end (pipes), and the tail that it published. */
export const K_PEER = 25;
/** The tail that the other end published. */
export const K_PEER_TAIL = 26;
/** First node of the list of descriptors to wake; 0 when empty. */
export const K_WAITERS = 27;
/** Index into the owner's table of local resources (sockets and their like). */
export const K_LOCAL = 28;
/** Words from here to the counters belong to the port's feature. */
export const K_FEATURE = 29;
/** How many words a feature has there. */
export const K_FEATURE_WORDS = 3;

// Counters: doubles at (k >> 1) + C_*.
/** Packets that went through. */
export const C_PACKETS = 16;
/** Their bytes. */
export const C_BYTES = 17;
/** Syncs. */
export const C_BATCHES = 18;
/** Receiver had no room. */
export const C_DROP_NO_ROOM = 19;
/** A slot's len, fragments or buffer index made no packet. */
export const C_DROP_BAD_SLOT = 20;
/** Nobody to deliver to. */
export const C_DROP_NO_DESTINATION = 21;
/** Longer than what the receiver takes. */
export const C_DROP_TOO_LONG = 22;
/** The interface refused it. */
export const C_DROP_DEVICE = 23;
/** Times that the ring was reset because of a bad head or cur. */
export const C_REINITS = 24;
/** Buffer indexes that were replaced because they were out of range. */
export const C_BAD_BUFFERS = 25;

/**
 * Number of the port kind whose `notify` runs in place of waking the ring's descriptors; 0 for
 * none (`nm_notify` that somebody has taken over). It stands behind the counters.
 */
export const K_NOTIFY = 52;

// Offsets of packets in their buffers (NETMAP_REQ_OPT_OFFSETS), see `offsets.ts`.
/** Bits of a slot's `ptr` that hold an offset, low word; 0 while nobody asked for offsets. */
export const K_OFFSET_MASK = 53;
/** The high word of these bits. */
export const K_OFFSET_MASK_HI = 54;
/** Largest offset, in bytes. */
export const K_OFFSET_MAX = 55;
/** Least bytes from one packet to the next in a buffer; 0 where buffers are not shared. */
export const K_OFFSET_GAP = 56;

/**
 * Monitors of the ring: its own port kind and who takes its notifications while monitors stand
 * before them, the first node of the list of copy monitors, and the ring of the first zero-copy
 * monitor.
 */
export const K_MON_KIND = 57;
/** Who takes the notifications of a monitored ring. */
export const K_MON_NOTIFY = 58;
/** First node of the list of copy monitors. */
export const K_MON_COPIES = 59;
/** Ring of the first zero-copy monitor; in a monitor's ring, that of the next one. */
export const K_MON_NEXT = 60;
/** Slot up to which copy monitors have seen the ring. */
export const K_MON_TAIL = 61;
/** In a monitor's ring: which directions it asked for, `NR_MONITOR_TX | NR_MONITOR_RX`. */
export const K_MON_DIRS = 62;

// A node of the list of descriptors to wake.
/** Words of a node. */
export const WAITER_WORDS = 2;
/** The descriptor to wake. */
export const WAITER_DESC = 0;
/** The next node, 0 at the end. */
export const WAITER_NEXT = 1;

/** The ring has to exist although no user asked for it (`nr_kflags`). */
export const NKR_NEEDRING = 0x2;
/** One user alone may have the ring. */
export const NKR_EXCLUSIVE = 0x1;
/** Its buffers belong to another ring. */
export const NKR_FAKERING = 0x8;

/** Nobody has the ring. */
export const NKR_NETMAP_OFF = 0;
/** The ring is in use. */
export const NKR_NETMAP_ON = 1;

/** The ring will not run again: syncs report an error. */
export const KR_STOPPED = 1;
/** The ring is stopped for a moment: syncs skip it. */
export const KR_LOCKED = 2;

/** Direction of a ring, as in `netmap_ring.dir`. */
export const NR_TX = 0;
/** Direction of receive rings, as in `netmap_ring.dir`. */
export const NR_RX = 1;
