/**
 * Options of requests, over the seam.
 *
 * @module
 */

import {
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_OPT_MAX,
  NETMAP_REQ_OPT_OFFSETS,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NR_REG_ALL_NIC,
} from "../../abi/constants.ts";
import {
  NMREQ_PORT_INFO_GET,
  NMREQ_REGISTER,
  type NmreqPortInfoGet,
  type NmreqRegister,
} from "../../abi/nmreq_bodies.ts";
import { NMREQ_OPT_EXTMEM, NMREQ_OPT_OFFSETS, NMREQ_OPTION } from "../../abi/nmreq_options.ts";
import { registerRequest, type TypedRequest, typedRequest } from "../../abi/request.ts";
import {
  optExtmem,
  optionHeader,
  optKloopEventfds,
  optKloopMode,
  optOffsets,
} from "../../abi/request_options.ts";
import { structView } from "../../abi/struct_view.ts";
import { EINVAL, EMSGSIZE, ENXIO, EOPNOTSUPP } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal, errnoOf, fails } from "../expect.ts";

/** An option of any type, with nothing but its header unless more bytes are asked for. */
function option(reqtype: number, bytes: number = NMREQ_OPTION.size, size = 0): Uint8Array {
  const made = new Uint8Array(bytes);
  const header = optionHeader(made);
  header.reqtype = reqtype;
  header.size = size;
  return made;
}

function statuses(options: readonly Uint8Array[]): number[] {
  return options.map((one) => optionHeader(one).status);
}

function register(context: Context, options: readonly Uint8Array[]): TypedRequest<NmreqRegister> {
  return typedRequest(NETMAP_REQ_REGISTER, context.vale(), NMREQ_REGISTER, {
    mode: NR_REG_ALL_NIC,
  }, options);
}

function info(options: readonly Uint8Array[]): TypedRequest<NmreqPortInfoGet> {
  return typedRequest(NETMAP_REQ_PORT_INFO_GET, "", NMREQ_PORT_INFO_GET, {}, options);
}

/** Cases of the list of options, whatever they are. */
export const optionCases: readonly ConformanceCase[] = inArea("options", [], [
  {
    name: "that are unknown are left with EOPNOTSUPP by requests other than REGISTER",
    run(context) {
      const options = [option(99), option(1234)];
      check(context.ask(info(options)).memsize > 0, "the request is carried out");
      equal(statuses(options), [EOPNOTSUPP, EOPNOTSUPP], "the statuses");
    },
  },
  {
    name: "that are another request's are left with EOPNOTSUPP",
    run(context) {
      const options = [optKloopMode(1)];
      context.ask(info(options));
      equal(statuses(options), [EOPNOTSUPP], "the status");
    },
  },
  {
    name: "of type 0 are refused",
    run(context) {
      const options = [option(99), option(0), option(98)];
      optionHeader(options[2]).status = 4711;
      fails(EINVAL, () => context.ask(info(options)), "PORT_INFO_GET");
      equal(statuses(options), [0, EINVAL, 4711], "the statuses, the last of which nobody read");
    },
  },
  {
    name: "given twice are refused, and both say so",
    run(context) {
      const options = [optKloopMode(1), option(99), optKloopMode(2)];
      fails(EINVAL, () => context.ask(info(options)), "PORT_INFO_GET");
      equal(statuses(options), [EINVAL, 0, EINVAL], "the statuses");
    },
  },
  {
    name: "of an unknown type may be given twice",
    run(context) {
      const options = [option(99), option(99)];
      context.ask(info(options));
      equal(statuses(options), [EOPNOTSUPP, EOPNOTSUPP], "the statuses");
    },
  },
  {
    name: "that say they are larger than a request may be are refused",
    run(context) {
      for (const size of [4097, 2 ** 32, 2 ** 52]) {
        const options = [option(NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, 24, size)];
        fails(EMSGSIZE, () => context.ask(info(options)), `PORT_INFO_GET with ${size} bytes`);
      }
    },
  },
  {
    name: "of an unknown type are read as far as their header, whatever size they say",
    run(context) {
      const options = [option(99, 24, 4097)];
      context.ask(info(options));
      equal(statuses(options), [EOPNOTSUPP], "the status");
    },
  },
  {
    name: "are refused when there are too many of them, and none of them is written to",
    run(context) {
      const options = Array.from({ length: 300 }, () => option(NETMAP_REQ_OPT_MAX));
      for (const one of options) optionHeader(one).status = 4711;
      fails(EMSGSIZE, () => context.ask(info(options)), "PORT_INFO_GET with 300 options");
      equal(new Set(statuses(options)).size, 1, "the number of different statuses");
      equal(statuses(options)[0], 4711, "the statuses");
    },
  },
  {
    name: "are refused when unknown ones leave no room for one that is known",
    run(context) {
      const options = [
        ...Array.from({ length: 99 }, () => option(NETMAP_REQ_OPT_MAX)),
        option(NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, 1000, 1000),
      ];
      fails(EMSGSIZE, () => context.ask(info(options)), "PORT_INFO_GET");
    },
  },
  {
    name: "may be as many as there is room for",
    run(context) {
      const options = Array.from({ length: 100 }, () => option(NETMAP_REQ_OPT_MAX));
      context.ask(info(options));
      equal([...new Set(statuses(options))], [EOPNOTSUPP], "the statuses");
    },
  },
]);

/** Cases of options of REGISTER. */
export const registerOptionCases: readonly ConformanceCase[] = inArea("options", ["vale"], [
  {
    name: "that are unknown make REGISTER fail, and nothing stays registered",
    run(context) {
      const options = [option(1234)];
      const descriptor = context.open();
      const { request, body } = register(context, options);
      fails(EOPNOTSUPP, () => descriptor.control(request), "REGISTER");
      equal(statuses(options), [EOPNOTSUPP], "the status");
      equal([body.memsize, body.txSlots, body.offset], [0, 0, 0], "the body, which is as it was");
      fails(ENXIO, () => descriptor.txsync(), "a txsync afterwards");
      descriptor.control(register(context, []).request);
    },
  },
  {
    name: "that are another request's make REGISTER fail",
    run(context) {
      const options = [optKloopEventfds([{ ioeventfd: -1, irqfd: -1 }])];
      const descriptor = context.open();
      fails(EOPNOTSUPP, () => descriptor.control(register(context, options).request), "REGISTER");
    },
  },
  {
    name: "are looked at last: whatever else is wrong is said first",
    run(context) {
      const descriptor = context.open();
      const { request } = registerRequest(context.vale(), { mode: 99 }, [option(1234)]);
      fails(EINVAL, () => descriptor.control(request), "REGISTER in mode 99");
    },
  },
  {
    name: "have their status written also when REGISTER fails for another reason",
    run(context) {
      const options = [option(1234), option(NETMAP_REQ_OPT_SYNC_KLOOP_MODE, 32)];
      const descriptor = context.open();
      const { request } = registerRequest(context.vale(), { mode: 99 }, options);
      check(errnoOf(() => descriptor.control(request)) !== 0, "it fails");
      equal(statuses(options), [EOPNOTSUPP, EOPNOTSUPP], "the statuses");
    },
  },
  {
    name: "CSB without NR_EXCLUSIVE is refused where there is CSB mode",
    needs: ["csb"],
    run(context) {
      const options = [option(NETMAP_REQ_OPT_CSB, 40)];
      const descriptor = context.open();
      fails(EINVAL, () => descriptor.control(register(context, options).request), "REGISTER");
      equal(statuses(options), [EINVAL], "the status");
    },
  },
]);

/** Cases of OFFSETS. */
export const offsetOptionCases: readonly ConformanceCase[] = inArea(
  "options",
  ["vale", "offsets"],
  [
    {
      name: "OFFSETS puts the first offset into every slot, and says what is in force",
      run(context) {
        const offsets = optOffsets({ maxOffset: 256, initialOffset: 64, offsetBits: 16 });
        const port = context.register(context.vale(), { txSlots: 16, rxSlots: 16 }, [offsets]);
        equal(statuses([offsets]), [0], "the status");
        equal(structView(NMREQ_OPT_OFFSETS, offsets).maxOffset, 256, "nro_max_offset");
        for (const ring of port.rings) {
          equal([ring.offset(0), ring.offset(ring.numSlots - 1)], [64, 64], "the slots' offsets");
        }
      },
    },
    {
      name: "OFFSETS carries packets that start inside their buffers",
      run(context) {
        const options = (): Uint8Array[] => [optOffsets({ maxOffset: 256, initialOffset: 64 })];
        const shape = { txSlots: 16, rxSlots: 16 };
        const a = context.register(context.vale("a"), shape, options());
        const b = context.register(context.vale("b"), shape, options());
        const sent = new Uint8Array(60).fill(0xff);
        a.send([sent]);
        equal(b.receive(), [sent], "the packet");
      },
    },
    ...([
      ["a largest offset beyond the buffers", { maxOffset: 1 << 20 }],
      ["a largest offset that its bits do not hold", { maxOffset: 256, offsetBits: 8 }],
      ["a first offset beyond the largest", { maxOffset: 64, initialOffset: 65 }],
      ["more than 64 bits", { maxOffset: 64, offsetBits: 65 }],
    ] as const).map(([what, fields]): Omit<ConformanceCase, "area"> => ({
      name: `OFFSETS with ${what} is refused`,
      run(context) {
        const options = [optOffsets(fields)];
        const descriptor = context.open();
        fails(EINVAL, () => descriptor.control(register(context, options).request), "REGISTER");
        equal(statuses(options), [EINVAL], "the status");
      },
    })),
    {
      name: "OFFSETS given twice is refused",
      run(context) {
        const options = [optOffsets({ maxOffset: 64 }), optOffsets({ maxOffset: 64 })];
        const descriptor = context.open();
        fails(EINVAL, () => descriptor.control(register(context, options).request), "REGISTER");
        equal(statuses(options), [EINVAL, EINVAL], "the statuses");
        equal(optionHeader(options[0]).reqtype, NETMAP_REQ_OPT_OFFSETS, "the type");
      },
    },
  ],
);

const POOLS = {
  ifPoolObjtotal: 2,
  ifPoolObjsize: 1024,
  ringPoolObjtotal: 64,
  ringPoolObjsize: 512,
  bufPoolObjtotal: 4096,
  bufPoolObjsize: 2048,
};
const POOLS_BYTES = 2 * 1024 + 64 * 512 + 4096 * 2048;

/** Cases of EXTMEM. */
export const extmemOptionCases: readonly ConformanceCase[] = inArea(
  "options",
  ["vale", "external-memory"],
  [
    {
      name: "EXTMEM puts a port into the caller's memory",
      run(context) {
        const bytes = Math.ceil(POOLS_BYTES / 4096) * 4096;
        const { address } = context.memory(bytes);
        const extmem = optExtmem(address, { ...POOLS, memsize: bytes });
        const port = context.register(context.vale(), { txSlots: 16, rxSlots: 16 }, [extmem]);
        equal(statuses([extmem]), [0], "the status");
        equal(structView(NMREQ_OPT_EXTMEM, extmem).usrptr, address, "nro_usrptr");
        check(port.reply.memId > 1, "it is a region of its own");
        port.send([new Uint8Array(60)]);
      },
    },
    {
      name: "EXTMEM with rings that are too large is refused",
      run(context) {
        const { address } = context.memory(1 << 24);
        const extmem = optExtmem(address, { ...POOLS, ringPoolObjsize: 1 << 20, memsize: 1 << 24 });
        const descriptor = context.open();
        check(errnoOf(() => descriptor.control(register(context, [extmem]).request)) !== 0, "so");
      },
    },
    {
      name: "EXTMEM given twice is refused",
      run(context) {
        const { address } = context.memory(1 << 24);
        const options = [1, 2].map(() => optExtmem(address, { ...POOLS, memsize: 1 << 24 }));
        const descriptor = context.open();
        fails(EINVAL, () => descriptor.control(register(context, options).request), "REGISTER");
        equal(statuses(options), [EINVAL, EINVAL], "the statuses");
      },
    },
  ],
);
