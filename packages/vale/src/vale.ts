/**
 * VALE as a feature of the embedded engine.
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";
import type { Engine, Feature } from "@netmap/engine";
import { Bwrap } from "./bwrap.ts";
import { bwrapKind } from "./bwrap_kind.ts";
import { attachEntry } from "./control/attach.ts";
import { detachEntry } from "./control/detach.ts";
import { listEntry } from "./control/list.ts";
import { delifEntry, newifEntry } from "./control/newif.ts";
import { pollingDisableEntry, pollingEnableEntry } from "./control/polling.ts";
import { portHdrGetEntry, portHdrSetEntry } from "./control/port_hdr.ts";
import { valeKind } from "./data_path/vale_kind.ts";
import { F_BUCKETS, F_WAYS } from "./layout.ts";
import { findPort } from "./lookup.ts";
import { createAutodelete } from "./persistent.ts";
import { makeSwitchTable, type SwitchDefaults, switchTable } from "./switch_table.ts";
import { threadDied } from "./thread_died.ts";
import { ValePort } from "./vale_port.ts";

/** Most switches that may be asked for: VALE_LIST numbers them in 16 bits. */
const MOST_SWITCHES = 65535;
/** Most addresses that a switch may be asked to know. */
const MOST_ADDRESSES = 1 << 20;

/** Longest age of an address that may be asked for: times are 32 bits of seconds. */
const MOST_SECONDS = 2 ** 31 - 1;

/** What an engine's switches are like. */
export interface ValeOptions {
  /** Most switches at once, 1 to 65535; 8 when silent, as in netmap. */
  readonly switches?: number;
  /** Whether a new switch moves unicast frames by swapping buffers; no when silent. */
  readonly zeroCopy?: boolean;
  /** Addresses that a switch knows at once, rounded up to a power of 2; 4096 when silent. */
  readonly addresses?: number;
  /** Seconds after which a silent address is unknown again, Infinity for never; 300 when silent. */
  readonly maxAge?: number;
  /** Processors that polling may name; those of the machine when silent. */
  readonly processors?: number;
}

/**
 * The VALE switch: ports `vale0:a`, persistent ports, attached interfaces.
 *
 * @param options limits and defaults
 * @returns what `createEngine` takes as a feature
 * @throws {NetmapError} EINVAL for an option out of range
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * using b = openPort(engine.device, "vale0:b");
 * a.send([new Uint8Array(60).fill(255)]);
 * console.log([...b.receive()].length); // 1
 * ```
 */
export function vale(options: ValeOptions = {}): Feature {
  const defaults = checkOptions(options);
  return {
    name: "vale",
    order: 40,
    kinds: [valeKind, bwrapKind],
    requests: [
      attachEntry,
      detachEntry,
      listEntry,
      newifEntry,
      delifEntry,
      pollingEnableEntry,
      pollingDisableEntry,
      portHdrSetEntry,
      portHdrGetEntry,
    ],
    find: findPort,
    start(engine: Engine): void {
      makeSwitchTable(engine, defaults);
      engine.createPersistent = (name, body) =>
        createAutodelete(engine, name, body, body.memId === 0 ? null : engine.region(body.memId));
    },
    threadDied,
    stop,
  };
}

/** Gives interfaces back, and ends what outlives its users: persistent ports. */
function stop(engine: Engine): void {
  for (const port of [...engine.ports.values()]) if (port instanceof Bwrap) port.detach();
  for (const port of [...engine.ports.values()]) {
    if (!(port instanceof ValePort) || port.persistence !== "until-delif") continue;
    if (port.switch) {
      port.leave();
      port.drop();
    }
    port.drop();
  }
  for (const bridge of switchTable(engine).all) bridge.token = null;
}

function checkOptions(options: ValeOptions): SwitchDefaults {
  const { switches = 8, zeroCopy = false, addresses = F_BUCKETS * F_WAYS, maxAge = 0 } = options;
  const processors = options.processors ?? navigator.hardwareConcurrency;
  const check = (name: string, value: number, most: number): void => {
    if (Number.isInteger(value) && value >= 1 && value <= most) return;
    throw new NetmapError(
      EINVAL,
      `Cannot make vale() with ${name} ${value}: use 1 to ${most}`,
    );
  };
  check("switches", switches, MOST_SWITCHES);
  check("addresses", addresses, MOST_ADDRESSES);
  check("processors", processors, 65535);
  if (maxAge !== Infinity && options.maxAge !== undefined) check("maxAge", maxAge, MOST_SECONDS);
  const buckets = 1 << Math.ceil(Math.log2(Math.max(1, addresses / F_WAYS)));
  return { switches, zeroCopy, buckets, processors, maxAge: maxAge === Infinity ? -1 : maxAge };
}
