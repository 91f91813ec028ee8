/**
 * The feature that makes network interfaces ports of an embedded engine.
 *
 * @module
 */

import {
  EBUSY,
  EINVAL,
  NetmapError,
  type NmreqRegister,
  NR_REG_NIC_SW,
  NR_REG_ONE_SW,
  NR_REG_SW,
} from "@netmap/core";
import type { Adapter, Engine, Feature, FindRequest } from "@netmap/engine";
import { afPacket } from "./af_packet/driver.ts";
import type { NicDriver } from "./driver.ts";
import { findInterface } from "./interfaces.ts";
import { LinkWatch } from "./link_watch.ts";
import { NicAdapter } from "./nic_adapter.ts";
import { nicKind } from "./nic_kind.ts";
import type { NicNotice } from "./notice.ts";

/** Slots of a ring, unless the registration says otherwise. */
export const DEFAULT_NIC_SLOTS = 1024;
/** Frames that wait between the kernel and a receive ring, unless the options say otherwise. */
export const DEFAULT_NIC_BACKLOG = 2048;

/** How interfaces are opened. */
export interface NicOptions {
  /** Whether frames for other addresses are received as well; true unless it is said. */
  readonly promiscuous?: boolean;
  /** Frames that the kernel keeps until a rxsync takes them; 2048 unless it is said. */
  readonly backlog?: number;
  /** How interfaces are reached; `afPacket` unless it is said. */
  readonly driver?: NicDriver;
  /** Takes what is to be told to a person: an interface that is down, or went away. */
  readonly onNotice?: (notice: NicNotice) => void;
}

/**
 * Network interfaces as ports: `netmap:eth0`, in this program's network namespace.
 *
 * @param options how they are opened
 * @returns the feature, for `createEngine`
 *
 * @example
 * ```ts
 * import { openPort, POLLIN } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { nic } from "@netmap/nic";
 * export function firstFrame(name: string): Uint8Array {
 *   using engine = createEngine({ features: [nic()] });
 *   using port = openPort(engine.device, `netmap:${name}`);
 *   port.poll(POLLIN, -1);
 *   return port.receive()[0].slice();
 * }
 * ```
 */
export function nic(options: NicOptions = {}): Feature {
  const driver = options.driver ?? afPacket;
  const watches: WeakMap<Engine, LinkWatch> = new WeakMap();

  function watchOf(engine: Engine): LinkWatch {
    let watch = watches.get(engine);
    if (watch === undefined) watches.set(engine, watch = new LinkWatch(engine));
    return watch;
  }

  function find({ engine, name, body, region }: FindRequest): Adapter | null {
    if (!isInterfaceName(name)) return null;
    const known = engine.ports.get(name);
    if (known !== undefined && !(known instanceof NicAdapter)) return null;
    checkMode(name, body, driver);
    const info = findInterface(name);
    if (known !== undefined) {
      if (known.linkIndex === info.index) return known;
      freeName(engine, known, name);
    }
    if (!info.ethernet) {
      throw new NetmapError(
        EINVAL,
        `Cannot open interface '${name}' as it carries no Ethernet frames: use one that does`,
        { port: name },
      );
    }
    const shape = {
      txRings: count(name, body.txRings, 1, driver.maxRings, "tx rings", "tx-rings", driver),
      rxRings: count(name, body.rxRings, 1, driver.maxRings, "rx rings", "rx-rings", driver),
      txSlots: slots(name, body.txSlots, "tx", driver),
      rxSlots: slots(name, body.rxSlots, "rx", driver),
    };
    return new NicAdapter(engine, info, engine.regionFor(region), shape, {
      driver,
      open: {
        promiscuous: options.promiscuous ?? true,
        backlog: options.backlog ?? DEFAULT_NIC_BACKLOG,
      },
      links: watchOf(engine),
      notice: (kind, message) => options.onNotice?.({ port: name, kind, message }),
    });
  }

  return {
    name: "nic",
    order: 50,
    kinds: [nicKind],
    find,
    stop(engine: Engine): void {
      // A switch that holds an interface stops after us: what it does then finds it closed.
      for (const port of engine.ports.values()) if (port instanceof NicAdapter) port.close();
    },
  };
}

/** Whether a name can be an interface's, and is none that means something else to netmap. */
function isInterfaceName(name: string): boolean {
  return !/[:{}/\s]/.test(name) && name !== "";
}

function checkMode(name: string, body: NmreqRegister, driver: NicDriver): void {
  const { mode } = body;
  if (mode !== NR_REG_SW && mode !== NR_REG_NIC_SW && mode !== NR_REG_ONE_SW) return;
  throw new NetmapError(
    EINVAL,
    `Cannot register host rings of '${name}' as driver '${driver.name}' has none: ` +
      `use its NIC rings ('netmap:${name}'), the host's stack goes on beside them`,
    { port: name },
  );
}

/** Another interface has the name of a port's: fine if the port's own is gone, as they come and go. */
function freeName(engine: Engine, port: NicAdapter, name: string): void {
  port.linkChanged();
  if (engine.ports.get(name) !== port) return;
  throw new NetmapError(
    EBUSY,
    `Cannot open interface '${name}' as the port of that name is on an interface that is called ` +
      `'${port.interface.name}' now: close that port first`,
    { port: name },
  );
}

function slots(name: string, asked: number, dir: string, driver: NicDriver): number {
  const what = `slots in a ${dir} ring`;
  if (asked === 0) return DEFAULT_NIC_SLOTS;
  return count(name, asked, 2, driver.maxSlots, what, `${dir}-slots`, driver);
}

/** What was asked for, or the least, within the driver's limits. */
function count(
  name: string,
  asked: number,
  least: number,
  most: number,
  what: string,
  option: string,
  driver: NicDriver,
): number {
  if (asked === 0) return least;
  if (asked >= least && asked <= most) return asked;
  const range = least === most ? `${most}` : `${least} to ${most}`;
  throw new NetmapError(
    EINVAL,
    `Cannot register '${name}' with ${asked} ${what} as driver '${driver.name}' has ${range}: ` +
      `ask for ${range} in 'conf:${option}='`,
    { port: name },
  );
}
