/**
 * From a registration with monitor flags to a monitor (`netmap_get_monitor_na`).
 *
 * @module
 */

import {
  EINVAL,
  NetmapError,
  type NmreqRegister,
  NR_MONITOR_RX,
  NR_MONITOR_TX,
  NR_ZCOPY_MON,
} from "@netmap/core";
import {
  type Adapter,
  type Engine,
  type FindRequest,
  portCounters,
  registerBody,
} from "@netmap/engine";
import { MonitorAdapter } from "./monitor_adapter.ts";

/** Most slots of a monitor's ring (`NM_MONITOR_MAXSLOTS`). */
export const MAX_MONITOR_SLOTS = 4096;

const BOTH = NR_MONITOR_TX | NR_MONITOR_RX;
const monitorsOf: WeakMap<Engine, Set<MonitorAdapter>> = new WeakMap();
let serial = 0;

/** The monitor that a registration asks for; null when it asks for none. */
export function findMonitor(request: FindRequest): Adapter | null {
  const { engine, name, body, create } = request;
  const zeroCopy = (body.flags & NR_ZCOPY_MON) !== 0;
  const asked = body.flags & BOTH;
  if (asked === 0 && !zeroCopy) return null;
  const directions = asked === 0 ? BOTH : asked;
  const parent = engine.getAdapter(
    name,
    watchedBody(body),
    create,
  );
  try {
    if (!parent.hasKrings) {
      throw new NetmapError(
        EINVAL,
        `Cannot monitor '${name}' as nobody has it open: open the port first`,
        { port: name },
      );
    }
    const letters = `${zeroCopy ? "z" : ""}${(directions & NR_MONITOR_RX) !== 0 ? "r" : ""}${
      (directions & NR_MONITOR_TX) !== 0 ? "t" : ""
    }`;
    const monitor = new MonitorAdapter(
      `${parent.name}/${letters}#${serial++}`,
      { parent, directions, zeroCopy },
      zeroCopy ? parent.region : engine.regionFor(request.region),
      {
        txRings: 1,
        rxRings: Math.max(parent.numTxRings, parent.numRxRings),
        txSlots: bounded(body.txSlots, parent.numTxSlots),
        rxSlots: bounded(body.rxSlots, parent.numRxSlots),
        hostTxRings: parent.hasHostRings ? 1 : 0,
        hostRxRings: Math.max(parent.numHostTxRings, parent.numHostRxRings),
      },
      (ended) => monitorsOf.get(engine)?.delete(ended),
    );
    if (!monitorsOf.has(engine)) monitorsOf.set(engine, new Set());
    monitorsOf.get(engine)!.add(monitor);
    return monitor;
  } catch (error) {
    parent.drop();
    throw error;
  }
}

/** The registration of the port itself: the same without the monitor. */
function watchedBody(body: NmreqRegister): NmreqRegister {
  const { mode, ringid, memId, txRings, rxRings, flags } = body;
  return registerBody({
    mode,
    ringid,
    memId,
    txRings,
    rxRings,
    flags: flags & ~(BOTH | NR_ZCOPY_MON),
  });
}

function bounded(asked: number, parents: number): number {
  if (asked === 0) return Math.min(parents, MAX_MONITOR_SLOTS);
  return Math.min(asked, MAX_MONITOR_SLOTS);
}

/** A monitor and what it has seen. */
export interface MonitorInfo {
  /** `vale0:a/rt#0`. */
  readonly name: string;
  /** The port that it was opened on. */
  readonly port: string;
  /** Whether that port is still open. */
  readonly watching: boolean;
  /** What was sent is seen. */
  readonly tx: boolean;
  /** What was received is seen. */
  readonly rx: boolean;
  /** Buffers change hands instead of being copied. */
  readonly zeroCopy: boolean;
  /** Packets that it was given. */
  readonly seen: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Packets that it missed for want of room, or because of a bad slot. */
  readonly missed: number;
}

/**
 * All monitors of an embedded engine.
 *
 * @param engine the engine
 * @returns one entry a monitor, in the order of their opening
 */
export function monitors(engine: Engine): MonitorInfo[] {
  return [...(monitorsOf.get(engine) ?? [])].map((monitor) => {
    const { packets, bytes, dropNoRoom, dropBadSlot } = portCounters(monitor).rx;
    return {
      name: monitor.name,
      port: monitor.parentName,
      watching: monitor.watching,
      tx: (monitor.directions & NR_MONITOR_TX) !== 0,
      rx: (monitor.directions & NR_MONITOR_RX) !== 0,
      zeroCopy: monitor.zeroCopy,
      seen: packets,
      bytes,
      missed: dropNoRoom + dropBadSlot,
    };
  });
}
