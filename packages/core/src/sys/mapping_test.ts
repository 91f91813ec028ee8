import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readFileSync } from "node:fs";
import { EBADF, EINVAL, ENODEV, ENOMEM } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { runChild } from "./child_fixture.ts";
import { mapMemory } from "./mapping.ts";
import { closeFd, createEventfd, createMemfd, cString, libc } from "./system.ts";

const SIZE = 1 << 16;

function countMaps(): number {
  return readFileSync("/proc/self/maps", "utf8").split("\n").length;
}

/** Mappings of memfds by this name. */
function mapsOf(name: string): number {
  return readFileSync("/proc/self/maps", "utf8").split(`/memfd:${name} `).length - 1;
}

describe("mapMemory()", () => {
  it("gives views of the same bytes in every width", () => {
    const fd = createMemfd("netmap-test", SIZE);
    using memory = mapMemory(fd, SIZE);
    assertEquals([memory.size, memory.u8.length, memory.u16.length, memory.i32.length], [
      SIZE,
      SIZE,
      SIZE / 2,
      SIZE / 4,
    ]);
    memory.i32[1] = 0x01020304;
    assertEquals([...memory.u8.subarray(4, 8)], [4, 3, 2, 1]);
    assertEquals(memory.u16[2], 0x0304);
    assert(memory.address > 0 && memory.address % 4096 === 0);
    assertEquals(runtime().addressOf(memory.u8), memory.address);
    assertEquals(memory.closed, false);
    closeFd(fd);
  });

  it("two mappings see each other's stores, also after the descriptor is closed", () => {
    const fd = createMemfd("netmap-test", SIZE);
    using a = mapMemory(fd, SIZE);
    using b = mapMemory(fd, SIZE);
    closeFd(fd);
    assertNotEquals(a.address, b.address);
    a.i32[100] = 77;
    assertEquals(Atomics.load(b.i32, 100), 77);
    assertEquals(Atomics.compareExchange(b.i32, 100, 77, 78), 77);
    assertEquals(Atomics.add(a.i32, 100, 1), 78);
    assertEquals(Atomics.load(b.i32, 100), 79);
    assertEquals(Atomics.exchange(a.i32, 100, -1), 79);
    assertEquals(b.i32[100], -1);
  });

  it("starts at an offset", () => {
    const fd = createMemfd("netmap-test", SIZE);
    using whole = mapMemory(fd, SIZE);
    using part = mapMemory(fd, 4096, { offset: 8192 });
    whole.u8[8192 + 5] = 9;
    assertEquals(part.u8[5], 9);
    closeFd(fd);
  });

  it("has sizes that are no multiple of a word or a page", () => {
    const fd = createMemfd("netmap-test", 4099);
    using memory = mapMemory(fd, 4099);
    assertEquals([memory.u8.length, memory.u16.length, memory.i32.length], [4099, 2049, 1024]);
    memory.u8[4098] = 1;
    closeFd(fd);
  });

  it("populate touches all pages at once", () => {
    const pages = 64;
    const fd = createMemfd("netmap-populate", pages * 4096);
    using memory = mapMemory(fd, pages * 4096, { populate: true });
    assertEquals(residentKb(memory.address), pages * 4);
    closeFd(fd);
  });

  it("readOnly sees the file and keeps its own stores to itself", () => {
    const fd = createMemfd("netmap-test", 8192);
    using shared = mapMemory(fd, 8192);
    const readFd = libc().open(cString(`/proc/self/fd/${fd}`), 0, 0);
    assert(readFd >= 0);
    using reader = mapMemory(readFd, 8192, { readOnly: true });
    shared.u8[0] = 1;
    assertEquals(reader.u8[0], 1);
    reader.u8[4096] = 99;
    assertEquals([shared.u8[4096], reader.u8[4096]], [0, 99]);
    shared.u8[1] = 2;
    assertEquals(reader.u8[1], 2);
    closeFd(readFd);
    closeFd(fd);
  });

  it("maps as much as the runtime can see in one array", () => {
    const bytes = 4 * 2 ** 30;
    const fd = createMemfd("netmap-huge", 2 * bytes);
    using memory = mapMemory(fd, bytes);
    memory.i32[bytes / 4 - 1] = 5;
    assertEquals(memory.u8[bytes - 4], 5);
    const maps = countMaps();
    // Bun ends at 4 GiB, Deno does not.
    if (runtime().name === "bun") {
      const error = assertThrows(() => mapMemory(fd, 2 * bytes), NetmapError, "map it in parts");
      assertEquals(error.errno, ENOMEM);
      assertEquals(countMaps(), maps);
    } else mapMemory(fd, 2 * bytes).close();
    closeFd(fd);
  });

  it("says what is wrong with what it cannot map", () => {
    const fd = createMemfd("netmap-test", SIZE);
    const event = createEventfd();
    const cases: [() => unknown, number, string][] = [
      [() => mapMemory(fd, SIZE + 1), EINVAL, `as it has ${SIZE}`],
      [() => mapMemory(fd, SIZE, { offset: 4096 }), EINVAL, `as it has ${SIZE}`],
      [() => mapMemory(fd, 4096, { offset: 1 }), EINVAL, "Cannot map 4096 bytes"],
      [() => mapMemory(fd, 0), EINVAL, "'0' bytes"],
      [() => mapMemory(fd, -4096), EINVAL, "'-4096' bytes"],
      [() => mapMemory(fd, 1.5), EINVAL, "'1.5' bytes"],
      [() => mapMemory(fd, NaN), EINVAL, "'NaN' bytes"],
      [() => mapMemory(fd, 4096, { offset: -4096 }), EINVAL, "offset '-4096'"],
      [() => mapMemory(-1, 4096), EBADF, "descriptor '-1'"],
      [() => mapMemory(event, 4096), ENODEV, `descriptor '${event}'`],
    ];
    for (const [map, errno, text] of cases) {
      assertEquals(assertThrows(map, NetmapError, text).errno, errno, text);
    }
    closeFd(event);
    closeFd(fd);
  });
});

function virtualMb(): number {
  return Number(/VmSize:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
}

function residentKb(address: number): number {
  const hex = address.toString(16);
  const smaps = readFileSync("/proc/self/smaps", "utf8").split("\n");
  const start = smaps.findIndex((line) => line.startsWith(hex));
  const rss = smaps.slice(start).find((line) => line.startsWith("Rss:"))!;
  return Number(/\d+/.exec(rss)![0]);
}

describe("Mapping.close()", () => {
  it("leaves views of length 0, whoever holds them, and unmaps", () => {
    const fd = createMemfd("netmap-closed", SIZE);
    const memory = mapMemory(fd, SIZE);
    const { u8, u16, i32 } = memory;
    const part = u8.subarray(10, 20);
    const view = new DataView(u8.buffer);
    u8[0] = 5;
    assertEquals(mapsOf("netmap-closed"), 1);
    memory.close();
    assertEquals([u8.length, u16.length, i32.length, part.length], [0, 0, 0, 0]);
    assertEquals([u8[0], part[0], u8.buffer.byteLength], [undefined, undefined, 0]);
    u8[0] = 1;
    assertThrows(() => part.fill(1), TypeError);
    assertThrows(() => Atomics.load(i32, 0));
    assertThrows(() => Atomics.store(i32, 0, 1));
    assertThrows(() => view.getUint8(0), TypeError);
    assertEquals([memory.closed, memory.size, memory.address], [true, 0, 0]);
    assertEquals([memory.u8.length, memory.u16.length, memory.i32.length], [0, 0, 0]);
    assertEquals(mapsOf("netmap-closed"), 0);
    using again = mapMemory(fd, SIZE);
    assertEquals(again.u8[0], 5);
    closeFd(fd);
  });

  it("may be called twice and by `using`", () => {
    const fd = createMemfd("netmap-test", SIZE);
    const memory = mapMemory(fd, SIZE);
    memory.close();
    memory.close();
    memory[Symbol.dispose]();
    let outer: Uint8Array;
    {
      using inner = mapMemory(fd, SIZE);
      outer = inner.u8;
      assertEquals(outer.length, SIZE);
    }
    assertEquals(outer.length, 0);
    closeFd(fd);
  });

  it("1000 mappings of 340 MB opened and closed leave no map behind and copy nothing", () => {
    const bytes = 340 << 20;
    const fd = createMemfd("netmap-test", bytes);
    for (let i = 0; i < 300; i++) mapMemory(fd, bytes).close();
    const before = countMaps();
    const rss = process.memoryUsage().rss;
    for (let i = 0; i < 1000; i++) {
      const memory = mapMemory(fd, bytes);
      memory.i32[i * 4096] = i;
      memory.close();
    }
    assert(countMaps() <= before + 8, `${before} maps became ${countMaps()}`);
    assert(virtualMb() < 300 * 340 + 100_000, `${virtualMb()} MB of addresses`);
    const grown = (process.memoryUsage().rss - rss) >> 20;
    assert(grown < 340, `${grown} MB more are resident: is something copied?`);
    closeFd(fd);
  });

  it("of one mapping leaves the others alone", () => {
    const fd = createMemfd("netmap-test", SIZE);
    const a = mapMemory(fd, SIZE);
    using b = mapMemory(fd, SIZE);
    a.u8[7] = 3;
    a.close();
    assertEquals(b.u8[7], 3);
    closeFd(fd);
  });
});

describe("what could crash runs in a child and ends in status 0:", () => {
  const script = new URL("./mapping_fixture.ts", import.meta.url);
  for (
    const danger of [
      "stale views in compiled code",
      "closed inside a loop over it",
      "garbage collection after close",
      "mappings that nobody closed",
      "a view still in an asynchronous write",
      "a view still hashed by another thread",
      "a view in a foreign call before close",
      "closed in one Worker and used in another",
    ]
  ) {
    it(danger, async () => {
      const { code, signal, stdout, stderr } = await runChild(script, [danger]);
      assertEquals(
        { code, signal, stdout },
        { code: 0, signal: null, stdout: "survived\n" },
        stderr,
      );
    });
  }
});
