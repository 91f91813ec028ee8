/**
 * A memory region: pools of netmap_if, netmap_ring and packet buffers in one sparse memfd, laid
 * out as netmap lays them out.
 *
 * ```
 *   0            ring pool            buffer pool
 *   | netmap_if  | netmap_ring + slots | 0 | 1 | buf 2 | buf 3 | ...
 *                                       reserved
 * ```
 *
 * Region 1 is the global one that every port is in unless it asks for another.
 *
 * @module
 */

import {
  closeFd,
  createMemfd,
  EINVAL,
  ENOMEM,
  mapMemory,
  type Mapping,
  type Memory,
  NetmapError,
} from "@netmap/core";
import { Pool, type PoolName } from "./pool.ts";

/** What regions, and pools in them, are multiples of, in bytes. */
export const REGION_PAGE = 4096;

/** Number of the global memory region. */
export const GLOBAL_MEM_ID = 1;

/** How many objects a pool has, and how large each is in bytes. */
export interface PoolSize {
  /** Objects in the pool. */
  readonly count: number;
  /** Bytes an object; a multiple of 64. */
  readonly size: number;
}

/** Sizes of the three pools of a region. */
export interface RegionSizes {
  /** `netmap_if`: one a registration. */
  readonly if: PoolSize;
  /** `netmap_ring`: one a ring, its slots included. */
  readonly ring: PoolSize;
  /** Packet buffers. */
  readonly buf: PoolSize;
}

/** netmap's default sizes (netmap(4), `if_num`, `ring_num`, `buf_num` and their like). */
export const DEFAULT_SIZES: RegionSizes = {
  if: { count: 100, size: 1024 },
  ring: { count: 200, size: 9 * REGION_PAGE },
  buf: { count: 163840, size: 2048 },
};

/** netmap's limits of what may be asked for (netmap_mem). */
const LIMITS: Readonly<Record<PoolName, { size: [number, number]; count: [number, number] }>> = {
  if: { size: [64, 1 << 20], count: [1, 10000] },
  ring: { size: [64, 4 << 20], count: [2, 100000] },
  buf: { size: [64, 65536], count: [4, 4_000_000] },
};

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** A file that a region is in, in place of a memfd of its own. */
export interface RegionFile {
  /** Its descriptor; the region's from then on. */
  readonly fd: number;
  /** First byte of the region in it. */
  readonly offset: number;
}

/** A region and who uses it. */
export class Region {
  /** What requests call it (`nr_mem_id`). */
  readonly id: number;
  /** Its place in the image's region table. */
  readonly slot: number;
  /** Bytes. */
  readonly size: number;
  /** The mapped bytes. */
  readonly memory: Memory;
  /** memfd or file behind them. */
  readonly fd: number;
  /** First byte of the region in that file. */
  readonly fileOffset: number;
  /** `netmap_if` objects. */
  readonly ifs: Pool;
  /** `netmap_ring` objects. */
  readonly rings: Pool;
  /** Packet buffers. */
  readonly bufs: Pool;
  /** Users; a region other than the global one ends with its last. */
  refs = 0;
  /** Extra buffers in users' hands. */
  extraHeld = 0;
  readonly #mapping: Mapping;

  /**
   * Makes the region: reserves its addresses, and no memory yet.
   *
   * @param id nr_mem_id
   * @param slot place in the image's region table
   * @param sizes of the pools
   * @param file where the region is, large enough for these pools; a new memfd when left out
   * @throws {NetmapError} EINVAL for sizes out of range, ENOMEM when the kernel has no memory
   */
  constructor(
    id: number,
    slot: number,
    sizes: RegionSizes = DEFAULT_SIZES,
    file: RegionFile | null = null,
  ) {
    for (const name of ["if", "ring", "buf"] as const) checkPool(name, sizes[name], file === null);
    this.id = id;
    this.slot = slot;
    const ringOffset = roundUp(sizes.if.count * sizes.if.size, REGION_PAGE);
    const bufOffset = ringOffset + roundUp(sizes.ring.count * sizes.ring.size, REGION_PAGE);
    this.size = bufOffset + roundUp(sizes.buf.count * sizes.buf.size, REGION_PAGE);
    this.ifs = new Pool("if", 0, sizes.if.size, sizes.if.count, 0);
    this.rings = new Pool("ring", ringOffset, sizes.ring.size, sizes.ring.count, 0);
    this.bufs = new Pool("buf", bufOffset, sizes.buf.size, sizes.buf.count, 2);
    this.fd = file?.fd ?? createMemfd(`netmap-mem-${id}`, this.size);
    this.fileOffset = file?.offset ?? 0;
    this.#mapping = mapMemory(this.fd, this.size, { offset: this.fileOffset });
    this.memory = this.#mapping;
  }

  /** Fails with a sentence that names the pool unless `count` objects are free. */
  need(name: PoolName, count: number): void {
    const pool = name === "if" ? this.ifs : name === "ring" ? this.rings : this.bufs;
    if (pool.free >= count) return;
    throw new NetmapError(
      ENOMEM,
      `Cannot allocate ${count} objects of pool '${name}' in memory region ${this.id} as ` +
        `${pool.free} of ${pool.total} are free: raise ${
          this.optionName(name, "count")
        } or close ports`,
    );
  }

  /** Fails with a sentence unless an object of `bytes` fits into a pool. */
  fits(name: PoolName, bytes: number, what: string): void {
    const pool = name === "if" ? this.ifs : name === "ring" ? this.rings : this.bufs;
    if (bytes <= pool.objectSize) return;
    throw new NetmapError(
      ENOMEM,
      `Cannot place ${what} of ${bytes} bytes into pool '${name}' of memory region ${this.id} as ` +
        `its objects have ${pool.objectSize} bytes: raise ${this.optionName(name, "size")}`,
    );
  }

  /** What a user has to raise to have more, or larger, objects of a pool. */
  protected optionName(name: PoolName, what: keyof PoolSize): string {
    return `'pools.${name}.${what}' of the engine`;
  }

  /** Unmaps the region. */
  close(): void {
    this.#mapping.close();
    if (this.fd >= 0) closeFd(this.fd);
  }
}

/** Users' own memory may have pools of any count, as in netmap. */
function checkPool(name: PoolName, pool: PoolSize, withCount: boolean): void {
  const limits = LIMITS[name];
  for (const key of ["count", "size"] as const) {
    const [low, high] = limits[key];
    if (key === "count" && !withCount) continue;
    if (Number.isInteger(pool[key]) && pool[key] >= low && pool[key] <= high) continue;
    throw new NetmapError(
      EINVAL,
      `Cannot make pool '${name}' with ${key} ${pool[key]}: use ${low} to ${high}`,
    );
  }
  if (pool.size % 64 !== 0) {
    throw new NetmapError(
      EINVAL,
      `Cannot make pool '${name}' with size ${pool.size}: use a multiple of 64`,
    );
  }
}
