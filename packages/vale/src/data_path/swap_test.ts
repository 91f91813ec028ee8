import { NS_BUF_CHANGED, openPort, type Port, slotWord } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { setZeroCopy } from "../stats.ts";
import { vale } from "../vale.ts";
import {
  EVERYBODY,
  frame,
  numbers,
  openPorts,
  range,
  rxCounters,
  teach,
} from "./traffic_fixture.ts";

/** All buffers of all rings of some ports. */
function buffers(ports: readonly Port[]): number[] {
  return ports.flatMap((port) => [...port.txRings, ...port.rxRings])
    .flatMap((ring) => range(0, ring.numSlots).map((i) => ring.bufIdx(i)))
    .sort((x, y) => x - y);
}

describe("Swapping buffers", () => {
  let engine: Engine;
  let ports: Port[];

  beforeEach(() => {
    engine = createEngine({ features: [vale({ zeroCopy: true })] });
    ports = openPorts(engine, 3);
    teach(ports);
  });

  afterEach(() => engine.close());

  it("moves a unicast frame's buffer to the receiver, and the receiver's to the sender", () => {
    const [a, b] = ports;
    const tx = a.txRings[0];
    const rx = b.rxRings[0];
    const [i, j] = [tx.head, rx.tail];
    const [mine, theirs] = [tx.bufIdx(i), rx.bufIdx(j)];
    a.send([frame(2, 1, 7)]);
    assertEquals([tx.bufIdx(i), rx.bufIdx(j)], [theirs, mine]);
    assertEquals([tx.slotFlags(i), rx.slotFlags(j)], [NS_BUF_CHANGED, NS_BUF_CHANGED | 1 << 8]);
    assertEquals(numbers(b.receive()), [7]);
    b.receive();
    assertEquals(rx.slotFlags(j), 1 << 8, "a released slot is as any other");
  });

  it("copies broadcasts and unknown destinations, in order with what is swapped", () => {
    const [a, b, c] = ports;
    const to = (n: number): number => n % 3 === 0 ? EVERYBODY : n % 3 === 1 ? 2 : 99;
    a.send(range(0, 60).map((n) => frame(to(n), 1, n)));
    assertEquals(numbers(b.receive()), range(0, 60));
    assertEquals(numbers(c.receive()), range(0, 60).filter((n) => n % 3 !== 1));
  });

  it("keeps every buffer: none lost, none twice", () => {
    const before = buffers(ports);
    for (let round = 0; round < 200; round++) {
      const from = round % 3;
      const to = (n: number): number => n % 7 === 0 ? EVERYBODY : 1 + n % 3;
      ports[from].send(range(0, round % 60).map((n) => frame(to(n), from + 1, n)));
      ports[round % 2].receive();
    }
    assertEquals(buffers(ports), before);
    const bufs = engine.region(1).bufs;
    const free = bufs.free;
    for (const port of ports) port.close();
    assertEquals(bufs.free, free + before.length);
  });

  it("copies between two regions", () => {
    using split = createEngine({ features: [vale({ zeroCopy: true })], privateMemory: true });
    const [a, b] = openPorts(split, 2);
    assert(a.memory !== b.memory);
    teach([a, b]);
    const before = [buffers([a]), buffers([b])];
    for (const length of [60, 100, 113, 1514, 2048]) {
      a.send(range(0, 20).map((n) => frame(2, 1, n, length)));
      assertEquals(numbers(b.receive()), range(0, 20));
    }
    assertEquals([buffers([a]), buffers([b])], before);
  });

  it("ends and begins with the next batch", () => {
    const [a, b] = ports;
    const tx = a.txRings[0];
    setZeroCopy(engine, "vale0:", false);
    const i = tx.head;
    const idx = tx.bufIdx(i);
    a.send([frame(2, 1, 1)]);
    assertEquals(tx.bufIdx(i), idx);
    setZeroCopy(engine, "vale0:", true);
    const j = tx.head;
    const next = tx.bufIdx(j);
    a.send([frame(2, 1, 2)]);
    assert(tx.bufIdx(j) !== next);
    assertEquals(numbers(b.receive()), [1, 2]);
  });

  it("leaves a receiver's slot alone that has no buffer, and counts it", () => {
    const [a, b] = ports;
    const rx = b.rxRings[0];
    const slot = slotWord(rx.word, rx.tail);
    const kept = b.memory.i32[slot];
    b.memory.i32[slot] = -5;
    const mine = a.txRings[0].bufIdx(a.txRings[0].head);
    const before = rxCounters(engine, b);
    a.send([frame(2, 1, 1), frame(2, 1, 2)]);
    const after = rxCounters(engine, b);
    assertEquals([after.packets - before.packets, after.dropBadSlot], [1, 1]);
    assertEquals(b.memory.i32[slot], -5);
    assert(buffers([a]).includes(mine));
    b.memory.i32[slot] = kept;
  });

  it("works with rings of different size", () => {
    using d = openPort(engine.device, { name: "vale0:d", txSlots: 8, rxSlots: 5 });
    d.send([frame(EVERYBODY, 9)]);
    const all = [...ports, d];
    const before = buffers(all);
    for (let n = 0; n < 100; n += 4) {
      ports[0].send(range(n, n + 4).map((i) => frame(9, 1, i)));
      assertEquals(numbers(d.receive()), range(n, n + 4));
      d.receive();
    }
    assertEquals(buffers(all), before);
  });
});
