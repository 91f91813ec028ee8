import {
  addressOf,
  closeFd,
  type ControlRequest,
  createMemfd,
  csbEnable,
  type Descriptor,
  EBADF,
  EBUSY,
  EFAULT,
  EINVAL,
  ENXIO,
  EOPNOTSUPP,
  IF_RING_OFS,
  type KloopEventfds,
  mapMemory,
  NetmapError,
  NR_EXCLUSIVE,
  NR_REG_NULL,
  NR_RX_RINGS_ONLY,
  optCsb,
  optionHeader,
  optKloopEventfds,
  optKloopMode,
  POLLERR,
  POLLIN,
  POLLOUT,
  registerRequest,
  syncKloopStart,
  syncKloopStop,
  valeNewifRequest,
} from "@netmap/core";
import { createEngine, D_KLOOP, type Engine, type EngineDescriptor } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createCsb, type Csb } from "./client/csb.ts";
import { createEventfds, type EventfdPairs } from "./client/eventfds.ts";
import { AttachedKloop } from "./attached.ts";
import { echo } from "./echo_fixture.ts";
import { kloop } from "./kloop.ts";

/** errno of an action, 0 when it succeeds; the sentence has to be one. */
function errnoOf(action: () => void): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    assert(/^Cannot .*[^.]$/.test(error.message), error.message);
    return error.errno;
  }
}

describe("the errno of", () => {
  let engine: Engine;
  let d: Descriptor;
  let csb: Csb;
  let eventfds: EventfdPairs;

  beforeEach(() => {
    engine = createEngine({ features: [kloop(), echo()] });
    d = engine.open();
    csb = createCsb(4);
    eventfds = createEventfds(4);
  });

  afterEach(() => {
    engine.close();
    csb.close();
    eventfds.close();
  });

  const REGISTER = { txRings: 2, rxRings: 2, flags: NR_EXCLUSIVE };

  /** Registers two rings each way. */
  function register(fields = {}, options: Uint8Array[] = []): number {
    return errnoOf(() =>
      d.control(registerRequest("echo0", { ...REGISTER, ...fields }, options).request)
    );
  }

  function enable(option: Uint8Array | null): [number, number] {
    const errno = errnoOf(() => d.control(csbEnable("", option === null ? [] : [option]).request));
    return [errno, option === null ? 0 : optionHeader(option).status];
  }

  describe("CSB mode", () => {
    const noMemory = (): Uint8Array => optCsb(0x10000, 0x20000);
    const cases: [string, number, () => Uint8Array | null][] = [
      ["entries", 0, () => csb.option()],
      ["no option", EINVAL, () => null],
      ["atok that is not aligned", EINVAL, () => optCsb(csb.atokAddress + 4, csb.ktoaAddress)],
      ["ktoa that is not aligned", EINVAL, () => optCsb(csb.atokAddress, csb.ktoaAddress + 32)],
      ["memory that is not there", EFAULT, noMemory],
      ["no memory at all", EFAULT, () => optCsb(0, 0)],
      ["ktoa that is not there", EFAULT, () => optCsb(csb.atokAddress, 0x20000)],
      ["netmap's own case", EINVAL, () => optCsb(0x10, 0x800)],
      [
        "entries that reach over the end of the mapping",
        EFAULT,
        () => optCsb(csb.atokAddress + 4096 - 64, csb.ktoaAddress),
      ],
      ["atok first, where both are wrong", EFAULT, () => optCsb(0x10000, csb.ktoaAddress + 1)],
    ];
    for (const [what, errno, option] of cases) {
      it(`CSB_ENABLE with ${what}: ${errno}`, () => {
        assertEquals(register(), 0);
        assertEquals(enable(option()), [errno, option() === null ? 0 : errno]);
        assertEquals(errnoOf(() => d.txsync()), errno === 0 ? EBUSY : 0);
      });

      if (what === "no option") continue;
      it(`REGISTER with ${what}: ${errno}`, () => {
        const made = option()!;
        assertEquals(register({}, [made]), errno);
        assertEquals(optionHeader(made).status, errno);
        // What failed has left nothing behind: the same descriptor registers again.
        if (errno !== 0) assertEquals(register(), 0);
        assertEquals(errnoOf(() => d.txsync()), errno === 0 ? EBUSY : 0);
      });
    }

    it("memory of the runtime's own is refused, as no other thread could map it: EFAULT", () => {
      assertEquals(register(), 0);
      const bytes = new Uint8Array(1024);
      const first = Math.ceil(addressOf(bytes) / 64) * 64;
      assertEquals(enable(optCsb(first, first + 256)), [EFAULT, EFAULT]);
      bytes[0] = 1; // it has to live until here
    });

    it("memory mapped without its descriptor is refused, a private mapping too: EFAULT", () => {
      assertEquals(register(), 0);
      const fd = createMemfd("bare", 4096);
      using bare = mapMemory(fd, 4096);
      using closed = mapMemory(fd, 4096, { readOnly: true });
      closeFd(fd);
      for (const { address } of [bare, closed]) {
        assertEquals(enable(optCsb(address, address + 1024)), [EFAULT, EFAULT]);
      }
    });

    it("memory that was closed: EFAULT", () => {
      assertEquals(register(), 0);
      const option = csb.option();
      csb.close();
      assertEquals(enable(option), [EFAULT, EFAULT]);
    });

    it("a mapping with its descriptor, at any page and far into it: 0", () => {
      assertEquals(register(), 0);
      const fd = createMemfd("wide", 1 << 20);
      using wide = mapMemory(fd, 1 << 19, { offset: 1 << 19, keepFd: true });
      closeFd(fd);
      assertEquals(enable(optCsb(wide.address + 4096 + 64, wide.address + 8192 - 128)), [0, 0]);
      const at = (4096 + 64) / 4;
      assertEquals([wide.i32[at + 2], wide.i32[at + 16 + 2]], [1, 1]);
    });

    it("entries inside a buffer of the region: 0", () => {
      assertEquals(register(), 0);
      const { memory } = d;
      const buffer = memory.address + memory.size - 4096;
      assertEquals(enable(optCsb(buffer, buffer + 2048)), [0, 0]);
    });

    it("a registration that is not exclusive: EINVAL, before any look at the memory", () => {
      assertEquals(register({ flags: 0 }), 0);
      assertEquals(enable(noMemory()), [EINVAL, EINVAL]);
      assertEquals(errnoOf(() => d.txsync()), 0);
    });

    it("no registration: 0, with no effect, as in netmap", () => {
      assertEquals(enable(noMemory()), [0, 0]);
      assertEquals(register(), 0);
      assertEquals(errnoOf(() => d.txsync()), 0);
    });

    it("a port without rings: 0, with no effect", () => {
      const fields = { mode: NR_REG_NULL, memId: 1, txRings: 0, rxRings: 0 };
      assertEquals(register(fields, [noMemory()]), 0);
      assertEquals(errnoOf(() => d.txsync()), 0);
    });

    it("other entries in place of the first: 0", () => {
      using other = createCsb(4);
      assertEquals([register({}, [csb.option()]), ...enable(other.option())], [0, 0, 0]);
      assertEquals(other.atok[2], 1);
      // A refused change leaves the ones before it in force.
      assertEquals(enable(noMemory()), [EFAULT, EFAULT]);
      assertEquals(errnoOf(() => d.txsync()), EBUSY);
    });

    it("fewer entries are enough for fewer rings", () => {
      using two = createCsb(2);
      assertEquals(register({ flags: NR_EXCLUSIVE | NR_RX_RINGS_ONLY }, [two.option()]), 0);
      assertEquals([two.atok[2], two.atok[18], two.atok[34] ?? 0], [1, 1, 0]);
      assert(d.memory.i32[IF_RING_OFS] === 0);
    });

    it("option CSB where no feature has it: EOPNOTSUPP", () => {
      using plain = createEngine({ features: [echo()] });
      const other = plain.open();
      const { request } = registerRequest("echo0", REGISTER, [csb.option()]);
      assertEquals(errnoOf(() => other.control(request)), EOPNOTSUPP);
    });
  });

  describe("a descriptor in CSB mode", () => {
    beforeEach(() => {
      assertEquals(register({}, [csb.option()]), 0);
    });

    it("txsync, rxsync: EBUSY; poll, wait: POLLERR", async () => {
      assertEquals([errnoOf(() => d.txsync()), errnoOf(() => d.rxsync())], [EBUSY, EBUSY]);
      assertEquals(d.poll(POLLIN | POLLOUT, 1000), POLLERR);
      assertEquals(await d.wait(POLLIN), POLLERR);
    });
  });

  describe("SYNC_KLOOP_START", () => {
    /** errno of a start that must not loop, and the statuses of its options. */
    function start(sleepUs: number, options: Uint8Array[] = []): number[] {
      const { request } = syncKloopStart("", sleepUs, options);
      return [errnoOf(() => d.control(request)), ...options.map((o) => optionHeader(o).status)];
    }

    /** The same where the loop would run: a stop that came before ends it at once. */
    function startStopped(sleepUs: number, options: Uint8Array[] = []): number[] {
      d.control(syncKloopStop("").request);
      return start(sleepUs, options);
    }

    const pairs = (change: (list: KloopEventfds[]) => void = () => {}): Uint8Array => {
      const list = eventfds.pairs.map((pair) => ({ ...pair }));
      change(list);
      return optKloopEventfds(list);
    };

    it("without a port: ENXIO; with a sleep above a second: EINVAL, before that", () => {
      assertEquals(start(0), [ENXIO]);
      assertEquals(start(1_000_001), [EINVAL]);
    });

    it("without CSB mode: EINVAL", () => {
      assertEquals(register(), 0);
      assertEquals(start(0), [EINVAL]);
      assertEquals(start(1_000_001), [EINVAL]);
    });

    describe("in CSB mode", () => {
      beforeEach(() => {
        assertEquals(register({}, [csb.option()]), 0);
      });

      it("busy waiting, with and without a sleep: 0", () => {
        assertEquals(startStopped(0), [0]);
        assertEquals(startStopped(1_000_000), [0]);
        assertEquals(startStopped(1_000_001), [EINVAL]);
      });

      it("eventfds: 0, also where some are missing", () => {
        assertEquals(startStopped(0, [pairs()]), [0, 0]);
        assertEquals(startStopped(0, [pairs((list) => list[3].irqfd = -1)]), [0, 0]);
        assertEquals(startStopped(0, [pairs((list) => list[2].ioeventfd = -1)]), [0, 0]);
      });

      it("a wrong number of eventfds: EINVAL", () => {
        for (const rings of [0, 1, 3, 5]) {
          const list = optKloopEventfds(new Array(rings).fill(eventfds.pairs[0]));
          assertEquals(startStopped(0, [list]), [EINVAL, EINVAL]);
        }
      });

      it("a size that is not that of the option: EINVAL", () => {
        const option = pairs();
        optionHeader(option).size = option.length - 8;
        assertEquals(startStopped(0, [option]), [EINVAL, EINVAL]);
      });

      it("an eventfd that is not open: EBADF; a file that is none: EINVAL", () => {
        assertEquals(startStopped(0, [pairs((list) => list[1].irqfd = 9999)]), [EBADF, EBADF]);
        assertEquals(startStopped(0, [pairs((list) => list[0].ioeventfd = 9999)]), [EBADF, EBADF]);
        const fd = createMemfd("no eventfd", 4096);
        assertEquals(startStopped(0, [pairs((list) => list[1].irqfd = fd)]), [EINVAL, EINVAL]);
        assertEquals(startStopped(0, [pairs((list) => list[1].ioeventfd = fd)]), [EINVAL, EINVAL]);
        closeFd(fd);
        // Where the loop busy-waits nobody looks at the ioeventfds.
        const busy = pairs((list) => {
          list[0].ioeventfd = -1;
          list[1].ioeventfd = 9999;
        });
        assertEquals(startStopped(0, [busy]), [0, 0]);
      });

      it("direct mode, tx, rx and both: 0; bits that are none: EINVAL", () => {
        for (const mode of [0, 1, 2, 3]) {
          assertEquals(startStopped(0, [optKloopMode(mode), pairs()]), [0, 0, 0]);
        }
        assertEquals(startStopped(0, [optKloopMode(4), pairs()]), [EINVAL, EINVAL, EOPNOTSUPP]);
      });

      it("direct mode without an ioeventfd for every ring: EINVAL", () => {
        const some = pairs((list) => list[3].ioeventfd = -1);
        assertEquals(startStopped(0, [optKloopMode(1), some]), [EINVAL, 0, EINVAL]);
        assertEquals(startStopped(0, [optKloopMode(2)]), [EINVAL, 0]);
      });

      it("while another thread runs one: EBUSY, and so is a change of the entries", () => {
        const { word } = d as EngineDescriptor;
        const { state } = engine.dp;
        // A thread that lives as long as the machine runs.
        state[word + D_KLOOP] = 1;
        assertEquals(start(0), [EBUSY]);
        assertEquals(enable(csb.option()), [EBUSY, EBUSY]);
        state[word + D_KLOOP] = 0;
      });

      it("after a thread that ran one died: 0", () => {
        const { word } = d as EngineDescriptor;
        engine.dp.state[word + D_KLOOP] = (1 << 22) + 7;
        assertEquals(startStopped(0), [0]);
        assertEquals(engine.dp.state[word + D_KLOOP], 0);
      });
    });
  });

  describe("SYNC_KLOOP_STOP", () => {
    const stop = (): number => errnoOf(() => d.control(syncKloopStop("").request));

    it("without a port: ENXIO; without CSB mode or without a loop: 0", () => {
      assertEquals(stop(), ENXIO);
      assertEquals(register(), 0);
      assertEquals(stop(), 0);
      d.close();
      d = engine.open();
      assertEquals(register({}, [csb.option()]), 0);
      assertEquals([stop(), stop()], [0, 0]);
    });

    it("one that came before its start is not lost, one of an earlier registration is", () => {
      assertEquals(register({}, [csb.option()]), 0);
      assertEquals(stop(), 0);
      assertEquals(errnoOf(() => d.control(syncKloopStart("").request)), 0);
      assertEquals(stop(), 0);
      const { index } = d as EngineDescriptor;
      d.close();
      d = engine.open();
      assertEquals((d as EngineDescriptor).index, index);
      assertEquals(register({}, [csb.option()]), 0);
      const { word } = d as EngineDescriptor;
      assertEquals(engine.dp.state[word + D_KLOOP + 1], 0);
    });
  });

  describe("a request in an attached thread", () => {
    it("other than START and STOP: EOPNOTSUPP; START and STOP without a port: ENXIO", () => {
      const attached = new AttachedKloop(engine.dp, (d as EngineDescriptor).index);
      const ask = (request: ControlRequest): number => errnoOf(() => attached.control(request));
      assertEquals(ask(valeNewifRequest("v0").request), EOPNOTSUPP);
      assertEquals(ask(csbEnable("", [csb.option()]).request), EOPNOTSUPP);
      assertEquals(ask(syncKloopStart("").request), ENXIO);
      assertEquals(ask(syncKloopStop("").request), ENXIO);
    });
  });
});
