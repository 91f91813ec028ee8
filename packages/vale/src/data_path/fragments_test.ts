import { NS_MOREFRAG, openPort, type Port, slotWord } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { vale } from "../vale.ts";
import {
  EVERYBODY,
  frame,
  numbers,
  openPorts,
  range,
  rxCounters,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

/** Puts a packet into slots, cut where `cuts` says; `last` says whether its last slot ends it. */
function put(port: Port, bytes: Uint8Array, cuts: readonly number[], last: boolean = true): void {
  const ring = port.txRings[0];
  let from = 0;
  [...cuts, bytes.length].forEach((to, i) => {
    const end = i === cuts.length && last;
    port.memory.u8.set(bytes.subarray(from, to), ring.bufOffset(ring.head));
    ring.setSlot(ring.head, to - from, end ? 0 : NS_MOREFRAG);
    ring.advance(1);
    from = to;
  });
}

/** The slots that wait in a port's receive ring: length, fragments, whether more come. */
function slots(port: Port): [number, number, boolean][] {
  port.rxsync();
  const ring = port.rxRings[0];
  const list: [number, number, boolean][] = [];
  for (let i = ring.head; i !== ring.tail; i = ring.next(i)) {
    const flags = ring.slotFlags(i);
    list.push([ring.len(i), flags >> 8, (flags & NS_MOREFRAG) !== 0]);
  }
  return list;
}

describe("Packets of several fragments", () => {
  let engine: Engine;
  let a: Port;
  let b: Port;
  let c: Port;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    [a, b, c] = openPorts(engine, 3, { slots: 256 });
    teach([a, b, c]);
  });

  afterEach(() => engine.close());

  it("arrive with their slots, the count of them, and NS_MOREFRAG on all but the last", () => {
    put(a, frame(2, 1, 5, 3000), [100, 1000]);
    a.txsync();
    assertEquals(slots(b), [[100, 3, true], [900, 3, true], [2000, 3, false]]);
    assertEquals(numbers(b.receive()), [5]);
    assertEquals(slots(c), []);
    assertEquals([rxCounters(engine, b).packets - 1 - 1, rxCounters(engine, b).bytes], [1, 3120]);
  });

  it("of one slot say so", () => {
    a.send([frame(2, 1, 5)]);
    assertEquals(slots(b), [[60, 1, false]]);
  });

  it("go with whole ones in their order, to one and to all", () => {
    for (let n = 0; n < 30; n++) {
      const to = n % 3 === 0 ? EVERYBODY : 2 + n % 2;
      const cuts = range(1, n % 5 + 1).map((i) => i * 40);
      put(a, frame(to, 1, n, 300), cuts);
    }
    a.txsync();
    assertEquals(numbers(b.receive()), range(0, 30).filter((n) => n % 3 === 0 || n % 2 === 0));
    assertEquals(numbers(c.receive()), range(0, 30).filter((n) => n % 3 === 0 || n % 2 === 1));
  });

  it("may be 64, not one more", () => {
    put(a, frame(2, 1, 5, 6400), range(1, 64).map((i) => i * 100));
    put(a, frame(2, 1, 6, 6500), range(1, 65).map((i) => i * 100));
    put(a, frame(2, 1, 7), []);
    a.txsync();
    assertEquals(slots(b).length, 65);
    assertEquals(numbers(b.receive()), [5, 7]);
    assertEquals(txCounters(engine, a).dropBadSlot, 1);
  });

  it("are dropped when the chain is broken, and counted", () => {
    put(a, frame(2, 1, 5), []);
    put(a, frame(2, 1, 6, 200), [100], false);
    a.txsync();
    assertEquals(numbers(b.receive()), [5]);
    assertEquals(txCounters(engine, a).dropBadSlot, 1);
    // The rest of it is a packet of its own then, and no good one.
    put(a, frame(2, 1, 7), []);
    a.txsync();
    assertEquals(numbers(b.receive()), [7]);
    assertEquals(a.txRings[0].space(), 255);
  });

  it("are dropped whole when one of them is bad", () => {
    put(a, frame(2, 1, 5, 200), [100]);
    put(a, frame(2, 1, 6, 300), [100, 200]);
    const ring = a.txRings[0];
    const bad = ring.head - 1;
    a.memory.u16[slotWord(ring.word, bad) * 2 + 2] = 0xfff0;
    a.txsync();
    assertEquals(numbers(b.receive()), [5]);
    assertEquals(txCounters(engine, a).dropBadSlot, 1);
  });

  it("have their addresses in the first one, or make no frame", () => {
    put(a, frame(2, 1, 5, 200), [13]);
    put(a, frame(2, 1, 6, 200), [14]);
    // A header of 0 bytes may be a fragment of its own, as one of 12 may.
    put(a, frame(2, 1, 7, 200), [0]);
    a.txsync();
    assertEquals(numbers(b.receive()), [6, 7]);
    assertEquals(txCounters(engine, a).dropBadSlot, 1);
  });

  it("come whole or not at all where there is no room for them", () => {
    using d = openPort(engine.device, { name: "vale0:d", txSlots: 64, rxSlots: 8 });
    d.send([frame(EVERYBODY, 9)]);
    put(a, frame(9, 1, 1, 90), [30, 60]);
    put(a, frame(9, 1, 2, 90), [30, 60]);
    // One slot is left, but the order of packets is kept: nothing overtakes.
    put(a, frame(9, 1, 3, 90), [30, 60]);
    put(a, frame(9, 1, 4), []);
    a.txsync();
    assertEquals(numbers(d.receive()), [1, 2]);
    d.receive();
    const { packets, dropNoRoom } = rxCounters(engine, d);
    assertEquals([packets, dropNoRoom], [2, 2]);
    // Longer than the whole ring: never.
    put(a, frame(9, 1, 5, 100), range(1, 8).map((i) => i * 12 + 2));
    put(a, frame(9, 1, 6), []);
    a.txsync();
    assertEquals(numbers(d.receive()), []);
    put(a, frame(9, 1, 7), []);
    a.txsync();
    assertEquals(numbers(d.receive()), [7]);
    assertEquals(rxCounters(engine, d).dropNoRoom, 4);
  });

  it("are copied where buffers are swapped", () => {
    using zero = createEngine({ features: [vale({ zeroCopy: true })] });
    const [x, y] = openPorts(zero, 2);
    teach([x, y]);
    const before = x.txRings[0].bufIdx(x.txRings[0].head);
    put(x, frame(2, 1, 5, 200), [100]);
    put(x, frame(2, 1, 6), []);
    x.txsync();
    assertEquals(numbers(y.receive()), [5, 6]);
    const ring = x.txRings[0];
    const first = (ring.head + ring.numSlots - 3) % ring.numSlots;
    assertEquals(ring.bufIdx(first), before);
    assertEquals(ring.slotFlags(first), NS_MOREFRAG);
  });
});
