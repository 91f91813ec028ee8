/**
 * SYNC_KLOOP_START, SYNC_KLOOP_STOP and CSB_ENABLE where no loop can run.
 *
 * @module
 */

import { NR_EXCLUSIVE } from "../../abi/constants.ts";
import { csbEnable, syncKloopStart, syncKloopStop } from "../../abi/request_kloop.ts";
import { optCsb, optionHeader } from "../../abi/request_options.ts";
import { EFAULT, EINVAL, ENXIO } from "../../errno.ts";
import { runtime } from "../../runtime/pick.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { equal, fails } from "../expect.ts";

/** Memory of a number of CSB entries, aligned as they have to be. */
function entries(bytes: number): { address: number; keep: Uint8Array } {
  const keep = new Uint8Array(bytes + 64);
  return { address: Math.ceil(runtime().addressOf(keep) / 64) * 64, keep };
}

/** Cases of the sync loop's requests. */
export const syncLoopCases: readonly ConformanceCase[] = inArea("sync loop", [], [
  {
    name: "is not started on a descriptor without a port",
    run(context) {
      const { request } = syncKloopStart("x", 500);
      fails(ENXIO, () => context.open().control(request), "SYNC_KLOOP_START");
    },
  },
  {
    name: "is not started with a sleep of more than a second",
    run(context) {
      const { request } = syncKloopStart("x", 1_000_001);
      fails(EINVAL, () => context.open().control(request), "SYNC_KLOOP_START");
    },
  },
  {
    name: "is not stopped on a descriptor without a port",
    run(context) {
      fails(ENXIO, () => context.open().control(syncKloopStop("x").request), "SYNC_KLOOP_STOP");
    },
  },
  {
    name: "wants to know where CSB entries are",
    run(context) {
      fails(EINVAL, () => context.open().control(csbEnable("x").request), "CSB_ENABLE");
    },
  },
  {
    name: "takes CSB entries of no ring on a descriptor without a port",
    run(context) {
      const option = optCsb(64, 128);
      context.open().control(csbEnable("x", [option]).request);
      equal(optionHeader(option).status, 0, "the status");
    },
    reference: "netmap answers 0 here, as there is nothing to exchange; so do we",
  },
  {
    name: "is not started on a port that is not in CSB mode",
    needs: ["vale"],
    run(context) {
      const { descriptor } = context.port();
      const { request } = syncKloopStart(context.vale(), 500);
      fails(EINVAL, () => descriptor.control(request), "SYNC_KLOOP_START");
      descriptor.txsync();
    },
  },
  {
    name: "is stopped where none runs",
    needs: ["vale"],
    run(context) {
      const { descriptor } = context.port();
      descriptor.control(syncKloopStop(context.vale()).request);
      descriptor.txsync();
    },
  },
  {
    name: "takes no CSB entries of rings that others may use too",
    needs: ["vale"],
    run(context) {
      const { descriptor } = context.port();
      const { address, keep } = entries(8 * 64);
      const option = optCsb(address, address + 4 * 64);
      fails(
        EINVAL,
        () => descriptor.control(csbEnable(context.vale(), [option]).request),
        "CSB_ENABLE",
      );
      equal(optionHeader(option).status, EINVAL, "the status");
      equal(keep.every((byte) => byte === 0), true, "whether the entries were left alone");
    },
  },
  ...([
    ["are not aligned to their size", 64 + 8, EINVAL],
    ["are nowhere", 1 << 12, EFAULT],
    ["are in the first page", 0, EFAULT],
  ] as const).map(([what, address, errno]): Omit<ConformanceCase, "area"> => ({
    name: `takes no CSB entries that ${what}`,
    needs: ["vale"],
    run(context) {
      const { descriptor } = context.port("a", { flags: NR_EXCLUSIVE });
      const option = optCsb(address, address);
      fails(
        errno,
        () => descriptor.control(csbEnable(context.vale(), [option]).request),
        "CSB_ENABLE",
      );
      equal(optionHeader(option).status, errno, "the status");
      descriptor.txsync();
    },
  })),
]);
