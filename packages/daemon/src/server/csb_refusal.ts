/**
 * CSB mode through a daemon: there is none, as its entries are at addresses of the client's and the
 * engine takes addresses for its own. What netmap checks before is checked here too, in its order,
 * so that a client learns of its own mistakes first.
 *
 * @module
 */

import {
  type ControlRequest,
  EFAULT,
  EINVAL,
  EOPNOTSUPP,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_REGISTER,
  NetmapError,
  NM_CSB_ATOK,
  NM_CSB_KTOA,
  NMREQ_HEADER,
  NMREQ_OPT_CSB,
  NMREQ_OPTION,
  structView,
} from "@netmap/core";
import { type EngineDescriptor, ProcessMemory } from "@netmap/engine";

/**
 * Ends a request for CSB mode.
 *
 * @param descriptor the one that asks
 * @param request what it asks
 * @param pid the client, whose addresses the request has
 * @returns whether the request is done: there is nothing to exchange
 * @throws {NetmapError} EINVAL and EFAULT as netmap, else EOPNOTSUPP
 */
export function endCsbRequest(
  descriptor: EngineDescriptor,
  request: ControlRequest,
  pid: number,
): boolean {
  const { reqtype } = structView(NMREQ_HEADER, request.header);
  if (reqtype !== NETMAP_REQ_CSB_ENABLE && reqtype !== NETMAP_REQ_REGISTER) return false;
  const option = request.options.find((one) =>
    one.length >= NMREQ_OPT_CSB.size &&
    structView(NMREQ_OPTION, one).reqtype === NETMAP_REQ_OPT_CSB
  );
  if (option === undefined) return false;
  const status = structView(NMREQ_OPTION, option);
  try {
    if (reqtype === NETMAP_REQ_CSB_ENABLE) {
      const { registration } = descriptor;
      const rings = registration ? registration.tx.count + registration.rx.count : 0;
      if (registration === null || rings === 0) {
        status.status = 0;
        return true;
      }
      if (!registration.exclusive) {
        throw new NetmapError(
          EINVAL,
          `Cannot enable CSB mode of '${registration.adapter.name}' as others may use its rings: ` +
            "register it with NR_EXCLUSIVE",
        );
      }
      checkEntries(option, rings, pid);
    }
    throw new NetmapError(
      EOPNOTSUPP,
      "Cannot use CSB mode through a daemon: use the rings, which are shared memory already",
    );
  } catch (error) {
    if (error instanceof NetmapError) status.status = error.errno;
    throw error;
  }
}

function checkEntries(option: Uint8Array, rings: number, pid: number): void {
  const { csbAtok, csbKtoa } = structView(NMREQ_OPT_CSB, option);
  const memory = new ProcessMemory(pid);
  for (const [address, size] of [[csbAtok, NM_CSB_ATOK.size], [csbKtoa, NM_CSB_KTOA.size]]) {
    if (address % size !== 0) {
      throw new NetmapError(
        EINVAL,
        `Cannot use CSB entries at address 0x${address.toString(16)}: align them to ${size} bytes`,
      );
    }
    if (address === 0) throw new NetmapError(EFAULT, "Cannot use CSB entries at address 0");
    memory.read(address, size * rings);
  }
}
