/**
 * Which rings a registration binds (`netmap_interp_ringid`).
 *
 * @module
 */

import {
  EINVAL,
  NetmapError,
  type NmreqRegister,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "@netmap/core";
import type { Adapter, RingRange } from "../adapter.ts";
import { NR_RX, NR_TX } from "../state/layout.ts";

/**
 * The transmit and receive rings that a registration asks for.
 *
 * @throws {NetmapError} EINVAL for a mode or a ring that the port has not
 */
export function ringRanges(
  adapter: Adapter,
  body: NmreqRegister,
): { tx: RingRange; rx: RingRange } {
  return {
    tx: rangeOf(adapter, body, NR_TX, NR_RX_RINGS_ONLY),
    rx: rangeOf(adapter, body, NR_RX, NR_TX_RINGS_ONLY),
  };
}

function rangeOf(
  adapter: Adapter,
  body: NmreqRegister,
  dir: number,
  excludedBy: number,
): RingRange {
  if ((body.flags & excludedBy) !== 0) return { first: 0, count: 0 };
  const rings = adapter.rings(dir);
  const hostRings = dir === NR_TX ? adapter.numHostTxRings : adapter.numHostRxRings;
  switch (body.mode) {
    case NR_REG_ALL_NIC:
    case NR_REG_NULL:
      return { first: 0, count: rings };
    case NR_REG_SW:
      needHostRings(adapter);
      return { first: rings, count: hostRings };
    case NR_REG_NIC_SW:
      needHostRings(adapter);
      return { first: 0, count: rings + hostRings };
    case NR_REG_ONE_NIC: {
      needRing(adapter, body.ringid, adapter.numTxRings, adapter.numRxRings, "ring");
      return { first: body.ringid < rings ? body.ringid : 0, count: 1 };
    }
    case NR_REG_ONE_SW: {
      needHostRings(adapter);
      needRing(
        adapter,
        body.ringid,
        adapter.numHostTxRings,
        adapter.numHostRxRings,
        "host ring",
      );
      return { first: rings + (body.ringid < hostRings ? body.ringid : 0), count: 1 };
    }
  }
  throw new NetmapError(
    EINVAL,
    `Cannot register '${adapter.name}' in mode ${body.mode}: use one of NR_REG_*`,
  );
}

function needHostRings(adapter: Adapter): void {
  if (adapter.hasHostRings) return;
  throw new NetmapError(
    EINVAL,
    `Cannot register host rings of '${adapter.name}' as it has none: bind its other rings`,
  );
}

function needRing(adapter: Adapter, id: number, tx: number, rx: number, what: string): void {
  if (id < tx || id < rx) return;
  throw new NetmapError(
    EINVAL,
    `Cannot register ${what} ${id} of '${adapter.name}' as it has ${tx} tx and ${rx} rx: use 0 to ${
      Math.max(tx, rx) - 1
    }`,
  );
}
