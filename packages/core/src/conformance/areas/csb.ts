/**
 * CSB mode, up to where a loop would begin.
 *
 * @module
 */

import { NR_EXCLUSIVE, NR_RX_RINGS_ONLY } from "../../abi/constants.ts";
import {
  CSB_ATOK_APPL_NEED_KICK,
  CSB_ATOK_CUR,
  CSB_ATOK_HEAD,
  CSB_ENTRY_WORDS,
  CSB_KTOA_HWCUR,
  CSB_KTOA_HWTAIL,
  CSB_KTOA_KERN_NEED_KICK,
} from "../../abi/csb.ts";
import type { NmreqRegister } from "../../abi/nmreq_bodies.ts";
import { registerRequest } from "../../abi/request.ts";
import { csbEnable, syncKloopStop } from "../../abi/request_kloop.ts";
import { optCsb, optionHeader } from "../../abi/request_options.ts";
import { POLLERR, POLLIN } from "../../device.ts";
import { EBUSY, EFAULT, EINVAL } from "../../errno.ts";
import type { BoundPort } from "../bound_port.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { equal, fails } from "../expect.ts";

/** Where the entries of the device begin, behind those of the application. */
const KTOA = 2048;

interface CsbPort {
  readonly port: BoundPort;
  /** The words of all entries. */
  readonly words: Int32Array;
}

/** A port in CSB mode since it was registered. */
function csbPort(context: Context, fields: Partial<NmreqRegister> = {}): CsbPort {
  const { address, i32 } = context.memory(4096);
  const option = optCsb(address, address + KTOA);
  const asked = { txSlots: 64, rxSlots: 64, ...fields, flags: NR_EXCLUSIVE | (fields.flags ?? 0) };
  const port = context.register(context.vale(), asked, [option]);
  equal(optionHeader(option).status, 0, "the option's status");
  return { port, words: i32 };
}

/** Cases of CSB mode. */
export const csbCases: readonly ConformanceCase[] = inArea("sync loop", ["vale", "csb"], [
  {
    name: "has the entries say where the rings stand, and that everybody wants to be woken",
    run(context) {
      const { words } = csbPort(context);
      const entries = [0, 1].map((ring) => {
        const atok = ring * CSB_ENTRY_WORDS;
        const ktoa = KTOA / 4 + ring * CSB_ENTRY_WORDS;
        return [
          words[atok + CSB_ATOK_HEAD],
          words[atok + CSB_ATOK_CUR],
          words[ktoa + CSB_KTOA_HWCUR],
          words[ktoa + CSB_KTOA_HWTAIL],
        ];
      });
      equal(entries, [[0, 0, 0, 63], [0, 0, 0, 0]], "the pointers of the tx and the rx ring");
      equal(words[CSB_ATOK_APPL_NEED_KICK], 1, "appl_need_kick");
      equal(words[KTOA / 4 + CSB_KTOA_KERN_NEED_KICK], 1, "kern_need_kick");
    },
  },
  {
    name: "has an entry for each bound ring, and writes no other",
    run(context) {
      const { words } = csbPort(context, { rxRings: 3, txRings: 2, flags: NR_RX_RINGS_ONLY });
      const written = Array.from(
        { length: 8 },
        (_, ring) => words[KTOA / 4 + ring * CSB_ENTRY_WORDS + CSB_KTOA_KERN_NEED_KICK],
      );
      equal(written, [1, 1, 1, 0, 0, 0, 0, 0], "kern_need_kick of eight entries");
    },
  },
  {
    name: "answers EBUSY to syncs of a descriptor in CSB mode, and POLLERR to poll",
    run(context) {
      const { descriptor } = csbPort(context).port;
      fails(EBUSY, () => descriptor.txsync(), "txsync");
      fails(EBUSY, () => descriptor.rxsync(), "rxsync");
      equal(descriptor.poll(POLLIN, 0), POLLERR, "the events");
    },
  },
  {
    name: "goes into CSB mode by CSB_ENABLE too",
    run(context) {
      const { descriptor } = context.port("a", { flags: NR_EXCLUSIVE });
      descriptor.txsync();
      const { address } = context.memory(4096);
      const option = optCsb(address, address + KTOA);
      descriptor.control(csbEnable(context.vale(), [option]).request);
      equal(optionHeader(option).status, 0, "the status");
      fails(EBUSY, () => descriptor.txsync(), "txsync");
    },
  },
  {
    name: "stops a loop that does not run",
    run(context) {
      const { descriptor } = csbPort(context).port;
      descriptor.control(syncKloopStop(context.vale()).request);
    },
  },
  ...([["nowhere", 1 << 12, EFAULT], ["not aligned", 1 << 12 | 16, EINVAL]] as const).map((
    [where, address, errno],
  ): Omit<ConformanceCase, "area"> => ({
    name: `does not register a port whose entries are ${where}`,
    run(context) {
      const option = optCsb(address, address);
      const { request } = registerRequest(context.vale(), { flags: NR_EXCLUSIVE }, [option]);
      const descriptor = context.open();
      fails(errno, () => descriptor.control(request), "REGISTER");
      equal(optionHeader(option).status, errno, "the status");
      descriptor.control(registerRequest(context.vale()).request);
      descriptor.txsync();
    },
  })),
]);
