/**
 * A VALE switch in the state image.
 *
 * ```
 *   switch record s                     port record p (the adapter's)
 *   S_LOCK S_FLAGS S_NUM_ACTIVE ...     V_SWITCH -> s
 *   S_PORTS[256]   -> p ----------->    V_PORT   -> index in S_PORTS
 *   S_ACTIVE[256]  indexes in use
 *   S_READERS[256] who flushes now
 *   S_FDB          -> forwarding table: F_WORDS words an entry, 4 entries a bucket
 * ```
 *
 * The owner alone changes the table of ports. It says so in S_WRITER and waits until no living
 * thread is flushing (S_READERS + its owner tag is not 0); a thread that died in a flush is not
 * waited for. Krings of a port of the switch appear, change mode and go away only in that time.
 *
 * A receive kring of a port has an array of K_NUM_SLOTS words at K_LEASES, made by the control
 * path. A port that wraps a device (`bwrap`) has krings of kind KIND.bwrap that share the
 * netmap_rings of the device's: K_PEER is the device's kring at the other side of the same ring, and
 * `notifyRing` on them runs the device's txsync. Host rings of a device have a port record of
 * their own, whose P_TX and P_RX point at the last krings of the wrapper.
 *
 * A notification may forward in the same thread: a persistent port can be attached to two switches.
 * So a flush has nothing alive in scratch memory of its thread while it notifies.
 *
 * An entry of the forwarding table is two words that are matched together, so that a torn read is
 * a miss and never a wrong port: F_MAC_LO (sealed, see `data_path/fdb.ts`), and the upper 16 bits
 * of the address with the port's number + 1 in F_MAC_HI_PORT (0 = empty). F_TIME is the time of
 * the last frame from it, in seconds.
 *
 * @module
 */

import { K_FEATURE, P_FEATURE } from "@netmap/engine";

/** Ports of a switch; index 255 is never a port. */
export const MAX_PORTS = 254;
/** Destination of frames for everybody (`NM_BDG_BROADCAST`). */
export const BROADCAST = 254;
/** Destination of frames for nobody (`NM_BDG_NOPORT`). */
export const NO_PORT = 255;
/** Rings of a port of a switch, in each direction (`NM_BDG_MAXRINGS`). */
export const MAX_RINGS = 16;
/** Slots of a ring of a switch's port (`NM_BDG_MAXSLOTS`). */
export const MAX_SLOTS = 4096;
/** Slots of a ring of a switch's port where nobody says otherwise. */
export const DEFAULT_SLOTS = 1024;

// Switch record.
/** Lock of the record; free, as the owner alone changes it. */
export const S_LOCK = 0;
/** Not 0 while the owner changes the table of ports. */
export const S_WRITER = 1;
/** `S_FLAG_*`. */
export const S_FLAGS = 2;
/** How many ports there are, and the list of their indexes at S_ACTIVE. */
export const S_NUM_ACTIVE = 3;
/** First word of the forwarding table, and its number of buckets - 1. */
export const S_FDB = 4;
/** Buckets of the forwarding table - 1. */
export const S_FDB_MASK = 5;
/** Number of the module whose lookup decides, 0 for the learning bridge. */
export const S_MODULE = 6;
/** Seconds of the engine's clock, written by whoever flushes: the age of entries counts from it. */
export const S_NOW = 7;
/** Seconds after which a silent address is unknown again; 0 for DEFAULT_MAX_AGE, below 0 never. */
export const S_MAX_AGE = 8;
/** How often the switch's module threw, in all threads. */
export const S_MODULE_ERRORS = 9;
/** Port record of each number; 0 where there is none. */
export const S_PORTS = 32;
/** Numbers that are in use, S_NUM_ACTIVE of them. */
export const S_ACTIVE: number = S_PORTS + 256;
/** A word a thread, by owner tag: not 0 while it forwards. */
export const S_READERS: number = S_ACTIVE + 256;
/** Words of the record. */
export const SWITCH_WORDS: number = S_READERS + 256;

/** Unicast frames move by swapping buffers where both rings are in one region. */
export const S_FLAG_ZERO_COPY = 1;

// Port record, from P_FEATURE on.
/** The switch's record; 0 while the port is attached to none. */
export const V_SWITCH: number = P_FEATURE;
/** Number of the port in its switch. */
export const V_PORT: number = P_FEATURE + 1;
/** The switch does not send to the port (nobody has it open, or it is being detached). */
export const V_CLOSED: number = P_FEATURE + 2;
/** `V_FLAG_*`. */
export const V_FLAGS: number = P_FEATURE + 3;
/**
 * The port's rings are filled by another process than the one that syncs them: NS_INDIRECT is
 * refused, as its addresses would be read in the wrong one.
 */
export const V_FLAG_FOREIGN = 1;

// Kring of a port that receives: K_LEASES is a word a slot, see `data_path/lease.ts`.
/** Bit of K_FLAGS: the kring is a wrapper's (`bwrap.ts`); its kind may be hidden by a monitor's. */
export const NKR_BWRAP = 0x100;
/** The oldest lease that is not published yet. */
export const VK_FIRST_LEASE: number = K_FEATURE;

// Forwarding table.
/** Default of S_MAX_AGE, as in 802.1D. (netmap forgets an address never.) */
export const DEFAULT_MAX_AGE = 300;
/** Words of an entry. */
export const F_WORDS = 4;
/** Entries of a bucket. */
export const F_WAYS = 4;
/** Lower 32 bits of the address, sealed. */
export const F_MAC_LO = 0;
/** Upper 16 bits of the address, and the port's number + 1. */
export const F_MAC_HI_PORT = 1;
/** Seconds at which it was heard of last. */
export const F_TIME = 2;
/** Buckets by default: 4096 addresses. */
export const F_BUCKETS = 1024;
