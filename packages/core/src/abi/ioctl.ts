/**
 * ioctl numbers. Both systems pack direction, size of the argument, group letter and number into
 * one word; they differ in how they write "no argument" and in the width of the size.
 *
 * ```
 *            31..29/30   ..16   15..8    7..0
 *   Linux    direction   size   'i'      number     no argument: direction 0
 *   FreeBSD  in|out|void size   'i'      number     no argument: void, bit 29
 * ```
 *
 * @module
 */

import type { ErrnoOs } from "../errno.ts";
import { NM_IFREQ, NMREQ } from "./legacy.ts";
import { NMREQ_HEADER } from "./nmreq_header.ts";

/** The numbers of netmap's ioctls on one system; all are unsigned 32-bit. */
export interface NetmapIoctls {
  /** Ask about a port, `struct nmreq`. */
  readonly NIOCGINFO: number;
  /** Bind a port and all else that `nr_cmd` says, `struct nmreq`. */
  readonly NIOCREGIF: number;
  /** Sync the bound transmit rings; no argument. */
  readonly NIOCTXSYNC: number;
  /** Sync the bound receive rings; no argument. */
  readonly NIOCRXSYNC: number;
  /** Message to a switch module, `struct nm_ifreq`. */
  readonly NIOCCONFIG: number;
  /** Every request of API 14, `struct nmreq_header`. */
  readonly NIOCCTRL: number;
}

const GROUP = 0x69; // 'i'
const VOID: Readonly<Record<ErrnoOs, number>> = { linux: 0, freebsd: 0x2000_0000 };
const SIZE_MASK: Readonly<Record<ErrnoOs, number>> = { linux: 0x3fff, freebsd: 0x1fff };

function io(os: ErrnoOs, number: number): number {
  return (VOID[os] | (GROUP << 8) | number) >>> 0;
}

function iowr(os: ErrnoOs, number: number, size: number): number {
  return (0xc000_0000 | ((size & SIZE_MASK[os]) << 16) | (GROUP << 8) | number) >>> 0;
}

function ioctls(os: ErrnoOs): NetmapIoctls {
  return {
    NIOCGINFO: iowr(os, 145, NMREQ.size),
    NIOCREGIF: iowr(os, 146, NMREQ.size),
    NIOCTXSYNC: io(os, 148),
    NIOCRXSYNC: io(os, 149),
    NIOCCONFIG: iowr(os, 150, NM_IFREQ.size),
    NIOCCTRL: iowr(os, 151, NMREQ_HEADER.size),
  };
}

/** netmap's ioctl numbers by system. */
export const NETMAP_IOCTLS: Readonly<Record<ErrnoOs, NetmapIoctls>> = {
  linux: ioctls("linux"),
  freebsd: ioctls("freebsd"),
};
