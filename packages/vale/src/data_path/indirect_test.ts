import {
  closeFd,
  createMemfd,
  libc,
  mapMemory,
  type Mapping,
  NS_INDIRECT,
  NS_MOREFRAG,
  type Port,
} from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { V_FLAG_FOREIGN, V_FLAGS } from "../layout.ts";
import { vale } from "../vale.ts";
import {
  adapterOf,
  frame,
  numbers,
  openPorts,
  range,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

const PAGE = 4096;

describe("NS_INDIRECT", () => {
  let engine: Engine;
  let ports: Port[];
  let outside: Mapping;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ports = openPorts(engine, 2, { slots: 256 });
    teach(ports);
    // Memory of our own that is not in the ports' region.
    const fd = createMemfd("outside", 128 * 2048);
    outside = mapMemory(fd, 128 * 2048);
    closeFd(fd);
  });

  afterEach(() => {
    outside.close();
    engine.close();
  });

  const put = (at: number, len: number, flags: number = 0): void => {
    const ring = ports[0].txRings[0];
    ring.setSlot(ring.head, len, flags | NS_INDIRECT);
    ring.setPtr(ring.head, BigInt(at));
    ring.advance(1);
  };
  const plain = (n: number): void => {
    const ring = ports[0].txRings[0];
    ports[0].memory.u8.set(frame(2, 1, n), ring.bufOffset(ring.head));
    ring.setSlot(ring.head, 60, 0);
    ring.advance(1);
  };
  /** Puts a frame into memory outside. @returns its address */
  const place = (n: number, length: number = 60): number => {
    outside.u8.set(frame(2, 1, n, length), n * 2048);
    return outside.address + n * 2048;
  };
  const got = (): number[] => numbers(ports[1].receive());

  it("sends what is at an address of the program", () => {
    for (const length of [18, 60, 100, 1514, 2048]) put(place(length % 100, length), length);
    ports[0].txsync();
    const frames = ports[1].receive();
    assertEquals(frames.map((bytes) => bytes.length), [18, 60, 100, 1514, 2048]);
    assertEquals(numbers(frames), [18, 60, 0, 14, 48]);
  });

  it("mixes with other slots, also within one packet", () => {
    const at = place(3, 300);
    plain(1);
    put(at, 100, NS_MOREFRAG);
    put(at + 100, 100, NS_MOREFRAG);
    put(at + 200, 100);
    plain(4);
    ports[0].txsync();
    assertEquals(got(), [1, 3, 4]);
  });

  it("reads more slots in a row than one call takes", () => {
    for (let n = 0; n < 100; n++) put(place(n), 60);
    plain(100);
    for (let n = 0; n < 100; n++) put(place(n), 60);
    ports[0].txsync();
    assertEquals(got(), [...range(0, 101), ...range(0, 100)]);
  });

  it("with an address that is nobody's drops the packet alone, and counts it", () => {
    put(place(1), 60);
    put(0, 60);
    put(place(2), 60);
    put(8, 60);
    put(2 ** 47 - PAGE, 60);
    put(place(3), 60);
    put(8, 60);
    ports[0].txsync();
    assertEquals(got(), [1, 2, 3]);
    assertEquals(txCounters(engine, ports[0]).dropBadSlot, 4);
  });

  it("at the end of mapped memory reads up to it and not beyond", () => {
    const { mmap, munmap } = libc();
    const pages = mmap(0, 2 * PAGE, 3, 0x22, -1, 0);
    assert(pages > 0);
    munmap(pages + PAGE, PAGE);
    libc().memmove(pages + PAGE - 60, place(9), 60);
    put(pages + PAGE - 60, 60);
    put(pages + PAGE - 60, 61);
    ports[0].txsync();
    assertEquals(got(), [9]);
    assertEquals(txCounters(engine, ports[0]).dropBadSlot, 1);
    munmap(pages, PAGE);
  });

  it("is refused on rings that another process fills", () => {
    const { port } = adapterOf(engine, ports[0]);
    engine.dp.state[port + V_FLAGS] |= V_FLAG_FOREIGN;
    put(place(1), 60);
    plain(2);
    ports[0].txsync();
    assertEquals(got(), [2]);
    assertEquals(txCounters(engine, ports[0]).dropBadSlot, 1);
  });

  it("copies where buffers are swapped: the slot's own buffer stays", () => {
    using zero = createEngine({ features: [vale({ zeroCopy: true })] });
    ports = openPorts(zero, 2);
    teach(ports);
    const ring = ports[0].txRings[0];
    const i = ring.head;
    const idx = ring.bufIdx(i);
    put(place(5), 60);
    plain(6);
    ports[0].txsync();
    assertEquals(got(), [5, 6]);
    assertEquals([ring.bufIdx(i), ring.slotFlags(i)], [idx, NS_INDIRECT]);
  });
});
