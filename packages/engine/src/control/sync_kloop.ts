/**
 * SYNC_KLOOP_START, SYNC_KLOOP_STOP and CSB_ENABLE where no loop can run: they check what netmap
 * checks, in its order, and end where a loop would begin. A feature that has the loop brings entries
 * of its own.
 *
 * @module
 */

import {
  EFAULT,
  EINVAL,
  ENXIO,
  EOPNOTSUPP,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  NetmapError,
  NM_CSB_ATOK,
  NM_CSB_KTOA,
  NMREQ_OPT_CSB,
  NMREQ_OPTION,
  NMREQ_SYNC_KLOOP_START,
  type NmreqSyncKloopStart,
  structView,
} from "@netmap/core";
import type { EngineDescriptor, Registration } from "../descriptor.ts";
import type { ControlContext, RequestEntry } from "../feature.ts";
import { findOption } from "./dispatch.ts";
import { ProcessMemory } from "./user_memory.ts";

/** Longest sleep of a loop, in microseconds. */
const MAX_SLEEP_US = 1_000_000;

/** The table entry of SYNC_KLOOP_START. */
export const syncKloopStartEntry: RequestEntry<NmreqSyncKloopStart> = {
  reqtype: NETMAP_REQ_SYNC_KLOOP_START,
  name: "SYNC_KLOOP_START",
  body: NMREQ_SYNC_KLOOP_START,
  run({ descriptor, body }): void {
    if (body.sleepUs > MAX_SLEEP_US) {
      throw new NetmapError(
        EINVAL,
        `Cannot start a sync loop that sleeps ${body.sleepUs} us: use at most ${MAX_SLEEP_US}`,
      );
    }
    needRegistration(descriptor, "start a sync loop");
    throw new NetmapError(
      EINVAL,
      "Cannot start a sync loop as the descriptor is not in CSB mode: register it with option CSB",
    );
  },
};

/** The table entry of SYNC_KLOOP_STOP. */
export const syncKloopStopEntry: RequestEntry<null> = {
  reqtype: NETMAP_REQ_SYNC_KLOOP_STOP,
  name: "SYNC_KLOOP_STOP",
  body: null,
  run({ descriptor }): void {
    // No loop runs, so it has stopped: netmap answers 0.
    needRegistration(descriptor, "stop a sync loop");
  },
};

/** The table entry of CSB_ENABLE. */
export const csbEnableEntry: RequestEntry<null> = {
  reqtype: NETMAP_REQ_CSB_ENABLE,
  name: "CSB_ENABLE",
  body: null,
  run(context: ControlContext<null>): void {
    const option = findOption(context.request, NETMAP_REQ_OPT_CSB);
    if (option === null) {
      throw new NetmapError(
        EINVAL,
        "Cannot enable CSB mode without the entries' addresses: give option CSB",
      );
    }
    const header = structView(NMREQ_OPTION, option);
    try {
      enableCsb(context.descriptor.registration, option);
      header.status = 0;
    } catch (error) {
      if (error instanceof NetmapError) header.status = error.errno;
      throw error;
    }
  },
};

/** netmap's checks of CSB entries (`netmap_csb_validate`). */
function enableCsb(registration: Registration | null, option: Uint8Array): void {
  const rings = registration === null ? 0 : registration.tx.count + registration.rx.count;
  // netmap's answer where there is nothing to exchange: nothing is wrong.
  if (registration === null || rings === 0) return;
  if (!registration.exclusive) {
    throw new NetmapError(
      EINVAL,
      `Cannot enable CSB mode of '${registration.adapter.name}' as others may use its rings: ` +
        "register it with NR_EXCLUSIVE",
    );
  }
  const { csbAtok, csbKtoa } = structView(NMREQ_OPT_CSB, option);
  const memory = new ProcessMemory();
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
  throw new NetmapError(
    EOPNOTSUPP,
    `Cannot enable CSB mode of '${registration.adapter.name}' as this engine has no sync loop: ` +
      "add the feature to createEngine()",
  );
}

function needRegistration(descriptor: EngineDescriptor, what: string): Registration {
  if (descriptor.registration) return descriptor.registration;
  throw new NetmapError(ENXIO, `Cannot ${what} as the descriptor has no port: register one first`);
}
