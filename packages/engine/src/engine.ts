/**
 * The embedded netmap: what the kernel module is elsewhere. An engine owns the state image and
 * the memory regions, knows every port by name, and carries out control requests. Features give
 * it kinds of ports and requests; the engine itself knows none by name.
 *
 * @module
 */

import {
  type Descriptor,
  EINVAL,
  ENXIO,
  EOPNOTSUPP,
  type NetmapDevice,
  NetmapError,
  type NmreqRegister,
  NR_MONITOR_RX,
  NR_MONITOR_TX,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_ZCOPY_MON,
} from "@netmap/core";
import type { Adapter } from "./adapter.ts";
import { EngineDescriptor } from "./descriptor.ts";
import { coreFeature } from "./control/core_feature.ts";
import type { ControlContext, Feature, RequestEntry } from "./feature.ts";
import { InterruptSources } from "./interrupts.ts";
import { DEFAULT_SIZES, GLOBAL_MEM_ID, Region, type RegionSizes } from "./memory/region.ts";
import { DataPath, type ImageHandle, type PortKind, StateHeap } from "./state/data_path.ts";
import {
  DESC_TABLE,
  DESC_WORDS,
  K_BUSY,
  K_LOCK,
  MAX_DESCRIPTORS,
  MAX_REGIONS,
} from "./state/layout.ts";

/** What an engine is made with. */
export interface EngineOptions {
  /** What it can do beside null ports: `vale()`, `pipes()`, ... */
  readonly features?: readonly Feature[];
  /** Pool sizes of the global region; netmap's own where silent. */
  readonly pools?: Partial<RegionSizes>;
  /** Pool sizes of private regions; those of the global one where silent. */
  readonly privatePools?: Partial<RegionSizes>;
  /** Gives every VALE port a region of its own: nothing is shared, nothing can be swapped. */
  readonly privateMemory?: boolean;
}

/** An embedded netmap. */
export class Engine implements Disposable {
  /** The owner's view of the state image. */
  readonly dp: DataPath;
  /** Where records of the image come from. */
  readonly heap: StateHeap;
  /** Ports that exist, by full name. A feature registers those that are found by name. */
  readonly ports: Map<string, Adapter> = new Map();
  /** Whether VALE ports get a region of their own. */
  readonly privateMemory: boolean;
  /** Descriptors of NICs that this engine serves while somebody polls, waits or runs it. */
  readonly interrupts: InterruptSources;
  /** Open descriptors, by index in the image's table. */
  readonly descriptors: Map<number, EngineDescriptor> = new Map();
  /**
   * Makes a persistent port that ends with its last user, for a pipe whose parent does not exist
   * (`netmap_vi_create` with autodelete). Set in `start` by the feature that has such ports; the
   * caller holds what it returns.
   */
  createPersistent: ((name: string, body: NmreqRegister) => Adapter) | null = null;
  readonly #features: readonly Feature[];
  readonly #requests: Map<number, RequestEntry> = new Map();
  readonly #regions: Map<number, Region> = new Map();
  readonly #sizes: RegionSizes;
  readonly #privateSizes: RegionSizes;
  readonly #deadTags: Set<number> = new Set();
  readonly #beforeClose: (() => void)[] = [];
  #closed = false;

  /** An engine with its global region; see {@link createEngine}. */
  constructor(options: EngineOptions = {}) {
    this.#sizes = { ...DEFAULT_SIZES, ...options.pools };
    this.#privateSizes = { ...this.#sizes, ...options.privatePools };
    this.privateMemory = options.privateMemory ?? false;
    this.#features = [coreFeature(), ...(options.features ?? [])]
      .sort((a, b) => a.order - b.order);
    this.dp = DataPath.create(this.kinds);
    this.heap = new StateHeap(this.dp.state);
    this.interrupts = new InterruptSources();
    const global = this.createRegion(GLOBAL_MEM_ID, this.#sizes);
    global.refs++;
    for (const feature of this.#features) {
      for (const entry of feature.requests ?? []) this.#requests.set(entry.reqtype, entry);
      feature.start?.(this);
    }
  }

  /** Code of all port kinds; what a Worker passes to `DataPath.attach`. */
  get kinds(): PortKind[] {
    return this.#features.flatMap((feature) => [...(feature.kinds ?? [])]);
  }

  /** What another thread needs to run the data path. */
  get imageHandle(): ImageHandle {
    return { stateFd: this.dp.stateFd };
  }

  /** The device that ports are opened on. */
  get device(): NetmapDevice {
    return { kind: "embedded", name: "embedded", open: () => this.open() };
  }

  /** A new descriptor. @throws {NetmapError} EBADF once closed */
  open(): Descriptor {
    this.dp.checkOpen();
    for (let i = 0; i < MAX_DESCRIPTORS; i++) {
      if (this.descriptors.has(i)) continue;
      const descriptor = new EngineDescriptor(this, i, DESC_TABLE + i * DESC_WORDS);
      this.descriptors.set(i, descriptor);
      return descriptor;
    }
    throw new NetmapError(
      ENXIO,
      `Cannot open a descriptor as ${MAX_DESCRIPTORS} are open: close some`,
    );
  }

  /** The entry of a request. @throws {NetmapError} EINVAL for one that no feature knows */
  request(reqtype: number): RequestEntry {
    const entry = this.#requests.get(reqtype);
    if (entry) return entry;
    throw new NetmapError(
      EINVAL,
      `Cannot carry out request ${reqtype} as this engine has no feature for it`,
    );
  }

  /**
   * Finds the port that a registration names, making it where its kind does so
   * (`netmap_get_na`). The caller holds it from then on.
   *
   * @param name full port name
   * @param body the registration, for what the kinds need to know of it
   * @param create whether a port that does not exist may be made
   * @param own the requester's own memory, which goes before the region that `body` names
   * @throws {NetmapError} ENXIO when there is no such port, with the names of those that exist; EINVAL
   * for one of the old pipe modes or a region that is none; EOPNOTSUPP for a monitor where no feature
   * has them
   */
  getAdapter(
    name: string,
    body: NmreqRegister,
    create: boolean,
    own: Region | null = null,
  ): Adapter {
    this.#checkRegistration(name, body);
    const region = own ?? (body.memId === 0 ? null : this.region(body.memId));
    for (const feature of this.#features) {
      const adapter = feature.find?.({ engine: this, name, body, region, create });
      if (adapter) return adapter.hold();
    }
    const names = [...this.ports.keys()];
    throw new NetmapError(
      ENXIO,
      `Cannot find port '${name}' as there is none of that name: ` +
        (names.length > 0 ? `there are ${names.slice(0, 20).join(", ")}` : "no port exists yet"),
      { port: name },
    );
  }

  /** What no kind of port is asked about, so that none is opened as something else. */
  #checkRegistration(name: string, body: NmreqRegister): void {
    if (body.mode === NR_REG_PIPE_MASTER || body.mode === NR_REG_PIPE_SLAVE) {
      throw new NetmapError(
        EINVAL,
        `Cannot register '${name}' in mode ${body.mode} as pipes go by name: use '${name}{1' or '${name}}1'`,
        { port: name },
      );
    }
    const monitor = body.flags & (NR_MONITOR_TX | NR_MONITOR_RX | NR_ZCOPY_MON);
    if (monitor === 0 || this.#features.some((feature) => feature.monitors === true)) return;
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot monitor '${name}' as this engine has no monitors: add the feature to createEngine()`,
      { port: name },
    );
  }

  /** Tells the features of a registration. @throws {NetmapError} when one of them refuses it */
  registered(context: ControlContext<NmreqRegister>): void {
    for (const feature of this.#features) feature.registered?.(context);
  }

  /** A region by its number. @throws {NetmapError} EINVAL when there is none */
  region(memId: number): Region {
    const region = this.#regions.get(memId);
    if (region) return region;
    throw new NetmapError(
      EINVAL,
      `Cannot use memory region ${memId} as there is none: there are ${
        [...this.#regions.keys()].join(", ")
      }`,
    );
  }

  /** All regions. */
  get regions(): Iterable<Region> {
    return this.#regions.values();
  }

  /** The region of a new port: the one asked for, a private one, or the global one. */
  regionFor(asked: Region | null): Region {
    if (asked) return asked;
    if (!this.privateMemory) return this.region(GLOBAL_MEM_ID);
    return this.createRegion(this.freeMemId(), this.#privateSizes);
  }

  /** A number that no region has. */
  freeMemId(): number {
    let id = GLOBAL_MEM_ID + 1;
    while (this.#regions.has(id)) id++;
    return id;
  }

  /** Makes a region of the engine's own memory. */
  createRegion(id: number, sizes: RegionSizes): Region {
    return this.addRegion((slot) => new Region(id, slot, sizes));
  }

  /** Takes in a region that `make` makes for a free slot of the image's table. */
  addRegion<R extends Region>(make: (slot: number) => R): R {
    const used = new Set([...this.#regions.values()].map((region) => region.slot));
    let slot = 0;
    while (used.has(slot)) slot++;
    if (slot >= MAX_REGIONS) {
      throw new NetmapError(EINVAL, `Cannot make a memory region as ${MAX_REGIONS} exist`);
    }
    const region = make(slot);
    this.#regions.set(region.id, region);
    this.dp.publishRegion(slot, region.memory, region.fd, region.fileOffset);
    return region;
  }

  /** One user of a region less; the last one ends it (the global one stays). */
  dropRegion(region: Region): void {
    if (--region.refs > 0) return;
    this.#regions.delete(region.id);
    this.dp.retireRegion(region.slot);
    region.close();
  }

  /**
   * Takes back what threads held that have ended, by whatever way: locks and leases. Their
   * descriptors are for the caller to close.
   *
   * @param tags owner tags (`DataPath.owner`) of these threads
   */
  threadsDied(tags: Iterable<number>): void {
    for (const tag of tags) {
      this.dp.declareDead(tag);
      this.#deadTags.add(tag);
    }
    for (const tag of this.#deadTags) {
      releaseLocks(this, tag);
      const isClean = this.#features.every((feature) => feature.threadDied?.(this, tag) ?? true);
      if (!isClean) continue;
      this.#deadTags.delete(tag);
      this.dp.freeTag(tag);
    }
  }

  /** Serves NICs and whatever else has a descriptor until the signal says stop. */
  run(signal: AbortSignal): Promise<void> {
    return this.interrupts.run(signal);
  }

  /** Runs `action` once when the engine is about to be closed: for who serves it to others. */
  beforeClose(action: () => void): void {
    this.#beforeClose.push(action);
  }

  /** Closes all descriptors and unmaps everything. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    for (const action of this.#beforeClose.splice(0)) action();
    for (const descriptor of [...this.descriptors.values()]) descriptor.close();
    for (const feature of this.#features) feature.stop?.(this);
    this.#closed = true;
    for (const region of [...this.#regions.values()]) {
      this.#regions.delete(region.id);
      region.close();
    }
    this.dp.close();
  }

  /** Closes the engine. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Releases the locks of all rings that a dead thread holds: as whoever meets them would. */
function releaseLocks({ ports, descriptors, dp }: Engine, tag: number): void {
  const adapters = new Set(ports.values());
  for (const { registration } of descriptors.values()) {
    if (registration) adapters.add(registration.adapter);
  }
  for (const adapter of adapters) {
    for (const k of adapter.allKrings()) {
      Atomics.compareExchange(dp.state, k + K_BUSY, tag, 0);
      Atomics.compareExchange(dp.state, k + K_LOCK, tag, 0);
    }
  }
}

/** Makes an embedded netmap with the features that are asked for. */
export function createEngine(options: EngineOptions = {}): Engine {
  return new Engine(options);
}
