/**
 * From a `PortSpec` to the REGISTER request that asks for it.
 *
 * @module
 */

import type { NmreqPoolsInfo, NmreqRegister } from "./abi/nmreq_bodies.ts";
import { registerRequest, type TypedRequest } from "./abi/request.ts";
import { optExtmem, optOffsets } from "./abi/request_options.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { type ExtmemSpec, overrideSpec, type PortOverrides, type PortSpec } from "./port_spec.ts";

/** Memory that the caller mapped. */
export interface MappedRange {
  /** Address of its first byte. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
}

/**
 * The request for a spec.
 *
 * `share` is not in it, as a request names a region by its number: look that up
 * (NETMAP_REQ_PORT_INFO_GET) and override `memId`, as `openPort` does.
 *
 * @param spec from `parsePortName` or `portSpec`
 * @param overrides put over it
 * @param mapped where `spec.extmem.file` is mapped; needed if and only if the spec has one
 * @returns the request, and a view of its body for the reply
 * @throws {NetmapError} EINVAL for a number out of its range, or external memory that is not mapped
 *
 * @example
 * ```ts
 * import { parsePortName, registerFromSpec } from "@netmap/core";
 * const { body } = registerFromSpec(parsePortName("netmap:eth0-2"), { extraBuffers: 8 });
 * console.log(body.ringid, body.extraBufs); // 2 8
 * ```
 */
export function registerFromSpec(
  spec: PortSpec,
  overrides: PortOverrides = {},
  mapped?: MappedRange,
): TypedRequest<NmreqRegister> {
  const asked = overrideSpec(spec, overrides);
  const options: Uint8Array[] = [];
  if (asked.extmem !== null) {
    if (mapped === undefined) {
      throw new NetmapError(
        EINVAL,
        `Cannot register '${asked.name}' with external memory '${asked.extmem.file}' as it is not ` +
          "mapped: map the file and give its address and size",
        { port: asked.name },
      );
    }
    options.push(optExtmem(mapped.address, { ...poolSizes(asked.extmem), memsize: mapped.size }));
  }
  if (asked.offsets !== null) {
    const { initial, bits, max, minGap } = asked.offsets;
    options.push(
      optOffsets({ maxOffset: max, initialOffset: initial, offsetBits: bits, minGap }),
    );
  }
  return registerRequest(asked.name, {
    mode: asked.mode,
    ringid: asked.ringId,
    flags: asked.flags,
    memId: asked.memId,
    txRings: asked.txRings,
    rxRings: asked.rxRings,
    hostTxRings: asked.hostTxRings,
    hostRxRings: asked.hostRxRings,
    txSlots: asked.txSlots,
    rxSlots: asked.rxSlots,
    extraBufs: asked.extraBuffers,
  }, options);
}

function poolSizes(extmem: ExtmemSpec): Partial<NmreqPoolsInfo> {
  return {
    ifPoolObjtotal: extmem.ifNum,
    ifPoolObjsize: extmem.ifSize,
    ringPoolObjtotal: extmem.ringNum,
    ringPoolObjsize: extmem.ringSize,
    bufPoolObjtotal: extmem.bufNum,
    bufPoolObjsize: extmem.bufSize,
  };
}
