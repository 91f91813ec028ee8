import {
  closeFd,
  createMemfd,
  cString,
  EINVAL,
  ENOMEM,
  KernelDevice,
  libc,
  mapMemory,
  NetmapError,
  NMREQ_OPT_EXTMEM,
  openPort,
  optExtmem,
  poolsInfoRequest,
  structView,
} from "@netmap/core";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
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
import { fakeKernel } from "../../kernel_fixture.ts";
import { loop, loopKind } from "../../loop_fixture.ts";
import { DataPath } from "../../state/data_path.ts";
import { MB, optionFor, ownMemory, registerWith, roundTrip, SMALL } from "./extmem_fixture.ts";

const MFD_HUGETLB = 4;

function countMaps(name: string): number {
  return readFileSync("/proc/self/maps", "utf8").split(name).length - 1;
}

describe("Option EXTMEM", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
  });

  afterEach(() => engine.close());

  const regions = (): number => [...engine.regions].length;

  it("puts rings and buffers into the caller's memory", () => {
    using memory = ownMemory(MB);
    const bytes = optionFor(memory);
    using port = registerWith(engine, "loop", bytes);
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
    const bytes = optionFor(memory);
    using port = registerWith(engine, "loop", bytes);
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
    const bytes = optionFor(memory, {
      ifPoolObjtotal: 3,
      ifPoolObjsize: 500,
      ringPoolObjtotal: 5,
      ringPoolObjsize: 2048,
      bufPoolObjtotal: 200,
      bufPoolObjsize: 4096,
    });
    using port = registerWith(engine, "loop", bytes);
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
    const first = registerWith(engine, "loop1", optionFor(memory));
    const bytes = optionFor(memory, { bufPoolObjtotal: 1 << 30 });
    const second = registerWith(engine, "loop2", bytes);
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
    using a = registerWith(engine, "loop1", optionFor(one));
    using b = registerWith(
      engine,
      "loop2",
      optExtmem(whole.address + MB, { memsize: MB, ...SMALL }),
    );
    assertEquals(a.reply.memId, b.reply.memId);
    using c = registerWith(engine, "loop3", optExtmem(whole.address, { memsize: MB, ...SMALL }));
    assertNotEquals(c.reply.memId, a.reply.memId);
    for (const port of [a, b, c]) roundTrip(port);
  });

  it("lets others into the region by its number", () => {
    using memory = ownMemory(MB);
    using a = registerWith(engine, "loop1", optionFor(memory));
    using b = openPort(engine.device, { name: "loop2", memId: a.reply.memId });
    assertEquals(a.memory === b.memory, true);
  });

  it("goes before a region that is asked for by its number", () => {
    using memory = ownMemory(MB);
    using port = registerWith(engine, "loop", optionFor(memory), { memId: 1 });
    assertNotEquals(port.reply.memId, 1);
  });

  it("works on after the caller unmapped the memory, and never unmaps it itself", () => {
    const memory = ownMemory(MB);
    const port = registerWith(engine, "loop", optionFor(memory));
    memory.close();
    roundTrip(port);
    port.close();
    const other = ownMemory(MB);
    registerWith(engine, "loop", optionFor(other)).close();
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
      registerWith(engine, "loop", optionFor(memory)).close();
      assertThrows(() => registerWith(engine, "nosuchport", optionFor(memory)), NetmapError);
      assertThrows(
        () => registerWith(engine, "loop", optionFor(memory), { mode: 99 }),
        NetmapError,
      );
      assertThrows(
        () => registerWith(engine, "loop", optionFor(memory), { txSlots: 1 << 20 }),
        NetmapError,
      );
    }
    assertEquals([fds(), countMaps("/memfd:own"), regions()], before);
  });

  it("is in the image's table, so that another thread maps the same bytes", () => {
    using memory = ownMemory(MB, true, 8192);
    using port = registerWith(engine, "loop", optionFor(memory));
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
    const port = registerWith(
      engine,
      "loop",
      optExtmem(memory.address, { memsize: 3 * MB, ...SMALL }),
    );
    roundTrip(port);
    const middle = optExtmem(memory.address + MB, { memsize: MB, ...SMALL });
    port.close();
    assertEquals(
      assertThrows(() => registerWith(engine, "loop", middle), NetmapError).errno,
      EINVAL,
    );
    const second = optExtmem(memory.address + 2 * MB, { memsize: 2 * MB, ...SMALL });
    registerWith(engine, "loop", second).close();
    assertEquals(countMaps("/memfd:huge"), 1);
  });

  it("keeps a memfd from being made shorter", () => {
    const fd = createUnsealedMemfd(MB);
    const memory = mapMemory(fd, MB, { keepFd: true });
    const port = registerWith(engine, "loop", optionFor(memory));
    assertThrows(() => ftruncateSync(fd, 4096));
    roundTrip(port);
    port.close();
    memory.close();
    closeFd(fd);
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
