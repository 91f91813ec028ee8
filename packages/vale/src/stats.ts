/**
 * What a switch has seen: its ports with their counters, and where it knows each address to be.
 * Read from the state image, at any time, without disturbing who forwards.
 *
 * @module
 */

import {
  type Engine,
  NR_RX,
  NR_TX,
  type RingCounters,
  ringCounters,
  sumCounters,
} from "@netmap/engine";
import { listTable } from "./data_path/fdb.ts";
import { S_MODULE_ERRORS } from "./layout.ts";
import type { Switch } from "./switch.ts";
import { needSwitch, switchTable } from "./switch_table.ts";

/** A switch, in a few words. */
export interface SwitchInfo {
  /** With its colon: `vale0:`. */
  readonly name: string;
  /** Its number, as VALE_LIST gives it. */
  readonly index: number;
  /** How many ports it has. */
  readonly ports: number;
  /** Whether unicast frames move by swapping buffers. */
  readonly zeroCopy: boolean;
  /** Whether a module has it for itself. */
  readonly exclusive: boolean;
  /** Whether a module decides where frames go, in place of the learning bridge. */
  readonly module: boolean;
  /** How often that module threw; what it threw last is `moduleError()`. */
  readonly moduleErrors: number;
}

/** A port of a switch and its counters. */
export interface SwitchPortStats {
  /** `vale0:a`; `vale0:eth0^` for the host side of an interface. */
  readonly name: string;
  /** Its number in the switch. */
  readonly index: number;
  /** `vale`, `bwrap` for an attached interface, `host` for an interface's host side. */
  readonly kind: "vale" | "bwrap" | "host";
  /** Whether somebody has it open: nobody sends to a port that is not. */
  readonly open: boolean;
  /** Addresses that the switch knows behind it. */
  readonly addresses: number;
  /** Towards the switch: what the port has sent, all rings together. */
  readonly tx: RingCounters;
  /** From the switch: what the port was given, all rings together. */
  readonly rx: RingCounters;
  /** The same, ring by ring. */
  readonly txRings: readonly RingCounters[];
  /** The same, ring by ring. */
  readonly rxRings: readonly RingCounters[];
}

/** An address that a switch has learned. */
export interface ForwardingEntry {
  /** `02:00:00:00:00:01`. */
  readonly address: string;
  /** Number of the port behind which it is. */
  readonly port: number;
  /** That port's name. */
  readonly portName: string;
  /** Seconds since the last frame from it. */
  readonly age: number;
}

/**
 * All switches of an engine, in the order of their numbers.
 *
 * @param engine an engine with `vale()`
 * @throws {NetmapError} EINVAL without `vale()`
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { switches, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * console.log(switches(engine).map((s) => [s.name, s.ports])); // [ [ "vale0:", 1 ] ]
 * ```
 */
export function switches(engine: Engine): SwitchInfo[] {
  return switchTable(engine).all.map((bridge) => ({
    name: `${bridge.name}:`,
    index: bridge.index,
    ports: bridge.ports.size,
    zeroCopy: bridge.zeroCopy,
    exclusive: bridge.token !== null,
    module: bridge.module !== null,
    moduleErrors: Atomics.load(engine.dp.state, bridge.record + S_MODULE_ERRORS),
  }));
}

/**
 * The ports of a switch with their counters, in the order of their numbers. The counters of a port
 * live while it is open; opened anew it counts from 0.
 *
 * @param engine an engine with `vale()`
 * @param name `vale0:`
 * @throws {NetmapError} ENXIO when there is no such switch
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { switchStats, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * using b = openPort(engine.device, "vale0:b");
 * a.send([new Uint8Array(60).fill(255)]);
 * for (const port of switchStats(engine, "vale0:")) {
 *   console.log(port.name, port.tx.packets, port.rx.packets);
 * }
 * ```
 */
export function switchStats(engine: Engine, name: string): SwitchPortStats[] {
  const bridge = needSwitch(engine, name);
  const known = new Map<number, number>();
  for (const { port } of entries(engine, bridge)) known.set(port, (known.get(port) ?? 0) + 1);
  return [...bridge.ports]
    .sort(([a], [b]) => a - b)
    .map(([index, port]) => {
      const txRings = port.krings(NR_TX).map((k) => ringCounters(engine.dp, k));
      const rxRings = port.krings(NR_RX).map((k) => ringCounters(engine.dp, k));
      return {
        name: port.switchName,
        index,
        kind: port.portKind,
        open: port.isOpen,
        addresses: known.get(index) ?? 0,
        tx: sumCounters(txRings),
        rx: sumCounters(rxRings),
        txRings,
        rxRings,
      };
    });
}

/**
 * The addresses that a switch knows, the youngest first.
 *
 * @param engine an engine with `vale()`
 * @param name `vale0:`
 * @throws {NetmapError} ENXIO when there is no such switch
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { forwardingTable, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * const frame = new Uint8Array(60).fill(255);
 * frame.set([2, 0, 0, 0, 0, 1], 6);
 * a.send([frame]);
 * console.log(forwardingTable(engine, "vale0:")[0].address); // 02:00:00:00:00:01
 * ```
 */
export function forwardingTable(engine: Engine, name: string): ForwardingEntry[] {
  const bridge = needSwitch(engine, name);
  return entries(engine, bridge)
    .map(({ address, port, age }) => ({
      address,
      port,
      portName: bridge.ports.get(port)?.switchName ?? "",
      age,
    }))
    .sort((a, b) => a.age - b.age);
}

/**
 * Makes a switch move unicast frames by swapping buffers, or no longer. It takes effect with the
 * next batch. See `ValeOptions.zeroCopy` for what it asks of senders.
 *
 * @param engine an engine with `vale()`
 * @param name `vale0:`
 * @param on whether to swap
 * @throws {NetmapError} ENXIO when there is no such switch
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { setZeroCopy, switches, vale } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using a = openPort(engine.device, "vale0:a");
 * setZeroCopy(engine, "vale0:", true);
 * console.log(switches(engine)[0].zeroCopy); // true
 * ```
 */
export function setZeroCopy(engine: Engine, name: string, on: boolean): void {
  needSwitch(engine, name).zeroCopy = on;
}

function entries(engine: Engine, bridge: Switch): ReturnType<typeof listTable> {
  return listTable(engine.dp, bridge.record);
}
