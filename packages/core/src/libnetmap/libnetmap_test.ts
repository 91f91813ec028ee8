import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { itRequires, requires } from "@netmap/test-support";
import { afterAll, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import { readdirSync, readFileSync } from "node:fs";
import { NETMAP_IOCTLS } from "../abi/ioctl.ts";
import { structView } from "../abi/struct_view.ts";
import { EBADF, EBUSY, EINVAL, ENOENT, ENOSYS, ENXIO, EOPNOTSUPP } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { type KernelCalls, systemCalls } from "../kernel/calls.ts";
import { Port } from "../port.ts";
import { libc } from "../sys/libc.ts";
import { type FakeLibrary, fakeLibrary } from "./fake_library_fixture.ts";
import { NMCTX, NMEM_D, NMPORT_D } from "./layout.ts";
import { type Libnetmap, openLibnetmap } from "./libnetmap.ts";
import { readStruct } from "./native.ts";

const CC = { programs: ["cc"] };
const HAS_CC = requires(CC).skip === false;

describe("libnetmap", () => {
  let fake: FakeLibrary;
  let ioctls: [number, number][];

  beforeAll(() => {
    if (HAS_CC) fake = fakeLibrary();
  });
  afterAll(() => {
    if (HAS_CC) fake.remove();
  });
  beforeEach(() => {
    if (HAS_CC) fake.takeLog();
    ioctls = [];
  });

  /** The system's calls, but for ioctls, which a memfd has none of. */
  const calls = (): KernelCalls => ({
    ...systemCalls(),
    ioctl(fd, request) {
      ioctls.push([fd, request]);
      return 0;
    },
  });
  const open = (onError?: (message: string) => void): Libnetmap =>
    openLibnetmap({ path: fake.path, calls: calls(), onError });
  const left = (): (number | boolean)[] => [
    fake.blocks(),
    fake.isOwnDefault(),
    readdirSync("/proc/self/fd").length,
    readFileSync("/proc/self/maps", "utf8").split("/memfd:fake-netmap").length,
  ];
  const bare = (lines: string[]): string[] => lines.filter((line) => !line.endsWith("lock"));

  itRequires(CC, "has structs of the sizes that a compiler gives them", () => {
    assertEquals(fake.sizes(), [NMPORT_D.size, NMCTX.size, NMEM_D.size]);
  });

  itRequires(CC, "opens a port whose rings are those of any port", () => {
    using lib = open();
    const nmport = lib.open("netmap:eth0@3");
    const { port } = nmport;
    assert(port instanceof Port);
    assertEquals([port.name, port.reply.memId, port.spec.memId], ["eth0", 3, 3]);
    assertEquals([port.txRings.length, port.rxRings.length, port.hostTxRings.length], [1, 1, 0]);
    assertEquals([port.txRings[0].numSlots, port.txRings[0].bufSize], [8, 512]);
    assertEquals(port.send([new Uint8Array([1, 2, 3])]), 1);
    const fd = nmport.fields().fd;
    assertEquals(ioctls, [[fd, NETMAP_IOCTLS.linux.NIOCTXSYNC]]);
    assertEquals(port.txRings[0].packet(0), new Uint8Array([1, 2, 3]));
    nmport.close();
    assertEquals(bare(fake.takeLog()), [
      "prepare netmap:eth0@3",
      "open_desc netmap:eth0 extra 0 flags 0",
      "undo_open_desc netmap:eth0",
      "close netmap:eth0",
    ]);
  });

  itRequires(CC, "reads the struct's fields as C wrote them", () => {
    using lib = open();
    using nmport = lib.open("netmap:eth0");
    const d = nmport.fields();
    assertEquals([d.hdr.version, d.hdr.reqtype, d.hdr.name], [14, 1, "netmap:eth0"]);
    assertEquals([d.reg.memsize, d.reg.offset, d.reg.txSlots, d.reg.rxRings], [65536, 128, 8, 1]);
    assertEquals([d.registerDone, d.mmapDone, d.extmem], [1, 1, 0]);
    assertEquals([d.firstTxRing, d.lastTxRing, d.firstRxRing, d.lastRxRing], [0, 0, 0, 0]);
    assertEquals(d.hdr.body, nmport.address + NMPORT_D.fields.reg.offset);
    const region = readStruct(NMEM_D, d.mem);
    assertEquals([region.memId, region.refcount, region.size, region.isExtmem], [1, 1, 65536, 0]);
    assertEquals(d.nifp, region.mem + d.reg.offset);
    const context = readStruct(NMCTX, d.ctx);
    assertEquals([context.memDescs, context.verbose], [d.mem, 1]);
  });

  itRequires(CC, "gives ports of one context in one region the same memory, others another", () => {
    using lib = open();
    using a = lib.open("netmap:a");
    using b = lib.open("netmap:b");
    using c = lib.open("netmap:c@2");
    assert(a.port.memory === b.port.memory);
    assert(a.port.memory !== c.port.memory);
    assertEquals(a.fields().mem, b.fields().mem);
    assertNotEquals(a.fields().mem, c.fields().mem);
    a.port.memory.u8[20_000] = 77;
    using other = open();
    using d = other.open("netmap:d");
    assertNotEquals([d.fields().ctx, d.fields().mem], [a.fields().ctx, a.fields().mem]);
    // Another context has another mapping, of the same bytes.
    assert(d.port.memory !== a.port.memory);
    assertEquals(d.port.memory.u8[20_000], 77);
    b.close();
    assertEquals(a.port.memory.u8[20_000], 77);
  });

  itRequires(CC, "locks, allocates and frees as the library does by itself", () => {
    const before = left();
    const lib = open();
    const nmport = lib.open("netmap:eth0");
    assert(fake.blocks() > (before[0] as number));
    assertEquals(fake.takeLog().filter((line) => line.endsWith("lock")), ["lock", "unlock"]);
    nmport.close();
    lib.close();
    assertEquals(left().slice(0, 2), before.slice(0, 2));
  });

  itRequires(CC, "leaves nothing behind, however its ports end", () => {
    open().close();
    const before = left();
    for (let i = 0; i < 10; i++) {
      const lib = open();
      lib.open("netmap:closed").close();
      lib.openPort("netmap:port").close();
      lib.open("netmap:port").port.close();
      lib.prepare("netmap:prepared");
      lib.open("netmap:left@5");
      lib.openPort("netmap:left@6");
      for (const name of ["bad", "busy", "mute"]) {
        assertThrows(() => lib.open(name), NetmapError);
      }
      lib.close();
      lib.close();
    }
    // The regions' memfds are the stand-in's.
    const after = left();
    assertEquals([after[0], after[1], after[3]], [before[0], true, before[3]]);
  });

  itRequires(CC, "a port of openPort() ends all of itself", () => {
    using lib = open();
    const port = lib.openPort("netmap:eth0");
    port.close();
    port.close();
    assertEquals(bare(fake.takeLog()).slice(2), [
      "undo_open_desc netmap:eth0",
      "undo_prepare netmap:eth0",
    ]);
    assertEquals(assertThrows(() => port.memory, NetmapError).errno, EBADF);
  });

  describe("a prepared port", () => {
    itRequires(CC, "can be changed, opened, taken back and opened again", () => {
      using lib = open();
      const nmport = lib.prepare("netmap:eth0");
      assertEquals([nmport.name, nmport.fields().fd], ["netmap:eth0", -1]);
      nmport.setRegister({ extraBufs: 5, flags: 0x4000 });
      const port = nmport.openDesc();
      assert(nmport.port === port);
      assertEquals([port.reply.extraBufs, port.spec.flags], [5, 0x4000]);
      for (
        const action of [
          () => nmport.openDesc(),
          () => nmport.setRegister({ extraBufs: 6 }),
          () => nmport.setOffsets({ initial: 1 }),
          () => nmport.setExtmem({ address: 4096, size: 4096 }),
        ]
      ) assertEquals(assertThrows(action, NetmapError, "as it is open").errno, EINVAL);
      nmport.undoOpenDesc();
      assert(port.closed);
      assertEquals(assertThrows(() => nmport.port, NetmapError).errno, EINVAL);
      nmport.setRegister({ extraBufs: 7 });
      assertEquals(nmport.openDesc().reply.extraBufs, 7);
      nmport.port.close();
      nmport.close();
      assertEquals(bare(fake.takeLog()), [
        "prepare netmap:eth0",
        "open_desc netmap:eth0 extra 5 flags 4000",
        "undo_open_desc netmap:eth0",
        "open_desc netmap:eth0 extra 7 flags 4000",
        "undo_open_desc netmap:eth0",
        "undo_prepare netmap:eth0",
      ]);
      for (
        const action of [
          () => nmport.openDesc(),
          () => nmport.fields(),
          () => nmport.port,
          () => nmport.clone(),
          () => nmport.inject(new Uint8Array(1)),
        ]
      ) assertEquals(assertThrows(action, NetmapError).errno, EBADF);
      nmport.close();
    });

    itRequires(CC, "can be cloned, before and after it was opened", () => {
      using lib = open();
      using nmport = lib.prepare("netmap:eth0@4");
      nmport.setRegister({ extraBufs: 9 });
      using early = nmport.clone();
      nmport.openDesc();
      using late = nmport.clone();
      for (const copy of [early, late]) {
        assertNotEquals(copy.address, nmport.address);
        assertEquals([copy.name, copy.fields().reg.extraBufs, copy.fields().fd], [
          "netmap:eth0",
          9,
          -1,
        ]);
        assert(copy.openDesc().memory === nmport.port.memory);
      }
    });

    itRequires(CC, "takes memory and offsets, 64-bit numbers whole", () => {
      using lib = open();
      using nmport = lib.prepare("netmap:eth0");
      nmport.setExtmem({ address: 0x7fff_1234_5000, size: 2 ** 40 });
      nmport.setOffsets({ initial: 64, bits: 16, max: 128, minGap: 2 ** 35 });
      nmport.setOffsets({ initial: 32 });
      assertEquals(fake.takeLog().slice(1), [
        `extmem netmap:eth0 7fff12345000 ${2 ** 40}`,
        `offset netmap:eth0 64 128 16 ${2 ** 35}`,
        "offset netmap:eth0 32 32 0 0",
      ]);
      assertEquals(nmport.fields().extmem, 0x7fff_1234_5000);
      const again = assertThrows(
        () => nmport.setExtmem({ address: 4096, size: 4096 }),
        NetmapError,
        "libnetmap says 'netmap:eth0: has memory ü' (EINVAL)",
      );
      assertEquals([again.errno, again.port], [EINVAL, "netmap:eth0"]);
      assertThrows(() => nmport.clone(), NetmapError, "not while its memory is its own");
    });
  });

  itRequires(CC, "inject() copies a packet into the ring, until it is full", () => {
    using lib = open();
    using nmport = lib.open("netmap:eth0");
    for (let n = 0; n < 7; n++) assert(nmport.inject(new Uint8Array(100 + n).fill(n)));
    assertEquals(nmport.inject(new Uint8Array(60)), false);
    const [ring] = nmport.port.txRings;
    assertEquals([ring.head, ring.space(), ring.len(6)], [7, 0, 106]);
    assertEquals(ring.packet(6), new Uint8Array(106).fill(6));
    assertEquals(fake.takeLog().filter((line) => line.startsWith("inject")).length, 8);
  });

  describe("errors", () => {
    itRequires(CC, "carry the library's own words and errno", () => {
      const said: string[] = [];
      using lib = open((message) => said.push(message));
      const cases: [string, () => unknown, number, string][] = [
        [
          "bad:x",
          () => lib.prepare("bad:x"),
          EINVAL,
          "Cannot prepare 'bad:x' as libnetmap says " +
          "'bad:x: no such subsystem ü' (EINVAL)",
        ],
        ["bad:y", () => lib.open("bad:y"), EINVAL, "'bad:y: no such subsystem ü'"],
        ["busy0", () => lib.open("busy0"), EBUSY, "'busy0: its rings are taken ü' (EBUSY)"],
        ["busy1", () => lib.openPort("busy1"), EBUSY, "its rings are taken"],
        ["mute0", () => lib.open("mute0"), ENXIO, "as libnetmap gives no reason (ENXIO)"],
      ];
      for (const [port, action, errno, says] of cases) {
        const error = assertThrows(action, NetmapError, says);
        assertEquals([error.errno, error.port], [errno, port]);
      }
      assertEquals(said.length, 4);
      assertEquals(fake.takeLog().filter((line) => line.startsWith("default says")), []);
    });

    itRequires(CC, "go to the context of their port, also after another one was opened", () => {
      const said: string[] = [];
      using one = open((message) => said.push(`one ${message}`));
      using two = open((message) => said.push(`two ${message}`));
      using prepared = one.prepare("busy1");
      assertThrows(() => two.prepare("bad2"), NetmapError);
      assertThrows(() => prepared.openDesc(), NetmapError, "its rings are taken");
      assertEquals(said.map((text) => text.slice(0, 9)), ["two bad2:", "one busy1"]);
    });

    itRequires(CC, "survive a listener that throws, and one that calls libc", () => {
      using lib = open(() => {
        libc().close(-1);
        throw new Error("mine");
      });
      const error = assertThrows(() => lib.prepare("bad"), NetmapError, "no such subsystem");
      assertEquals(error.errno, EINVAL);
      lib.prepare("netmap:good").close();
    });

    itRequires(CC, "many calls back in a row", () => {
      let count = 0;
      using lib = open(() => count++);
      for (let n = 0; n < 5000; n++) assertThrows(() => lib.prepare("bad"), NetmapError);
      assertEquals(count, 5000);
      fake.takeLog();
    });
  });

  itRequires(CC, "enables and disables options", () => {
    using lib = open();
    lib.enableOption("offset");
    lib.disableOption("share");
    const error = assertThrows(() => lib.enableOption("nosuch"), NetmapError, "'nosuch'");
    assertEquals(error.errno, EOPNOTSUPP);
    assertEquals(fake.takeLog(), ["enable offset", "disable share", "enable nosuch"]);
  });

  itRequires(CC, "says EBADF of everything after close", () => {
    const lib = open();
    const nmport = lib.open("netmap:eth0");
    const { port } = nmport;
    lib.close();
    assert(port.closed && nmport.closed);
    for (
      const action of [
        () => lib.open("netmap:eth0"),
        () => lib.openPort("netmap:eth0"),
        () => lib.prepare("netmap:eth0"),
        () => lib.enableOption("offset"),
        () => lib.disableOption("offset"),
        () => nmport.fields(),
        () => port.txsync(),
      ]
    ) assertEquals(assertThrows(action, NetmapError).errno, EBADF);
  });

  describe("where it is not", () => {
    it("is ENOENT, and says how to go on without it", () => {
      const error = assertThrows(
        () => openLibnetmap({ path: "/nonexistent/libnetmap.so" }),
        NetmapError,
      );
      assertEquals(error.errno, ENOENT);
      assertStringIncludes(error.message, "none of '/nonexistent/libnetmap.so' can be used");
      assertStringIncludes(error.message, "or use openPort() of '@netmap/core'");
    });

    it("is ENOSYS where a library of that name has none of its functions", () => {
      const error = assertThrows(() => openLibnetmap({ path: "libc.so.6" }), NetmapError);
      assertEquals(error.errno, ENOSYS);
    });

    itRequires(CC, "offsets are ENOSYS in an old one, the rest works", () => {
      const old = fakeLibrary("WITHOUT_OFFSET");
      using lib = openLibnetmap({ path: old.path, calls: calls() });
      using nmport = lib.prepare("netmap:eth0");
      const error = assertThrows(
        () => nmport.setOffsets({ initial: 3 }),
        NetmapError,
        "a newer one",
      );
      assertEquals(error.errno, ENOSYS);
      assertEquals(nmport.openDesc().txRings.length, 1);
      old.remove();
    });
  });
});

describe("the tables of libnetmap", () => {
  it("have the offsets of its header on 64-bit machines", () => {
    const places = Object.values(NMPORT_D.fields).map(({ cName, offset }) => `${cName} ${offset}`);
    assertEquals(places.slice(0, 9), [
      "hdr 0",
      "reg 88",
      "mem 144",
      "ctx 152",
      "register_done 160",
      "mmap_done 164",
      "extmem 168",
      "fd 176",
      "nifp 184",
    ]);
    assertEquals(structView(NMCTX, new Uint8Array(NMCTX.size)).error, 0);
    assertEquals([NMCTX.fields.error.offset, NMEM_D.fields.mem.offset], [8, 8]);
  });
});
