/**
 * What a device has: switches, their ports and addresses, other ports, memory. From requests alone
 * (any device) names, numbers, rings and memory; with the engine at hand counters, tables, modules.
 *
 * @module
 */

import { type NetmapDevice, type NmreqPortInfoGet, portInfoRequest } from "@netmap/core";
import {
  drops,
  type Engine,
  type PortCounters,
  portCounters,
  type RingCounters,
} from "@netmap/engine";
import { forwardingTable, listPorts, switches, switchStats } from "@netmap/vale";

/** What went through a ring, or all of a direction. */
export interface Counts {
  /** Packets that went through. */
  readonly packets: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Packets that did not, for whatever reason. */
  readonly drops: number;
}

/** A port of a switch, or one beside it. */
export interface PortEntry {
  /** `vale0:a`. */
  readonly name: string;
  /** Its number in the switch; null for a port that is in none. */
  readonly index: number | null;
  /** What it is: `vale`, `bwrap`, `host`, ...; null when the device does not say. */
  readonly kind: string | null;
  /** Whether somebody has it open; null when the device does not say. */
  readonly open: boolean | null;
  /** Rings and memory as PORT_INFO_GET says; null when it is refused. */
  readonly rings: Rings | null;
  /** Sent by its user; null when the device does not count. */
  readonly tx: Counts | null;
  /** Received by its user. */
  readonly rx: Counts | null;
  /** The same, ring by ring. */
  readonly txRings: readonly Counts[];
  /** The same, ring by ring. */
  readonly rxRings: readonly Counts[];
}

/** Rings of a port. */
export type Rings = Pick<
  NmreqPortInfoGet,
  "txRings" | "rxRings" | "txSlots" | "rxSlots" | "memId" | "memsize"
>;

/** A switch. */
export interface SwitchEntry {
  /** `vale0`. */
  readonly name: string;
  /** Its number. */
  readonly index: number;
  /** Whether unicast frames move by swapping buffers; null when the device does not say. */
  readonly zeroCopy: boolean | null;
  /** Whether a module decides where frames go. */
  readonly module: boolean | null;
  /** How often that module threw. */
  readonly moduleErrors: number | null;
  /** Its ports. */
  readonly ports: readonly PortEntry[];
  /** Where it knows addresses to be, the youngest first. */
  readonly addresses: readonly AddressEntry[];
}

/** An address that a switch knows. */
export interface AddressEntry {
  /** `02:00:00:00:00:01`. */
  readonly address: string;
  /** Behind which port. */
  readonly port: string;
  /** Seconds since its last frame. */
  readonly age: number;
}

/** A memory region. */
export interface MemoryEntry {
  /** Its number. */
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  /** Objects of its pools; null when the device does not say. */
  readonly pools: Readonly<Record<"if" | "ring" | "buf", PoolEntry>> | null;
}

/** A pool of a region. */
export interface PoolEntry {
  /** Objects. */
  readonly total: number;
  /** Those that are free. */
  readonly free: number;
}

/** Everything. */
export interface Inventory {
  /** As `NETMAP` names it. */
  readonly device: string;
  /** In the order of their numbers. */
  readonly switches: readonly SwitchEntry[];
  /** Ports that are in no switch: persistent ones, interfaces, pipes. */
  readonly ports: readonly PortEntry[];
  /** Memory regions. */
  readonly memory: readonly MemoryEntry[];
}

/**
 * Looks at a device.
 *
 * @param device where
 * @param engine the engine behind it, when it is in this process
 */
export function readInventory(device: NetmapDevice, engine: Engine | null): Inventory {
  const bridges = engine === null ? bareSwitches(device) : countedSwitches(device, engine);
  const ports = engine === null ? [] : otherPorts(device, engine, bridges);
  const memory = engine === null ? bareMemory(bridges) : poolsOf(engine);
  return { device: device.name, switches: bridges, ports, memory };
}

/** What PORT_INFO_GET says of a port; null when it is refused, as for a port that just went. */
export function portRings(device: NetmapDevice, name: string): Rings | null {
  using descriptor = device.open();
  const { request, body } = portInfoRequest(name);
  try {
    descriptor.control(request);
  } catch {
    return null;
  }
  const { txRings, rxRings, txSlots, rxSlots, memId, memsize } = body;
  return { txRings, rxRings, txSlots, rxSlots, memId, memsize };
}

function bareSwitches(device: NetmapDevice): SwitchEntry[] {
  const found = new Map<number, SwitchEntry & { ports: PortEntry[] }>();
  for (const { name, switchIndex, portIndex } of listPorts(device)) {
    const bridge = found.get(switchIndex) ?? {
      name: name.slice(0, name.indexOf(":")),
      index: switchIndex,
      zeroCopy: null,
      module: null,
      moduleErrors: null,
      ports: [],
      addresses: [],
    };
    found.set(switchIndex, bridge);
    bridge.ports.push({ ...bare(device, name), index: portIndex });
  }
  return [...found.values()];
}

function bare(device: NetmapDevice, name: string): PortEntry {
  const rings = portRings(device, name);
  const unknown = { index: null, kind: null, open: null, tx: null, rx: null };
  return { name, ...unknown, rings, txRings: [], rxRings: [] };
}

function countedSwitches(device: NetmapDevice, engine: Engine): SwitchEntry[] {
  return switches(engine).map(({ name, index, zeroCopy, module, moduleErrors }) => ({
    name: name.slice(0, -1),
    index,
    zeroCopy,
    module,
    moduleErrors,
    ports: switchStats(engine, name).map((port) => ({
      name: port.name,
      index: port.index,
      kind: port.kind,
      open: port.open,
      rings: portRings(device, port.name),
      tx: counts(port.tx),
      rx: counts(port.rx),
      txRings: port.txRings.map(counts),
      rxRings: port.rxRings.map(counts),
    })),
    addresses: forwardingTable(engine, name)
      .map(({ address, portName, age }) => ({ address, port: portName, age })),
  }));
}

function otherPorts(
  device: NetmapDevice,
  engine: Engine,
  bridges: readonly SwitchEntry[],
): PortEntry[] {
  const listed = new Set(bridges.flatMap(({ ports }) => ports.map(({ name }) => name)));
  return [...engine.ports.values()].filter(({ name }) => !listed.has(name)).map((adapter) => {
    const { tx, rx }: PortCounters = portCounters(adapter);
    return {
      ...bare(device, adapter.name),
      kind: adapter.kind.name,
      open: adapter.activeFds > 0,
      tx: counts(tx),
      rx: counts(rx),
    };
  });
}

function counts(ring: RingCounters): Counts {
  return { packets: ring.packets, bytes: ring.bytes, drops: drops(ring) };
}

function bareMemory(bridges: readonly SwitchEntry[]): MemoryEntry[] {
  const sizes = new Map<number, number>();
  for (const { rings } of bridges.flatMap(({ ports }) => ports)) {
    if (rings !== null) sizes.set(rings.memId, Number(rings.memsize));
  }
  return [...sizes].map(([id, size]) => ({ id, size, pools: null })).sort((a, b) => a.id - b.id);
}

function poolsOf(engine: Engine): MemoryEntry[] {
  return [...engine.regions].map(({ id, size, ifs, rings, bufs }) => ({
    id,
    size,
    pools: { if: pool(ifs), ring: pool(rings), buf: pool(bufs) },
  }));
}

function pool({ total, free, reserved }: { total: number; free: number; reserved: number }) {
  return { total: total - reserved, free };
}
