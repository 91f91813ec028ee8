import {
  addressOf,
  closeFd,
  createMemfd,
  cString,
  EBUSY,
  EFAULT,
  EINVAL,
  ENOMEM,
  ENXIO,
  KernelDevice,
  libc,
  mapMemory,
  type Mapping,
  NetmapError,
  NMREQ_OPT_EXTMEM,
  type NmreqPoolsInfo,
  type NmreqRegister,
  openPort,
  optExtmem,
  poolsInfoRequest,
  Port,
  portSpec,
  registerRequest,
  structView,
} from "@netmap/core";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createEngine, type Engine } from "../../engine.ts";
import { freeObjects } from "../../engine_fixture.ts";
import { fakeKernel } from "../../kernel_fixture.ts";
import { loop, loopKind } from "../../loop_fixture.ts";
import { EXTMEM_SIZES, fitPools } from "../../memory/extmem_region.ts";
import { DataPath } from "../../state/data_path.ts";

const MB = 1 << 20;
const MFD_HUGETLB = 4;
/** Pools of a port with a few slots, and their bytes. */
const SMALL: Partial<NmreqPoolsInfo> = { ringPoolObjtotal: 8, bufPoolObjtotal: 300 };

/** Memory of somebody's own, at `offset` of a memfd. */
function ownMemory(bytes: number, keepFd = true, offset = 0): Mapping {
  const fd = createMemfd("own", bytes + offset);
  try {
    return mapMemory(fd, bytes, { keepFd, offset });
  } finally {
    closeFd(fd);
  }
}

function countMaps(name: string): number {
  return readFileSync("/proc/self/maps", "utf8").split(name).length - 1;
}

describe("Option EXTMEM", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
  });

  afterEach(() => engine.close());

  /** Registers with memory given by address, as a program does. */
  function register(
    name: string,
    option: Uint8Array,
    fields: Partial<NmreqRegister> = {},
  ): Port {
    const { request, body } = registerRequest(name, { txSlots: 64, rxSlots: 64, ...fields }, [
      option,
    ]);
    const descriptor = engine.open();
    try {
      descriptor.control(request);
      return new Port(descriptor, body, { device: engine.device, spec: portSpec({ name }) });
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  const option = (memory: Mapping, info: Partial<NmreqPoolsInfo> = SMALL): Uint8Array =>
    optExtmem(memory.address, { memsize: memory.size, ...info });
  const regions = (): number => [...engine.regions].length;
  const roundTrip = (port: Port): void => {
    port.send([new Uint8Array(60).fill(7), new Uint8Array(1500).fill(8)]);
    assertEquals(port.receive().map((frame) => [frame.length, frame[0]]), [[60, 7], [1500, 8]]);
  };

  it("puts rings and buffers into the caller's memory", () => {
    using memory = ownMemory(MB);
    const bytes = option(memory);
    using port = register("loop", bytes);
    assertNotEquals(port.reply.memId, 1);
    roundTrip(port);
    // The same packet by the caller's own mapping: nothing is elsewhere.
    const { info, usrptr } = structView(NMREQ_OPT_EXTMEM, bytes);
    const ring = port.rxRings[0];
    const last = (ring.tail + ring.numSlots - 1) % ring.numSlots;
    const at = info.bufPoolOffset + ring.bufIdx(last) * info.bufPoolObjsize;
    assertEquals([memory.u8[at], memory.u8[at + 1499]], [8, 8]);
    assertEquals([usrptr, info.memsize], [memory.address, MB]);
  });

  it("writes what there is into the option, the rest of the memory as buffers", () => {
    using memory = ownMemory(MB);
    const bytes = option(memory);
    using port = register("loop", bytes);
    const { info } = structView(NMREQ_OPT_EXTMEM, bytes);
    const bufOffset = 4096 + 8 * 5 * 4096;
    assertEquals([info.ifPoolOffset, info.ifPoolObjtotal, info.ifPoolObjsize], [0, 2, 1024]);
    assertEquals(
      [info.ringPoolOffset, info.ringPoolObjtotal, info.ringPoolObjsize],
      [4096, 8, 5 * 4096],
    );
    assertEquals(
      [info.bufPoolOffset, info.bufPoolObjtotal, info.bufPoolObjsize],
      [bufOffset, (MB - bufOffset) / 2048, 2048],
    );
    assertEquals([info.memId, port.reply.memsize], [port.reply.memId, MB]);
    // POOLS_INFO_GET says the same.
    const { request, body } = poolsInfoRequest("loop");
    const descriptor = engine.open();
    descriptor.control(request);
    descriptor.close();
    assertEquals(
      [body.memsize, body.bufPoolOffset, body.bufPoolObjtotal, body.ringPoolObjtotal],
      [MB, bufOffset, info.bufPoolObjtotal, 8],
    );
  });

  it("takes sizes that the caller asks for", () => {
    using memory = ownMemory(MB);
    const bytes = option(memory, {
      ifPoolObjtotal: 3,
      ifPoolObjsize: 500,
      ringPoolObjtotal: 5,
      ringPoolObjsize: 2048,
      bufPoolObjtotal: 200,
      bufPoolObjsize: 4096,
    });
    using port = register("loop", bytes);
    const { info } = structView(NMREQ_OPT_EXTMEM, bytes);
    assertEquals(
      [info.ifPoolObjtotal, info.ifPoolObjsize, info.ringPoolObjsize, info.bufPoolObjsize],
      [3, 512, 2048, 4096],
    );
    assertEquals(port.txRings[0].bufSize, 4096);
    roundTrip(port);
  });

  it("gives two registrations with the same memory one region, which ends with the last", () => {
    using memory = ownMemory(MB);
    const first = register("loop1", option(memory));
    const bytes = option(memory, { bufPoolObjtotal: 1 << 30 });
    const second = register("loop2", bytes);
    assertEquals(second.reply.memId, first.reply.memId);
    // Also what comes second gets told what there is, whatever it asked for.
    assertEquals(structView(NMREQ_OPT_EXTMEM, bytes).info.ringPoolObjtotal, 8);
    assertEquals(regions(), 2);
    const idx = first.txRings[0].bufIdx(0);
    first.txRings[0].setBufIdx(0, second.txRings[0].bufIdx(0));
    second.txRings[0].setBufIdx(0, idx);
    roundTrip(first);
    first.close();
    roundTrip(second);
    second.close();
    assertEquals(regions(), 1);
  });

  it("knows the same memory by another mapping of it", () => {
    const fd = createMemfd("own", 2 * MB);
    using one = mapMemory(fd, MB, { keepFd: true, offset: MB });
    using whole = mapMemory(fd, 2 * MB, { keepFd: true });
    closeFd(fd);
    using a = register("loop1", option(one));
    using b = register(
      "loop2",
      optExtmem(whole.address + MB, { memsize: MB, ...SMALL }),
    );
    assertEquals(a.reply.memId, b.reply.memId);
    using c = register("loop3", optExtmem(whole.address, { memsize: MB, ...SMALL }));
    assertNotEquals(c.reply.memId, a.reply.memId);
    for (const port of [a, b, c]) roundTrip(port);
  });

  it("lets others into the region by its number", () => {
    using memory = ownMemory(MB);
    using a = register("loop1", option(memory));
    using b = openPort(engine.device, { name: "loop2", memId: a.reply.memId });
    assertEquals(a.memory === b.memory, true);
  });

  it("goes before a region that is asked for by its number", () => {
    using memory = ownMemory(MB);
    using port = register("loop", option(memory), { memId: 1 });
    assertNotEquals(port.reply.memId, 1);
  });

  it("works on after the caller unmapped the memory, and never unmaps it itself", () => {
    const memory = ownMemory(MB);
    const port = register("loop", option(memory));
    memory.close();
    roundTrip(port);
    port.close();
    const other = ownMemory(MB);
    register("loop", option(other)).close();
    other.u8.fill(1);
    assertEquals(other.u8[MB - 1], 1);
    other.close();
    assertEquals(countMaps("/memfd:own"), 0);
  });

  it("leaves no descriptor and no mapping behind, also when the registration fails", () => {
    const fds = (): number => readdirSync("/proc/self/fd").length;
    const before = [fds(), countMaps("/memfd:own"), regions()];
    for (let i = 0; i < 20; i++) {
      using memory = ownMemory(MB);
      register("loop", option(memory)).close();
      assertThrows(() => register("nosuchport", option(memory)), NetmapError);
      assertThrows(() => register("loop", option(memory), { mode: 99 }), NetmapError);
      assertThrows(() => register("loop", option(memory), { txSlots: 1 << 20 }), NetmapError);
    }
    assertEquals([fds(), countMaps("/memfd:own"), regions()], before);
  });

  it("is in the image's table, so that another thread maps the same bytes", () => {
    using memory = ownMemory(MB, true, 8192);
    using port = register("loop", option(memory));
    using dp = DataPath.attach(engine.imageHandle, [loopKind]);
    const theirs = dp.region(engine.region(port.reply.memId).slot);
    assertEquals(theirs.size, MB);
    memory.i32[MB / 4 - 1] = 77;
    assertEquals(theirs.i32[MB / 4 - 1], 77);
  });

  itWithHugePages(2, "may be huge pages, also when not all of a page is asked for", () => {
    const fd = libc().memfd_create(cString("huge"), MFD_HUGETLB);
    libc().ftruncate(fd, 4 * MB);
    using memory = mapMemory(fd, 4 * MB, { keepFd: true });
    closeFd(fd);
    const port = register("loop", optExtmem(memory.address, { memsize: 3 * MB, ...SMALL }));
    roundTrip(port);
    const middle = optExtmem(memory.address + MB, { memsize: MB, ...SMALL });
    port.close();
    assertEquals(assertThrows(() => register("loop", middle), NetmapError).errno, EINVAL);
    const second = optExtmem(memory.address + 2 * MB, { memsize: 2 * MB, ...SMALL });
    register("loop", second).close();
    assertEquals(countMaps("/memfd:huge"), 1);
  });

  it("keeps a memfd from being made shorter", () => {
    const fd = createUnsealedMemfd(MB);
    const memory = mapMemory(fd, MB, { keepFd: true });
    const port = register("loop", option(memory));
    assertThrows(() => ftruncateSync(fd, 4096));
    roundTrip(port);
    port.close();
    memory.close();
    closeFd(fd);
  });

  describe("fails with", () => {
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
        says:
          "pool 'ring' of 1 objects of 64 bytes into external memory of 4096 bytes as 0 are left",
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
        const error = assertThrows(() => register("loop", whole), NetmapError, one.says);
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
      const bytes = option(own);
      own.close();
      assertEquals(assertThrows(() => register("loop", bytes), NetmapError).errno, EFAULT);
    });

    it("EFAULT for a JavaScript array, which nobody mapped", () => {
      const own = new Uint8Array(MB + 4096);
      const address = Math.ceil(addressOf(own) / 4096) * 4096;
      const bytes = optExtmem(address, { memsize: MB, ...SMALL });
      assertEquals(assertThrows(() => register("loop", bytes), NetmapError).errno, EFAULT);
    });

    it("EBUSY for a part of another region's memory", () => {
      using own = ownMemory(2 * MB);
      using port = register("loop1", optExtmem(own.address, { memsize: MB, ...SMALL }));
      for (const [from, to] of [[0, 2 * MB], [4096, MB], [MB / 2, MB * 1.5]]) {
        const part = optExtmem(own.address + from, { memsize: to - from, ...SMALL });
        const error = assertThrows(() => register("loop2", part), NetmapError);
        assertEquals(error.errno, EBUSY);
      }
      register("loop2", optExtmem(own.address + MB, { memsize: MB, ...SMALL })).close();
      roundTrip(port);
    });

    it("ENOMEM naming what to raise when a pool of it is used up", () => {
      using own = ownMemory(MB);
      assertThrows(
        () => register("loop", option(own), { txRings: 9 }),
        NetmapError,
        "raise 'ring-num' of the external memory",
      );
      assertThrows(
        () => register("loop", option(own), { txSlots: 1024, rxSlots: 1024 }),
        NetmapError,
        "raise 'buf-num' of the external memory",
      );
      assertThrows(
        () => register("loop", option(own), { txSlots: 4096 }),
        NetmapError,
        "raise 'ring-size' of the external memory",
      );
    });

    it("what the port fails with, the option being honoured", () => {
      using own = ownMemory(MB);
      const bytes = option(own);
      assertEquals(assertThrows(() => register("nosuch", bytes), NetmapError).errno, ENXIO);
      assertEquals(structView(NMREQ_OPT_EXTMEM, bytes).opt.status, 0);
      assertEquals(regions(), 1);
    });
  });

  describe("by the name of a file", () => {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync("/dev/shm/netmap-extmem-");
      const fd = openSync(`${folder}/memory`, "w");
      ftruncateSync(fd, 4 * MB);
      closeSync(fd);
    });

    afterEach(() => rmSync(folder, { recursive: true }));

    it("opens a port in it: @extmem:file=...", () => {
      const name = `netmap:loop@extmem:file=${folder}/memory,buf-num=100,ring-num=4`;
      const port = openPort(engine.device, name);
      roundTrip(port);
      using other = openPort(engine.device, name.replace("loop", "loop2"));
      assertEquals(other.reply.memId, port.reply.memId);
      port.close();
      assertThrows(() => port.memory, NetmapError);
      roundTrip(other);
      // What is in the buffers is in the file.
      assert(readFileSync(`${folder}/memory`).includes(new Uint8Array(1500).fill(8)));
    });

    it("opens a port by ioctl, as a program does with a kernel's netmap", () => {
      const device = new KernelDevice("/dev/netmap", fakeKernel(engine));
      using port = openPort(
        device,
        `netmap:loop@extmem:file=${folder}/memory,buf-num=99,ring-num=4@offset:initial=32,bits=8`,
      );
      roundTrip(port);
      assertEquals([port.reply.memsize, port.txRings[0].offset(0)], [4 * MB, 32]);
    });

    it("needs as much as netmap's own choice where nothing is asked for", () => {
      const error = assertThrows(
        () => openPort(engine.device, `netmap:loop@extmem=${folder}/memory`),
        NetmapError,
      );
      assertEquals(error.errno, ENOMEM);
    });
  });
});

describe("fitPools()", () => {
  const info = (fields: Partial<NmreqPoolsInfo>): NmreqPoolsInfo =>
    structView(NMREQ_OPT_EXTMEM, optExtmem(0, fields)).info;

  it("is netmap's choice where nothing is asked for, and all of the memory", () => {
    const sizes = fitPools(info({}), 16 * MB, 16 * MB);
    assertEquals([sizes.if, sizes.ring], [EXTMEM_SIZES.if, EXTMEM_SIZES.ring]);
    assertEquals(sizes.buf.count, (16 * MB - 4096 - 4 * 5 * 4096) / 2048);
  });

  it("never leaves the memory, and wastes less than a buffer and three pages", () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 4 * MB }),
      fc.tuple(fc.nat(20), fc.nat(3000), fc.nat(40), fc.nat(70_000), fc.nat(200), fc.nat(9000)),
      (memsize, [ifNum, ifSize, ringNum, ringSize, bufNum, bufSize]) => {
        const bytes = Math.floor(memsize / 4096) * 4096;
        const asked = info({
          ifPoolObjtotal: ifNum,
          ifPoolObjsize: ifSize,
          ringPoolObjtotal: ringNum,
          ringPoolObjsize: ringSize,
          bufPoolObjtotal: bufNum,
          bufPoolObjsize: bufSize,
        });
        let sizes;
        try {
          sizes = fitPools(asked, memsize, bytes);
        } catch (error) {
          assertEquals((error as NetmapError).errno, ENOMEM);
          return;
        }
        let end = 0;
        for (const { count, size } of [sizes.if, sizes.ring, sizes.buf]) {
          assert(Number.isInteger(count) && count > 0 && size % 64 === 0 && size > 0);
          end = Math.ceil(end / 4096) * 4096 + count * size;
        }
        assert(end <= bytes, `${end} of ${bytes}`);
        assert(bytes - end < sizes.buf.size + 3 * 4096);
      },
    ));
  });
});

/** A test that needs huge pages, which root sets aside in /proc/sys/vm/nr_hugepages. */
function itWithHugePages(count: number, name: string, test: () => void): void {
  const path = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages";
  const free = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (free >= count) it(name, test);
  else {
    it.skip(
      `${name} # SKIP needs ${count} huge pages: echo ${count} > /proc/sys/vm/nr_hugepages`,
      test,
    );
  }
}

/** As a program makes one that knows nothing of seals, but allows them. */
function createUnsealedMemfd(bytes: number): number {
  const allowSealing = 2;
  const fd = libc().memfd_create(cString("plain"), allowSealing);
  assert(fd >= 0);
  libc().ftruncate(fd, bytes);
  return fd;
}
