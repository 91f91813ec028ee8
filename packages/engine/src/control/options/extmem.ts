/**
 * Option EXTMEM of REGISTER: the port's region is the caller's own memory.
 *
 * @module
 */

import {
  closeFd,
  dupFd,
  EFAULT,
  ENOMEM,
  F_ADD_SEALS,
  F_SEAL_SHRINK,
  libc,
  NETMAP_REQ_OPT_EXTMEM,
  NetmapError,
  NMREQ_OPT_EXTMEM,
  type NmreqOptExtmem,
  statFd,
  structView,
} from "@netmap/core";
import type { EngineDescriptor } from "../../descriptor.ts";
import type { Engine } from "../../engine.ts";
import type { ControlContext } from "../../feature.ts";
import {
  ExtmemRegion,
  type ExtmemSource,
  findExtmemRegion,
  fitPools,
  needPage,
} from "../../memory/extmem_region.ts";
import { REGION_PAGE } from "../../memory/region.ts";
import { findOption } from "../dispatch.ts";
import { withStatus } from "./option_status.ts";

/**
 * The region that the request brings. The caller holds it (`refs`) and drops it with
 * `engine.dropRegion` when the port has taken its own hold, or nobody has.
 *
 * @returns null when the request has no such option
 * @throws {NetmapError} EINVAL for memory that does not begin at a page or pools of impossible
 *   sizes, ENOMEM when it is too small for them, EFAULT when no mapping is there, EBUSY when a part
 *   of it is another region
 *
 * @example
 * ```ts
 * import { closeFd, createMemfd, mapMemory, NR_REG_NULL } from "@netmap/core";
 * import { NMREQ_OPT_EXTMEM, optExtmem, registerRequest, structView } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * const fd = createMemfd("packets", 1 << 20);
 * using memory = mapMemory(fd, 1 << 20, { keepFd: true });
 * closeFd(fd);
 * const option = optExtmem(memory.address, { memsize: memory.size, bufPoolObjtotal: 300 });
 * const shape = { mode: NR_REG_NULL, txRings: 1, rxRings: 1, txSlots: 64, rxSlots: 64 };
 * using engine = createEngine();
 * using descriptor = engine.open();
 * descriptor.control(registerRequest("mine", shape, [option]).request);
 * const { bufPoolOffset, bufPoolObjtotal } = structView(NMREQ_OPT_EXTMEM, option).info;
 * console.log(bufPoolOffset, bufPoolObjtotal); // 86016 470: the rest of the memory, too
 * ```
 */
export function takeExtmem(context: ControlContext): ExtmemRegion | null {
  const { engine, descriptor, request } = context;
  const bytes = findOption(request, NETMAP_REQ_OPT_EXTMEM);
  if (bytes === null) return null;
  return withStatus(bytes, () => {
    const option = structView(NMREQ_OPT_EXTMEM, bytes);
    const region = regionOf(engine, descriptor, option);
    region.refs++;
    answer(option, region);
    return region;
  });
}

function regionOf(
  engine: Engine,
  descriptor: EngineDescriptor,
  { usrptr, info }: NmreqOptExtmem,
): ExtmemRegion {
  const wanted = locate(descriptor, usrptr, info.memsize);
  const known = findExtmemRegion(engine.regions, wanted);
  if (known !== null) return known;
  const sizes = fitPools(info, info.memsize, wanted.bytes);
  const fd = dupFd(wanted.fd);
  // Fails for what is no memfd, and for one that allows no seals: then it is the user's to keep.
  libc().fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK);
  try {
    return engine.addRegion((slot) =>
      new ExtmemRegion(engine.freeMemId(), slot, sizes, { ...wanted, fd })
    );
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** What is behind the caller's address. The descriptor in it is the caller's. */
function locate(descriptor: EngineDescriptor, usrptr: number, memsize: number): ExtmemSource {
  needPage("address", usrptr, REGION_PAGE);
  const bytes = Math.floor(memsize / REGION_PAGE) * REGION_PAGE;
  if (bytes === 0) {
    throw new NetmapError(
      ENOMEM,
      `Cannot use external memory of ${memsize} bytes: give at least a page of ${REGION_PAGE}`,
    );
  }
  const mapping = descriptor.findMemory(usrptr, memsize);
  if (mapping === null || mapping.fd < 0) {
    const what = `external memory of ${memsize} bytes at address 0x${usrptr.toString(16)}`;
    throw new NetmapError(
      EFAULT,
      mapping === null
        ? `Cannot use ${what} as no mapping that this thread made covers it: map a memfd or file ` +
          "with mapMemory() and 'keepFd', or name a file in '@extmem='"
        : `Cannot use ${what} as its mapping kept no descriptor by which the engine could map it ` +
          "too: map it with mapMemory() and 'keepFd'",
    );
  }
  const offset = mapping.offset + (usrptr - mapping.address);
  const { id, hugePage } = statFd(mapping.fd);
  if (hugePage > 0) needPage("byte of its file", offset, hugePage);
  return { fd: mapping.fd, offset, id, bytes };
}

/** What there is, in place of what was asked for; `memsize` stays the caller's. */
function answer({ info }: NmreqOptExtmem, { id, ifs, rings, bufs }: ExtmemRegion): void {
  info.memId = id;
  info.ifPoolOffset = ifs.offset;
  info.ifPoolObjtotal = ifs.total;
  info.ifPoolObjsize = ifs.objectSize;
  info.ringPoolOffset = rings.offset;
  info.ringPoolObjtotal = rings.total;
  info.ringPoolObjsize = rings.objectSize;
  info.bufPoolOffset = bufs.offset;
  info.bufPoolObjtotal = bufs.total;
  info.bufPoolObjsize = bufs.objectSize;
}
