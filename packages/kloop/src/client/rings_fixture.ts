/**
 * A port's memory laid out by hand, with nobody behind it: so that the tests of the client's half can
 * be the loop themselves.
 */

import {
  closeFd,
  createMemfd,
  CSB_ATOK_APPL_NEED_KICK,
  CSB_ENTRY_WORDS,
  CSB_KTOA_HWCUR,
  CSB_KTOA_HWTAIL,
  CSB_KTOA_KERN_NEED_KICK,
  IF_RING_OFS,
  IF_RX_RINGS,
  IF_TX_RINGS,
  mapMemory,
  type Mapping,
  RING_BUF_OFS,
  RING_BUF_SIZE,
  RING_NUM_SLOTS,
  RING_RINGID_DIR,
  RING_SLOTS,
  SLOT_WORDS,
} from "@netmap/core";
import { createCsb, type Csb } from "./csb.ts";
import { createEventfds, type EventfdPairs } from "./eventfds.ts";

/** Slots of each ring. */
export const SLOTS = 8;
const PAGE = 4096;
const BUF = 2048;

/** One transmit and one receive ring, their entries and eventfds. */
export class HandMadePort implements Disposable {
  readonly memory: Mapping;
  readonly csb: Csb;
  readonly eventfds: EventfdPairs;
  readonly nifp = 0;

  constructor() {
    const bytes = 3 * PAGE + 2 * SLOTS * BUF;
    const fd = createMemfd("hand-made", bytes);
    this.memory = mapMemory(fd, bytes);
    closeFd(fd);
    const { i32 } = this.memory;
    i32[IF_TX_RINGS] = i32[IF_RX_RINGS] = 1;
    i32[IF_RING_OFS] = PAGE;
    i32[IF_RING_OFS + 2] = 2 * PAGE;
    for (const dir of [0, 1]) {
      const r = (1 + dir) * PAGE / 4;
      i32[r + RING_NUM_SLOTS] = SLOTS;
      i32[r + RING_BUF_SIZE] = BUF;
      i32[r + RING_BUF_OFS] = (2 - dir) * PAGE;
      i32[r + RING_RINGID_DIR] = dir << 16;
      for (let s = 0; s < SLOTS; s++) i32[r + RING_SLOTS + s * SLOT_WORDS] = dir * SLOTS + s;
    }
    this.csb = createCsb(2);
    this.eventfds = createEventfds(2);
    // As CSB_ENABLE leaves them: everything sendable, nothing received, kicks wanted on both sides.
    for (const i of [0, 1]) {
      this.told(i, 0, i === 0 ? SLOTS - 1 : 0);
      this.csb.ktoa[i * CSB_ENTRY_WORDS + CSB_KTOA_KERN_NEED_KICK] = 1;
      this.csb.atok[i * CSB_ENTRY_WORDS + CSB_ATOK_APPL_NEED_KICK] = 1;
    }
  }

  /** Says as the loop where ring `i` stands. */
  told(i: number, hwcur: number, hwtail: number): void {
    const at = i * CSB_ENTRY_WORDS;
    this.csb.ktoa[at + CSB_KTOA_HWCUR] = hwcur;
    this.csb.ktoa[at + CSB_KTOA_HWTAIL] = hwtail;
  }

  /** Says as the loop whether it wants kicks for ring `i`. */
  wantsKick(i: number, wanted: boolean): void {
    this.csb.ktoa[i * CSB_ENTRY_WORDS + CSB_KTOA_KERN_NEED_KICK] = wanted ? 1 : 0;
  }

  /** head, cur and appl_need_kick of ring `i` as published. */
  published(i: number): number[] {
    const at = i * CSB_ENTRY_WORDS;
    return [...this.csb.atok.subarray(at, at + 3)];
  }

  [Symbol.dispose](): void {
    this.eventfds.close();
    this.csb.close();
    this.memory.close();
  }
}
