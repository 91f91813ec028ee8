/**
 * CSB entries: ring pointers exchanged through memory of the caller's own, a pair of cache lines for
 * each ring, so that neither side makes a system call to learn where the other is.
 *
 * ```
 *    application                                 loop
 *      cur, head  ----->  nm_csb_atok  ----->  reads head, then cur
 *      reads hwtail, then hwcur  <-----  nm_csb_ktoa  <-----  hwcur, hwtail
 * ```
 *
 * Order matters: `cur` is stored before `head`, `hwcur` before `hwtail`, and they are read the other
 * way round, so that a reader never sees `head` beyond `cur`.
 *
 * @module
 */

import { defineStruct, reserved, type StructLayout, u32 } from "./struct.ts";

/** Words of a CSB entry, either direction. */
export const CSB_ENTRY_WORDS = 16;
/** Word of `nm_csb_atok.head`. */
export const CSB_ATOK_HEAD = 0;
/** Word of `nm_csb_atok.cur`. */
export const CSB_ATOK_CUR = 1;
/** Word of `nm_csb_atok.appl_need_kick`. */
export const CSB_ATOK_APPL_NEED_KICK = 2;
/** Word of `nm_csb_atok.sync_flags`. */
export const CSB_ATOK_SYNC_FLAGS = 3;
/** Word of `nm_csb_ktoa.hwcur`. */
export const CSB_KTOA_HWCUR = 0;
/** Word of `nm_csb_ktoa.hwtail`. */
export const CSB_KTOA_HWTAIL = 1;
/** Word of `nm_csb_ktoa.kern_need_kick`. */
export const CSB_KTOA_KERN_NEED_KICK = 2;

/** `struct nm_csb_atok`: what the application tells. */
export interface NmCsbAtok {
  /** The ring's `head`. */
  head: number;
  /** The ring's `cur`. */
  cur: number;
  /** Not 0: the application wants to be woken. */
  applNeedKick: number;
  /** Flags of the sync that the loop is to do. */
  syncFlags: number;
}

/** Table of `struct nm_csb_atok`. */
export const NM_CSB_ATOK: StructLayout<NmCsbAtok> = defineStruct<NmCsbAtok>("nm_csb_atok", {
  head: u32("head"),
  cur: u32("cur"),
  applNeedKick: u32("appl_need_kick"),
  syncFlags: u32("sync_flags"),
  _pad: reserved(u32("pad"), 12),
});

/** `struct nm_csb_ktoa`: what the loop tells. */
export interface NmCsbKtoa {
  /** First slot that the device has not taken yet. */
  hwcur: number;
  /** First slot that is not the application's. */
  hwtail: number;
  /** Not 0: the loop wants to be woken. */
  kernNeedKick: number;
}

/** Table of `struct nm_csb_ktoa`. */
export const NM_CSB_KTOA: StructLayout<NmCsbKtoa> = defineStruct<NmCsbKtoa>("nm_csb_ktoa", {
  hwcur: u32("hwcur"),
  hwtail: u32("hwtail"),
  kernNeedKick: u32("kern_need_kick"),
  _pad: reserved(u32("pad"), 13),
});
