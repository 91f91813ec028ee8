/**
 * A region in its users' own memory (`netmap_mem_ext_create`): the same pools in the same order as
 * in a region of the engine's own, in a range of somebody's file.
 *
 * ```
 *   the user's mapping      |        | memsize bytes from usrptr on |       |   may go at any time
 *                                    |                              |
 *   the file          0 ----+--------+------------------------------+-------+
 *                                    |                              |
 *   the engine's mapping             | ifs | rings | buffers        |           stays with the region
 * ```
 *
 * The engine maps the file by itself, so that a user who unmaps early, or whose thread ends, takes
 * nothing from anybody. What it cannot prevent is a file that somebody makes shorter; a memfd is
 * sealed against that.
 *
 * @module
 */

import { EBUSY, EINVAL, ENOMEM, NetmapError, type NmreqPoolsInfo } from "@netmap/core";
import type { PoolName } from "./pool.ts";
import { type PoolSize, Region, REGION_PAGE, type RegionFile, type RegionSizes } from "./region.ts";

/** Which memory it is: two registrations with the same are in the same region. */
export interface ExtmemSource extends RegionFile {
  /** The file, as `statFd` names it. */
  readonly id: string;
  /** Bytes that may be used, whole pages. */
  readonly bytes: number;
}

/** Pools where the user leaves the choice to netmap (netmap(4), `priv_if_num` and its like). */
export const EXTMEM_SIZES: RegionSizes = {
  if: { count: 2, size: 1024 },
  ring: { count: 4, size: 5 * REGION_PAGE },
  buf: { count: 4098, size: 2048 },
};

const NAMES = ["if", "ring", "buf"] as const;
/** Objects begin at cache lines; netmap rounds up so for its own pools. */
const LINE = 64;
/** Buffers that a region may have at most. */
const MAX_BUFS = 4_000_000;

/** A region in users' own memory. */
export class ExtmemRegion extends Region {
  /** Which memory. */
  readonly source: ExtmemSource;

  /**
   * Makes the region; the memory is touched by nobody yet.
   *
   * @param id nr_mem_id
   * @param slot place in the image's region table
   * @param sizes from {@linkcode fitPools}
   * @param source the memory; its descriptor is the region's from then on
   * @throws {NetmapError} EINVAL for object sizes out of range, and what mmap(2) fails with
   */
  constructor(id: number, slot: number, sizes: RegionSizes, source: ExtmemSource) {
    super(id, slot, sizes, source);
    this.source = source;
  }

  /** The key of `@extmem:`. */
  protected override optionName(name: PoolName, what: keyof PoolSize): string {
    return `'${name}-${what === "count" ? "num" : "size"}' of the external memory`;
  }
}

/**
 * The region that is in a range of a file already.
 *
 * @returns null when there is none
 * @throws {NetmapError} EBUSY when a region has a part of it: its pools would lie over each other
 */
export function findExtmemRegion(
  regions: Iterable<Region>,
  wanted: Omit<ExtmemSource, "fd">,
): ExtmemRegion | null {
  for (const region of regions) {
    if (!(region instanceof ExtmemRegion) || region.source.id !== wanted.id) continue;
    const { offset, bytes } = region.source;
    if (offset === wanted.offset && bytes === wanted.bytes) return region;
    if (offset >= wanted.offset + wanted.bytes || wanted.offset >= offset + bytes) continue;
    throw new NetmapError(
      EBUSY,
      `Cannot use bytes ${wanted.offset} to ${wanted.offset + wanted.bytes - 1} of the file as ` +
        `memory region ${region.id} is in bytes ${offset} to ${offset + bytes - 1}: ` +
        "give exactly the same or none of them",
    );
  }
  return null;
}

/**
 * How many objects there will be: what was asked for, the rest of the memory as buffers, and of all
 * this as much as fits once each pool begins at a page.
 *
 * @param asked counts and sizes; 0 for {@linkcode EXTMEM_SIZES}
 * @param memsize bytes of the memory
 * @param bytes the same without a last page that is not whole
 * @throws {NetmapError} ENOMEM when what was asked for is more than the memory, or when a pool gets
 *   no object
 */
export function fitPools(asked: NmreqPoolsInfo, memsize: number, bytes: number): RegionSizes {
  const wanted = {
    if: choose("if", asked.ifPoolObjtotal, asked.ifPoolObjsize),
    ring: choose("ring", asked.ringPoolObjtotal, asked.ringPoolObjsize),
    buf: choose("buf", asked.bufPoolObjtotal, asked.bufPoolObjsize),
  };
  let left = memsize;
  for (const name of NAMES) {
    const { count, size } = wanted[name];
    if (count * size > left) throw tooSmall(name, wanted[name], left, memsize);
    left -= count * size;
  }
  wanted.buf.count = Math.min(wanted.buf.count + Math.ceil(left / wanted.buf.size), MAX_BUFS);
  let at = 0;
  for (const name of NAMES) {
    const pool = wanted[name];
    const fitting = Math.floor((bytes - at) / pool.size);
    // Buffers 0 and 1 are netmap's own.
    if (fitting < (name === "buf" ? 3 : 1)) throw tooSmall(name, pool, bytes - at, memsize);
    pool.count = Math.min(pool.count, fitting);
    at = Math.min(bytes, Math.ceil((at + pool.count * pool.size) / REGION_PAGE) * REGION_PAGE);
  }
  return wanted;
}

function choose(name: PoolName, count: number, size: number): { count: number; size: number } {
  const own = EXTMEM_SIZES[name];
  return {
    count: count || own.count,
    size: size === 0 ? own.size : Math.ceil(size / LINE) * LINE,
  };
}

function tooSmall(name: PoolName, pool: PoolSize, left: number, memsize: number): NetmapError {
  return new NetmapError(
    ENOMEM,
    `Cannot place pool '${name}' of ${pool.count} objects of ${pool.size} bytes into external ` +
      `memory of ${memsize} bytes as ${left} are left for it: give more memory, or ask for fewer ` +
      `with '${name}-num'`,
  );
}

/** Fails unless an address or a place in a file is one at which a page begins. */
export function needPage(what: string, at: number, page: number): void {
  if (at % page === 0) return;
  throw new NetmapError(
    EINVAL,
    `Cannot use external memory at ${what} 0x${at.toString(16)} as no page of ${page} bytes ` +
      "begins there: give whole pages",
  );
}
