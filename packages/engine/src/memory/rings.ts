/**
 * netmap_rings and their buffers: made when a ring is first needed, given back when it is no
 * longer (`netmap_mem_rings_create`, `netmap_mem_rings_delete`).
 *
 * What a user wrote into slots is not believed when buffers are given back: a buffer returns to
 * the pool only if it was taken and no other living ring holds it; what a user lost on the way is
 * found again when nobody in the region can hold it (see {@link reclaimLost}).
 *
 * @module
 */

import {
  NETMAP_RING,
  RING_CUR,
  RING_HEAD,
  RING_SLOTS,
  RING_TAIL,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  SLOT_WORDS,
  structView,
} from "@netmap/core";
import type { Adapter } from "../adapter.ts";
import {
  K_DIR,
  K_FLAGS,
  K_NUM_SLOTS,
  K_RCUR,
  K_RHEAD,
  K_RING,
  K_RING_ID,
  K_RTAIL,
  K_USERS,
  NKR_FAKERING,
  NKR_NEEDRING,
  NR_RX,
  NR_TX,
} from "../state/layout.ts";
import { forgetOffsets } from "../state/offsets.ts";
import type { Region } from "./region.ts";

const SLOT_BYTES = SLOT_WORDS * 4;

/** Rings that hold buffers of their own, by region: ring word to number of slots. */
const ringsOf: WeakMap<Region, Map<number, number>> = new WeakMap();

function liveRings(region: Region): Map<number, number> {
  let map = ringsOf.get(region);
  if (map === undefined) {
    map = new Map();
    ringsOf.set(region, map);
  }
  return map;
}

function dirName(dir: number): string {
  return dir === NR_TX ? "tx" : "rx";
}

/** Whether a kring has to have a ring now. */
function needed(state: Int32Array, k: number): boolean {
  return state[k + K_USERS] > 0 || (state[k + K_FLAGS] & NKR_NEEDRING) !== 0;
}

/**
 * Makes all rings of an adapter that are needed and missing. All or nothing: what cannot be made
 * whole is not begun.
 *
 * @throws {NetmapError} ENOMEM naming the pool
 */
export function createRings(adapter: Adapter): void {
  const state = adapter.engine.dp.state;
  const region = adapter.region;
  const missing: number[] = [];
  let buffers = 0;
  for (const dir of [NR_TX, NR_RX]) {
    for (let i = 0; i < adapter.allRings(dir); i++) {
      const k = adapter.kring(dir, i);
      if (state[k + K_RING] !== 0 || !needed(state, k)) continue;
      missing.push(k);
      if ((state[k + K_FLAGS] & NKR_FAKERING) === 0) buffers += state[k + K_NUM_SLOTS];
      region.fits(
        "ring",
        NETMAP_RING.size + state[k + K_NUM_SLOTS] * SLOT_BYTES,
        `${dirName(dir)} ring ${i} of '${adapter.name}'`,
      );
    }
  }
  region.need("ring", missing.length);
  region.need("buf", buffers);
  for (const k of missing) createRing(adapter, k);
}

function createRing(adapter: Adapter, k: number): void {
  const state = adapter.engine.dp.state;
  const region = adapter.region;
  const i32 = region.memory.i32;
  const offset = region.rings.at(region.rings.alloc());
  const r = offset >> 2;
  const slots = state[k + K_NUM_SLOTS];
  i32.fill(0, r, r + ((NETMAP_RING.size + slots * SLOT_BYTES) >> 2));
  // Offsets end with the ring that they were agreed on for.
  forgetOffsets(state, k);
  const view = structView(NETMAP_RING, region.memory.u8, offset);
  view.bufOfs = region.bufs.offset - offset;
  view.numSlots = slots;
  view.bufSize = region.bufs.objectSize;
  view.ringid = state[k + K_RING_ID];
  view.dir = state[k + K_DIR];
  i32[r + RING_HEAD] = state[k + K_RHEAD];
  i32[r + RING_CUR] = state[k + K_RCUR];
  i32[r + RING_TAIL] = state[k + K_RTAIL];
  if ((state[k + K_FLAGS] & NKR_FAKERING) === 0) {
    for (let i = 0; i < slots; i++) {
      const slot = r + RING_SLOTS + i * SLOT_WORDS;
      i32[slot + SLOT_BUF_IDX] = region.bufs.alloc();
      i32[slot + SLOT_LEN_FLAGS] = region.bufs.objectSize & 0xffff;
    }
    liveRings(region).set(r, slots);
  }
  state[k + K_RING] = r;
}

/** Gives back all rings of an adapter that exist and are not needed any more. */
export function deleteRings(adapter: Adapter): void {
  const state = adapter.engine.dp.state;
  const region = adapter.region;
  const candidates: number[] = [];
  for (const k of adapter.allKrings()) {
    const r = state[k + K_RING];
    if (r === 0 || needed(state, k)) continue;
    const slots = liveRings(region).get(r);
    if (slots !== undefined) {
      collect(region, r, slots, candidates);
      liveRings(region).delete(r);
    }
    region.rings.release(region.rings.indexAt(r << 2));
    state[k + K_RING] = 0;
  }
  giveBack(region, candidates);
}

/** Makes a ring own its buffers, or no longer: pipes share one set between two rings. */
export function setRingOwnsBuffers(region: Region, ring: number, slots: number): void {
  if (slots > 0) liveRings(region).set(ring, slots);
  else liveRings(region).delete(ring);
}

function collect(region: Region, ring: number, slots: number, into: number[]): void {
  const i32 = region.memory.i32;
  for (let i = 0; i < slots; i++) {
    into.push(i32[ring + RING_SLOTS + i * SLOT_WORDS + SLOT_BUF_IDX]);
  }
}

/**
 * Returns buffers to the pool, except those that living rings hold, then looks whether a user lost
 * some on the way.
 *
 * @param candidates indexes that a user may have written
 */
export function giveBack(region: Region, candidates: Iterable<number>): void {
  const held = heldByRings(region);
  for (const idx of candidates) {
    if (!held.has(idx)) region.bufs.release(idx);
  }
  reclaimLost(region, held);
}

function heldByRings(region: Region): Set<number> {
  const held = new Set<number>();
  const i32 = region.memory.i32;
  for (const [ring, slots] of liveRings(region)) {
    for (let i = 0; i < slots; i++) {
      const idx = i32[ring + RING_SLOTS + i * SLOT_WORDS + SLOT_BUF_IDX];
      if (region.bufs.isTaken(idx)) held.add(idx);
    }
  }
  return held;
}

/**
 * Finds buffers that a user lost (overwrote in a slot, cut from its list). Possible exactly when
 * nobody holds extra buffers: then whatever no living ring holds is free.
 */
function reclaimLost(region: Region, held: Set<number>): void {
  const { bufs } = region;
  const taken = bufs.total - bufs.reserved - bufs.free;
  if (region.extraHeld > 0 || taken <= held.size) return;
  for (let idx = bufs.reserved; idx < bufs.total; idx++) {
    if (bufs.isTaken(idx) && !held.has(idx)) bufs.release(idx);
  }
}

/**
 * Takes extra buffers for a descriptor, linked through their first word; 0 ends the list
 * (`netmap_extra_alloc`).
 *
 * @param count how many are wanted
 * @returns how many were had, and the first of the list
 */
export function allocExtra(region: Region, count: number): { got: number; head: number } {
  const i32 = region.memory.i32;
  let head = 0;
  let got = 0;
  for (; got < count; got++) {
    const idx = region.bufs.alloc();
    if (idx < 0) break;
    i32[region.bufs.at(idx) >> 2] = head;
    head = idx;
  }
  region.extraHeld += got;
  return { got, head };
}

/**
 * Takes a descriptor's extra buffers back by the list that it left (`netmap_extra_free`). The list
 * may be broken, circular or lie: it is followed for as long as it makes sense.
 *
 * @param head first index of the list
 * @param count how many the descriptor was given
 */
export function freeExtra(region: Region, head: number, count: number): void {
  if (count === 0) return;
  const i32 = region.memory.i32;
  const list = new Set<number>();
  let idx = head;
  while (region.bufs.isTaken(idx) && !list.has(idx)) {
    list.add(idx);
    idx = i32[region.bufs.at(idx) >> 2];
  }
  region.extraHeld -= count;
  giveBack(region, list);
}
