import {
  addressOf,
  type Descriptor,
  EBUSY,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENOMEM,
  ENXIO,
  EOPNOTSUPP,
  NETMAP_API,
  NETMAP_IOCTLS,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NetmapError,
  NMREQ,
  type Nmreq,
  NMREQ_HEADER,
  NMREQ_OPTION,
  NMREQ_REGISTER,
  NR_REG_ALL_NIC,
  structView,
} from "@netmap/core";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "../engine.ts";
import { loop } from "../loop_fixture.ts";
import { ioctl } from "./ioctl.ts";
import { ProcessMemory } from "./user_memory.ts";

const { NIOCCTRL, NIOCREGIF, NIOCGINFO, NIOCTXSYNC } = NETMAP_IOCTLS.linux;

/** Options as a C program has them: structures that point at each other. */
function option(reqtype: number, next: Uint8Array | null = null, size = 0): Uint8Array {
  const bytes = new Uint8Array(NMREQ_OPTION.size);
  const view = structView(NMREQ_OPTION, bytes);
  view.reqtype = reqtype;
  view.size = size;
  if (next) view.next = addressOf(next);
  return bytes;
}

describe("ioctl()", () => {
  let engine: Engine;
  let descriptor: Descriptor;
  const memory = new ProcessMemory();

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
    descriptor = engine.open();
  });

  afterEach(() => engine.close());

  function errnoOf(command: number, argument: Uint8Array): number {
    try {
      ioctl(descriptor, command, argument, memory);
      return 0;
    } catch (error) {
      if (!(error instanceof NetmapError)) throw error;
      return error.errno;
    }
  }

  function header(reqtype: number, body: Uint8Array | null, first: Uint8Array | null = null) {
    const bytes = new Uint8Array(NMREQ_HEADER.size);
    const view = structView(NMREQ_HEADER, bytes);
    view.version = NETMAP_API;
    view.reqtype = reqtype;
    view.name = "loop";
    view.body = body ? addressOf(body) : 0;
    view.options = first ? addressOf(first) : 0;
    return bytes;
  }

  function register(): Uint8Array {
    const body = new Uint8Array(NMREQ_REGISTER.size);
    structView(NMREQ_REGISTER, body).mode = NR_REG_ALL_NIC;
    return body;
  }

  it("registers through pointers, and writes the reply behind them", () => {
    const body = register();
    assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, body)), 0);
    const reply = structView(NMREQ_REGISTER, body);
    assertEquals([reply.txRings, reply.txSlots, reply.memId], [1, 64, 1]);
    assertEquals(errnoOf(NIOCTXSYNC, new Uint8Array(0)), 0);
    assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, body)), EBUSY);
  });

  it("cuts a name that does not end", () => {
    const body = register();
    const bytes = header(NETMAP_REQ_REGISTER, body);
    bytes.fill("x".charCodeAt(0), 8, 8 + 64);
    assertEquals(errnoOf(NIOCCTRL, bytes), ENXIO);
    assertEquals(bytes[8 + 63], 0);
  });

  it("answers EFAULT to pointers into nothing", () => {
    const bytes = header(NETMAP_REQ_REGISTER, register());
    structView(NMREQ_HEADER, bytes).body = 16;
    assertEquals(errnoOf(NIOCCTRL, bytes), EFAULT);
    const other = header(NETMAP_REQ_REGISTER, register());
    structView(NMREQ_HEADER, other).options = 2 ** 47;
    assertEquals(errnoOf(NIOCCTRL, other), EFAULT);
    assertEquals(errnoOf(NIOCCTRL, new Uint8Array(8)), EFAULT);
  });

  it("wants a body where there is one, and none where there is none", () => {
    assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, null)), EINVAL);
    assertEquals(errnoOf(NIOCCTRL, header(99, register())), EINVAL);
    assertEquals(errnoOf(NIOCCTRL, header(99, null)), EINVAL);
  });

  it("answers EMSGSIZE to a list of options without end, and leaves it as it was", () => {
    const circle = option(77);
    structView(NMREQ_OPTION, circle).next = addressOf(circle);
    structView(NMREQ_OPTION, circle).status = 4711;
    assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, register(), circle)), EMSGSIZE);
    assertEquals(structView(NMREQ_OPTION, circle).status, 4711);
  });

  it("answers EMSGSIZE to an option that says it is larger than a request may be", () => {
    for (const size of [5000, 2 ** 52]) {
      const huge = option(2, null, size);
      assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, register(), huge)), EMSGSIZE);
    }
  });

  it("writes the status of every option back, also when the request fails", () => {
    const last = option(99);
    const first = option(88, last);
    assertEquals(
      errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, register(), first)),
      EOPNOTSUPP,
    );
    const statuses = [first, last].map((one) => structView(NMREQ_OPTION, one).status);
    assertEquals(statuses, [EOPNOTSUPP, EOPNOTSUPP]);
    assertEquals(structView(NMREQ_OPTION, first).next, addressOf(last));
    // And nothing stays registered.
    assertEquals(errnoOf(NIOCTXSYNC, new Uint8Array(0)), ENXIO);
  });

  it("marks both of two options of one type", () => {
    const second = option(3);
    const first = option(3, second);
    structView(NMREQ_OPTION, first).size = NMREQ_OPTION.size;
    const wide = new Uint8Array(40);
    wide.set(first);
    structView(NMREQ_OPTION, wide).next = addressOf(second);
    assertEquals(errnoOf(NIOCCTRL, header(NETMAP_REQ_REGISTER, register(), wide)), EINVAL);
    const statuses = [wide, second].map((one) => structView(NMREQ_OPTION, one).status);
    assertEquals(statuses, [EINVAL, EINVAL]);
  });

  it("refuses an option of type 0", () => {
    const none = option(0);
    assertEquals(
      errnoOf(NIOCCTRL, header(NETMAP_REQ_PORT_INFO_GET, new Uint8Array(32), none)),
      EINVAL,
    );
    assertEquals(structView(NMREQ_OPTION, none).status, EINVAL);
  });

  it("answers EOPNOTSUPP to an ioctl of another number", () => {
    assertEquals(errnoOf(0x5401, new Uint8Array(0)), EOPNOTSUPP);
  });

  describe("with a legacy struct nmreq", () => {
    function nmreq(fields: Partial<Nmreq>): Uint8Array {
      const bytes = new Uint8Array(NMREQ.size);
      Object.assign(structView(NMREQ, bytes), { name: "loop", version: NETMAP_API, ...fields });
      return bytes;
    }

    it("registers, and answers in the same structure", () => {
      const bytes = nmreq({ arg3: 3 });
      assertEquals(errnoOf(NIOCREGIF, bytes), 0);
      const view = structView(NMREQ, bytes);
      assertEquals([view.txRings, view.rxSlots, view.arg2, view.arg3], [1, 64, 1, 3]);
      assertEquals(view.memsize, engine.region(1).size);
    });

    it("tells about a port without registering it", () => {
      const bytes = nmreq({});
      assertEquals(errnoOf(NIOCGINFO, bytes), 0);
      assertEquals(structView(NMREQ, bytes).rxSlots, 64);
      assertEquals(engine.ports.size, 0);
    });

    it("binds what nr_ringid says where nr_flags says nothing", () => {
      const one = nmreq({ txRings: 3, rxRings: 3, ringid: 0x4000 | 2 });
      assertEquals(errnoOf(NIOCREGIF, one), 0);
      assertEquals(engine.descriptors.get(0)?.registration?.tx, { first: 2, count: 1 });
    });

    it("answers EINVAL to the versions that netmap's legacy module refuses", () => {
      for (const version of [0, 11, 12, 13]) {
        assertEquals(errnoOf(NIOCREGIF, nmreq({ version })), EINVAL);
      }
    });

    it("refuses a command that is none, and passthrough as netmap does", () => {
      assertEquals(errnoOf(NIOCREGIF, nmreq({ cmd: 200 })), EINVAL);
      assertEquals(errnoOf(NIOCREGIF, nmreq({ cmd: 8 })), ENOMEM);
    });
  });
});
