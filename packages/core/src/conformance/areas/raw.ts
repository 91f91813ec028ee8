/**
 * NIOCCTRL and its like by pointer: what a C program may get wrong that the seam cannot.
 *
 * @module
 */

import {
  NETMAP_REQ_OPT_MAX,
  NETMAP_REQ_OPT_OFFSETS,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NETMAP_REQ_VALE_DELIF,
} from "../../abi/constants.ts";
import { NMREQ, type Nmreq } from "../../abi/legacy.ts";
import {
  NMREQ_PORT_INFO_GET,
  NMREQ_REGISTER,
  type NmreqPortInfoGet,
} from "../../abi/nmreq_bodies.ts";
import { structView } from "../../abi/struct_view.ts";
import { EFAULT, EINVAL, EMSGSIZE, ENXIO, EOPNOTSUPP } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal } from "../expect.ts";
import {
  pointer,
  rawHeader,
  rawHeaderOf,
  rawOption,
  rawOptionOf,
  rawRegister,
} from "../raw_request.ts";

/** Asks about the common region, by pointer. */
function info(context: Context, first: Uint8Array | null): [number, NmreqPortInfoGet] {
  const body = new Uint8Array(NMREQ_PORT_INFO_GET.size);
  const header = rawHeader(NETMAP_REQ_PORT_INFO_GET, "", body, first);
  const errno = context.rawIoctl(context.open(), "NIOCCTRL", header);
  return [errno, structView(NMREQ_PORT_INFO_GET, body)];
}

/** Cases of ioctls by pointer. */
export const rawCases: readonly ConformanceCase[] = inArea("ioctls by pointer", ["raw-ioctl"], [
  {
    name: "carry out a request and write its reply behind the pointer",
    run(context) {
      const [errno, body] = info(context, null);
      equal(errno, 0, "the errno");
      check(body.memsize > 0 && body.memId === 1, "the reply is there");
    },
  },
  {
    name: "leave the pointers of the request as they were",
    run(context) {
      const option = rawOption({ reqtype: 99 });
      const body = new Uint8Array(NMREQ_PORT_INFO_GET.size);
      const header = rawHeader(NETMAP_REQ_PORT_INFO_GET, "", body, option);
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), 0, "the errno");
      const view = rawHeaderOf(header);
      equal([view.body, view.options], [pointer(body), pointer(option)], "the pointers");
      equal(view.reserved, 0, "nr_reserved");
    },
  },
  {
    name: "refuse a reserved field that is not 0",
    run(context) {
      const body = new Uint8Array(NMREQ_PORT_INFO_GET.size);
      const header = rawHeader(NETMAP_REQ_PORT_INFO_GET, "", body);
      rawHeaderOf(header).reserved = 1;
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EINVAL, "the errno");
    },
  },
  ...[0, 11, 13, 16, 65535].map((version): Omit<ConformanceCase, "area"> => ({
    name: `refuse a request of version ${version}`,
    run(context) {
      const body = new Uint8Array(NMREQ_PORT_INFO_GET.size);
      const header = rawHeader(NETMAP_REQ_PORT_INFO_GET, "", body);
      rawHeaderOf(header).version = version;
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EINVAL, "the errno");
    },
  })),
  {
    name: "refuse a missing body",
    run(context) {
      const header = rawHeader(NETMAP_REQ_REGISTER, "x", null);
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EINVAL, "the errno");
    },
  },
  {
    name: "refuse a body where there is none",
    run(context) {
      const header = rawHeader(NETMAP_REQ_VALE_DELIF, "x", new Uint8Array(64));
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EINVAL, "the errno");
    },
  },
  {
    name: "refuse a request that nobody knows, with and without a body",
    run(context) {
      for (const body of [null, new Uint8Array(64)]) {
        const header = rawHeader(999, "x", body);
        equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EINVAL, "the errno");
      }
    },
  },
  ...([["the first page", 16], ["memory that is not the user's", 2 ** 48]] as const).map((
    [where, address],
  ): Omit<ConformanceCase, "area"> => ({
    name: `answer EFAULT to a body in ${where}`,
    run(context) {
      const header = rawHeader(NETMAP_REQ_REGISTER, "x", rawRegister());
      rawHeaderOf(header).body = address;
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), EFAULT, "the errno");
    },
  })),
  {
    name: "answer EFAULT to a list of options that leads nowhere",
    run(context) {
      const option = rawOption({ reqtype: 99, next: 24 });
      equal(info(context, option)[0], EFAULT, "the errno");
      equal(rawOptionOf(option).status, 0, "the status of the option before");
    },
  },
  {
    name: "cut a name that does not end",
    run(context) {
      const header = rawHeader(NETMAP_REQ_REGISTER, "", rawRegister());
      header.fill("x".charCodeAt(0), 8, 8 + 64);
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), ENXIO, "the errno");
      equal(header[8 + 63], 0, "the last byte of nr_name");
    },
  },
  {
    name: "answer EMSGSIZE to a list without end, and leave it as it was",
    run(context) {
      const circle = rawOption({ reqtype: NETMAP_REQ_OPT_MAX + 1, status: 4711 });
      rawOptionOf(circle).next = pointer(circle);
      equal(info(context, circle)[0], EMSGSIZE, "the errno");
      equal(rawOptionOf(circle).status, 4711, "the status");
    },
  },
  {
    name: "answer EINVAL to a list without end of an option that may be given once",
    run(context) {
      const circle = rawOption({ reqtype: NETMAP_REQ_OPT_OFFSETS }, null, 64);
      rawOptionOf(circle).next = pointer(circle);
      equal(info(context, circle)[0], EINVAL, "the errno");
      equal(rawOptionOf(circle).status, EINVAL, "the status");
    },
  },
  {
    name: "answer EMSGSIZE to a hundred options the last of which is large",
    run(context) {
      const options: Uint8Array[] = [];
      let next = rawOption(
        { reqtype: NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, size: 1000 },
        null,
        1000,
      );
      for (let i = 0; i < 99; i++) {
        options.push(next);
        next = rawOption({ reqtype: NETMAP_REQ_OPT_MAX }, next);
      }
      equal(info(context, next)[0], EMSGSIZE, "the errno");
      check(options.length === 99, "they are all kept");
    },
  },
  {
    name: "write the status of each option, and leave the list as it was",
    run(context) {
      const last = rawOption({ reqtype: NETMAP_REQ_OPT_SYNC_KLOOP_MODE }, null, 32);
      const first = rawOption({ reqtype: 88, status: 4711 }, last);
      equal(info(context, first)[0], 0, "the errno");
      const { status, next, reqtype } = rawOptionOf(first);
      equal([status, next, reqtype], [EOPNOTSUPP, pointer(last), 88], "the first option");
      equal([rawOptionOf(last).status, rawOptionOf(last).next], [EOPNOTSUPP, 0], "the last option");
    },
  },
  {
    name: "write the status of each option also when the request fails, and no body",
    run(context) {
      const option = rawOption({ reqtype: 99, status: 4711 });
      const body = rawRegister();
      const header = rawHeader(NETMAP_REQ_REGISTER, context.plain(), body, option);
      equal(context.rawIoctl(context.open(), "NIOCCTRL", header), ENXIO, "the errno");
      equal(rawOptionOf(option).status, EOPNOTSUPP, "the status");
      equal(structView(NMREQ_REGISTER, body).memsize, 0, "nr_memsize");
    },
  },
  {
    name: "mark both of two options of one type",
    run(context) {
      const second = rawOption({ reqtype: NETMAP_REQ_OPT_SYNC_KLOOP_MODE }, null, 32);
      const first = rawOption({ reqtype: NETMAP_REQ_OPT_SYNC_KLOOP_MODE }, second, 32);
      equal(info(context, first)[0], EINVAL, "the errno");
      equal(
        [first, second].map((one) => rawOptionOf(one).status),
        [EINVAL, EINVAL],
        "the statuses",
      );
    },
  },
  {
    name: "register a port and sync it",
    needs: ["vale"],
    run(context) {
      const descriptor = context.open();
      const body = rawRegister();
      const header = rawHeader(NETMAP_REQ_REGISTER, context.vale(), body);
      equal(context.rawIoctl(descriptor, "NIOCTXSYNC", new Uint8Array(0)), ENXIO, "txsync before");
      equal(context.rawIoctl(descriptor, "NIOCCTRL", header), 0, "REGISTER");
      check(structView(NMREQ_REGISTER, body).memsize > 0, "the reply is there");
      equal(context.rawIoctl(descriptor, "NIOCTXSYNC", new Uint8Array(0)), 0, "txsync after");
      equal(context.rawIoctl(descriptor, "NIOCRXSYNC", new Uint8Array(0)), 0, "rxsync after");
    },
  },
  {
    name: "take a struct nmreq",
    run(context) {
      const bytes = new Uint8Array(NMREQ.size);
      const fields: Partial<Nmreq> = { version: 14, arg2: 1 };
      Object.assign(structView(NMREQ, bytes), fields);
      equal(context.rawIoctl(context.open(), "NIOCGINFO", bytes), 0, "the errno");
      check(structView(NMREQ, bytes).memsize > 0, "the reply is there");
    },
  },
]);
