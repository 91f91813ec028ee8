import {
  addressOf,
  EBUSY,
  EFAULT,
  EINVAL,
  ENOMEM,
  ENXIO,
  type Mapping,
  NetmapError,
  NMREQ_OPT_EXTMEM,
  type NmreqPoolsInfo,
  optExtmem,
  registerRequest,
  structView,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { EngineDescriptor } from "../../descriptor.ts";
import { createEngine, type Engine } from "../../engine.ts";
import { freeObjects } from "../../engine_fixture.ts";
import { loop } from "../../loop_fixture.ts";
import { MB, optionFor, ownMemory, registerWith, roundTrip, SMALL } from "./extmem_fixture.ts";

describe("Option EXTMEM fails with", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
  });

  afterEach(() => engine.close());

  const regions = (): number => [...engine.regions].length;

  const cases: {
    what: string;
    errno: number;
    says: string;
    /** Memory, its address and size as they are asked for. */
    with: (own: Mapping) => [number, Partial<NmreqPoolsInfo>];
    keepFd?: boolean;
  }[] = [
    {
      what: "EINVAL for an address at which no page begins",
      errno: EINVAL,
      says: "begins there: give whole pages",
      with: (own) => [own.address + 64, { memsize: MB - 4096, ...SMALL }],
    },
    {
      what: "ENOMEM for no memory at all",
      errno: ENOMEM,
      says: "external memory of 0 bytes: give at least a page",
      with: (own) => [own.address, { memsize: 0 }],
    },
    {
      what: "ENOMEM for less than a page",
      errno: ENOMEM,
      says: "external memory of 4095 bytes: give at least a page",
      with: (own) => [own.address, { memsize: 4095 }],
    },
    {
      what: "ENOMEM when netmap's own choice does not fit",
      errno: ENOMEM,
      says: "pool 'buf' of 4098 objects of 2048 bytes into external memory of 1048576 bytes as " +
        "964608 are left for it",
      with: (own) => [own.address, { memsize: MB }],
    },
    {
      what: "ENOMEM for rings that do not fit",
      errno: ENOMEM,
      says: "ask for fewer with 'ring-num'",
      with: (own) => [own.address, { memsize: MB, ringPoolObjsize: 1 << 20, ...SMALL }],
    },
    {
      what: "ENOMEM when whole pages leave nothing for the next pool",
      errno: ENOMEM,
      says: "pool 'ring' of 1 objects of 64 bytes into external memory of 4096 bytes as 0 are left",
      with: (own) => [own.address, {
        memsize: 4096,
        ifPoolObjtotal: 1,
        ifPoolObjsize: 64,
        ringPoolObjtotal: 1,
        ringPoolObjsize: 64,
        bufPoolObjtotal: 1,
        bufPoolObjsize: 1024,
      }],
    },
    {
      what: "EFAULT for an address that is nothing",
      errno: EFAULT,
      says: "no mapping that this thread made covers it: map a memfd or file with mapMemory()",
      with: () => [4096, { memsize: MB, ...SMALL }],
    },
    {
      what: "EFAULT for a null pointer",
      errno: EFAULT,
      says: "at address 0x0",
      with: () => [0, { memsize: MB, ...SMALL }],
    },
    {
      what: "EFAULT for more than the mapping has",
      errno: EFAULT,
      says: "map a memfd or file",
      with: (own) => [own.address, { memsize: MB + 4096, ...SMALL }],
    },
    {
      what: "EFAULT for a size beyond all",
      errno: EFAULT,
      says: "map a memfd or file",
      with: (own) => [own.address, { memsize: 2 ** 52, ...SMALL }],
    },
    {
      what: "EFAULT for a mapping that kept no descriptor",
      errno: EFAULT,
      says: "map it with mapMemory() and 'keepFd'",
      keepFd: false,
      with: (own) => [own.address, { memsize: MB, ...SMALL }],
    },
    {
      what: "EINVAL for buffers of a size that a slot cannot say",
      errno: EINVAL,
      says: "Cannot make pool 'buf' with size 131072: use 64 to 65536",
      with: (own) => [
        own.address,
        { memsize: MB, ringPoolObjtotal: 4, bufPoolObjtotal: 4, bufPoolObjsize: 1 << 17 },
      ],
    },
    {
      what: "EINVAL for a netmap_if of a size that cannot be",
      errno: EINVAL,
      says: "Cannot make pool 'if' with size 2097152",
      with: (own) => [own.address, {
        memsize: MB * 8,
        ifPoolObjtotal: 1,
        ifPoolObjsize: 2 * MB,
        ...SMALL,
      }],
    },
  ];
  for (const one of cases) {
    it(one.what, () => {
      using own = ownMemory(one.what.includes("netmap_if") ? 8 * MB : MB, one.keepFd ?? true);
      const [address, info] = one.with(own);
      const whole = optExtmem(address, info);
      const before = freeObjects(engine);
      const error = assertThrows(() => registerWith(engine, "loop", whole), NetmapError, one.says);
      assertEquals([error.errno, error.request, error.port], [
        one.errno,
        "NETMAP_REQ_REGISTER",
        "loop",
      ]);
      assertEquals(structView(NMREQ_OPT_EXTMEM, whole).opt.status, one.errno);
      assertEquals([regions(), engine.ports.size], [1, 0]);
      assertEquals(freeObjects(engine), before);
    });
  }

  it("EFAULT for memory that was a mapping until it was closed", () => {
    const own = ownMemory(MB);
    const bytes = optionFor(own);
    own.close();
    assertEquals(
      assertThrows(() => registerWith(engine, "loop", bytes), NetmapError).errno,
      EFAULT,
    );
  });

  it("EFAULT where whoever serves others knows no memory of theirs at the address", () => {
    using own = ownMemory(MB);
    const descriptor = engine.open() as EngineDescriptor;
    const asked: number[][] = [];
    descriptor.findMemory = (...range) => {
      asked.push(range);
      return null;
    };
    const { request } = registerRequest("loop", {}, [optionFor(own)]);
    assertEquals(assertThrows(() => descriptor.control(request), NetmapError).errno, EFAULT);
    assertEquals(asked, [[own.address, MB]]);
  });

  it("EFAULT for a JavaScript array, which nobody mapped", () => {
    const own = new Uint8Array(MB + 4096);
    const address = Math.ceil(addressOf(own) / 4096) * 4096;
    const bytes = optExtmem(address, { memsize: MB, ...SMALL });
    assertEquals(
      assertThrows(() => registerWith(engine, "loop", bytes), NetmapError).errno,
      EFAULT,
    );
  });

  it("EBUSY for a part of another region's memory", () => {
    using own = ownMemory(2 * MB);
    using port = registerWith(engine, "loop1", optExtmem(own.address, { memsize: MB, ...SMALL }));
    for (const [from, to] of [[0, 2 * MB], [4096, MB], [MB / 2, MB * 1.5]]) {
      const part = optExtmem(own.address + from, { memsize: to - from, ...SMALL });
      const error = assertThrows(() => registerWith(engine, "loop2", part), NetmapError);
      assertEquals(error.errno, EBUSY);
    }
    registerWith(engine, "loop2", optExtmem(own.address + MB, { memsize: MB, ...SMALL })).close();
    roundTrip(port);
  });

  it("ENOMEM naming what to raise when a pool of it is used up", () => {
    using own = ownMemory(MB);
    assertThrows(
      () => registerWith(engine, "loop", optionFor(own), { txRings: 9 }),
      NetmapError,
      "raise 'ring-num' of the external memory",
    );
    assertThrows(
      () => registerWith(engine, "loop", optionFor(own), { txSlots: 1024, rxSlots: 1024 }),
      NetmapError,
      "raise 'buf-num' of the external memory",
    );
    assertThrows(
      () => registerWith(engine, "loop", optionFor(own), { txSlots: 4096 }),
      NetmapError,
      "raise 'ring-size' of the external memory",
    );
  });

  it("what the port fails with, the option being honoured", () => {
    using own = ownMemory(MB);
    const bytes = optionFor(own);
    assertEquals(
      assertThrows(() => registerWith(engine, "nosuch", bytes), NetmapError).errno,
      ENXIO,
    );
    assertEquals(structView(NMREQ_OPT_EXTMEM, bytes).opt.status, 0);
    assertEquals(regions(), 1);
  });
});
