/**
 * Counters of a port, read from the state image: always on, exact, and summed over its rings.
 *
 * @module
 */

import type { Adapter } from "./adapter.ts";
import type { DataPath } from "./state/data_path.ts";
import {
  C_BAD_BUFFERS,
  C_BATCHES,
  C_BYTES,
  C_DROP_BAD_SLOT,
  C_DROP_DEVICE,
  C_DROP_NO_DESTINATION,
  C_DROP_NO_ROOM,
  C_DROP_TOO_LONG,
  C_PACKETS,
  C_REINITS,
  NR_RX,
  NR_TX,
} from "./state/layout.ts";

/** What a ring, or all rings of a direction, has seen. */
export interface RingCounters {
  /** Packets that went through. */
  packets: number;
  /** Their bytes. */
  bytes: number;
  /** Syncs. */
  batches: number;
  /** Drops because the receiver had no room. */
  dropNoRoom: number;
  /** Drops because a slot made no packet (length, fragments, buffer index). */
  dropBadSlot: number;
  /** Drops because nobody was there to receive. */
  dropNoDestination: number;
  /** Drops because the receiver takes no packet so long. */
  dropTooLong: number;
  /** Drops because the interface refused the packet. */
  dropDevice: number;
  /** Times that the ring was reset because of a bad head or cur. */
  reinits: number;
  /** Buffer indexes that were replaced. */
  badBuffers: number;
}

/** Counters of a port. */
export interface PortCounters {
  /** Towards the port's peer: what its user sent. */
  readonly tx: RingCounters;
  /** Towards its user: what it received. */
  readonly rx: RingCounters;
}

/** Counters of one kring. */
export function ringCounters(dp: DataPath, k: number): RingCounters {
  const at = k >> 1;
  const c = dp.counters;
  return {
    packets: c[at + C_PACKETS],
    bytes: c[at + C_BYTES],
    batches: c[at + C_BATCHES],
    dropNoRoom: c[at + C_DROP_NO_ROOM],
    dropBadSlot: c[at + C_DROP_BAD_SLOT],
    dropNoDestination: c[at + C_DROP_NO_DESTINATION],
    dropTooLong: c[at + C_DROP_TOO_LONG],
    dropDevice: c[at + C_DROP_DEVICE],
    reinits: c[at + C_REINITS],
    badBuffers: c[at + C_BAD_BUFFERS],
  };
}

/** Counters of a port, host rings included. */
export function portCounters(adapter: Adapter): PortCounters {
  return { tx: sum(adapter, NR_TX), rx: sum(adapter, NR_RX) };
}

/** All drops of a ring, whatever the cause. */
export function drops(counters: RingCounters): number {
  return counters.dropNoRoom + counters.dropBadSlot + counters.dropNoDestination +
    counters.dropTooLong + counters.dropDevice;
}

/** Counters of several rings, added up. */
export function sumCounters(rings: Iterable<RingCounters>): RingCounters {
  const total: RingCounters = {
    packets: 0,
    bytes: 0,
    batches: 0,
    dropNoRoom: 0,
    dropBadSlot: 0,
    dropNoDestination: 0,
    dropTooLong: 0,
    dropDevice: 0,
    reinits: 0,
    badBuffers: 0,
  };
  for (const ring of rings) {
    for (const key of Object.keys(total) as (keyof RingCounters)[]) total[key] += ring[key];
  }
  return total;
}

function sum(adapter: Adapter, dir: number): RingCounters {
  const rings: RingCounters[] = [];
  for (let i = 0; adapter.hasKrings && i < adapter.allRings(dir); i++) {
    rings.push(ringCounters(adapter.engine.dp, adapter.kring(dir, i)));
  }
  return sumCounters(rings);
}
