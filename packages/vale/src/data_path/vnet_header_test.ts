import { NS_MOREFRAG, openPort, type Port } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { portHdrSet } from "../requests.ts";
import { vale } from "../vale.ts";
import { EVERYBODY, frame, numbers, rxCounters, txCounters } from "./traffic_fixture.ts";

/** A frame behind a header of `length` bytes, which are numbered from 0x80 unless given. */
function withHeader(length: number, bytes: Uint8Array, header?: number[]): Uint8Array {
  const all = new Uint8Array(length + bytes.length);
  for (let i = 0; i < length; i++) all[i] = header ? header[i] ?? 0 : i < 2 ? 0 : 0x80 + i;
  all.set(bytes, length);
  return all;
}

describe("virtio-net headers", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
  });

  afterEach(() => engine.close());

  const open = (name: string, header: number): Port => {
    const port = openPort(engine.device, { name: `vale0:${name}`, slots: 64 });
    if (header > 0) portHdrSet(engine.device, port.name, header);
    return port;
  };

  for (const header of [10, 12]) {
    it(`of ${header} bytes on both sides are passed along, and addresses found behind them`, () => {
      const [a, b, c] = ["a", "b", "c"].map((name) => open(name, header));
      b.send([withHeader(header, frame(EVERYBODY, 2))]);
      a.receive();
      c.receive();
      a.send([withHeader(header, frame(2, 1, 5, 100))]);
      assertEquals([...b.receive()[0]], [...withHeader(header, frame(2, 1, 5, 100))]);
      assertEquals(c.receive(), []);
      // The header alone in the first fragment.
      const ring = a.txRings[0];
      ring.setSlot(ring.head, header, NS_MOREFRAG);
      ring.advance(1);
      a.memory.u8.set(frame(2, 1, 6), ring.bufOffset(ring.head));
      ring.setSlot(ring.head, 60, 0);
      ring.advance(1);
      a.txsync();
      assertEquals(numbers(b.receive().map((bytes) => bytes.subarray(header))), [6]);
      assertEquals(c.receive(), []);
    });
  }

  for (const from of [0, 10, 12]) {
    for (const to of [0, 10, 12].filter((length) => length !== from)) {
      it(`are changed from ${from} to ${to} bytes, the frame stays`, () => {
        const a = open("a", from);
        const b = open("b", to);
        for (const length of [18, 60, 61, 1514]) {
          a.send([withHeader(from, frame(EVERYBODY, 1, 7, length))]);
          const [bytes] = b.receive();
          assertEquals([...bytes.subarray(to)], [...frame(EVERYBODY, 1, 7, length)]);
          const sent = withHeader(from, new Uint8Array(0));
          const expected = Array.from(
            { length: to },
            (_, i) => from === 0 || i >= 10 ? 0 : sent[i],
          );
          assertEquals([...bytes.subarray(0, to)], expected);
        }
        assertEquals(rxCounters(engine, b).packets, 4);
      });
    }
  }

  it("that ask for work are for nobody without one, and counted there", () => {
    const a = open("a", 12);
    const b = open("b", 0);
    const c = open("c", 10);
    const bytes = frame(EVERYBODY, 1, 7);
    a.send([
      withHeader(12, bytes, [1]),
      withHeader(12, bytes, [0, 1]),
      withHeader(12, bytes, [2, 0]),
    ]);
    assertEquals(b.receive().length, 1);
    assertEquals(c.receive().length, 3);
    assertEquals(rxCounters(engine, b).dropDevice, 2);
  });

  it("that make a frame too long for the receiver's buffers drop it, counted there", () => {
    const a = open("a", 0);
    const b = open("b", 12);
    a.send([
      frame(EVERYBODY, 1, 7, 2036),
      frame(EVERYBODY, 1, 7, 2037),
      frame(EVERYBODY, 1, 8, 60),
    ]);
    assertEquals(b.receive().map((bytes) => bytes.length), [2048, 72]);
    assertEquals(rxCounters(engine, b).dropTooLong, 1);
  });

  it("that are cut off make no frame", () => {
    const a = open("a", 12);
    const b = open("b", 12);
    const ring = a.txRings[0];
    for (const len of [0, 11, 12, 25]) {
      ring.setSlot(ring.head, len, 0);
      ring.advance(1);
    }
    a.txsync();
    assertEquals(b.receive(), []);
    assertEquals(txCounters(engine, a).dropBadSlot, 4);
  });

  it("never lose a frame between two lengths without counting it", () => {
    const lengths = fc.constantFrom(0, 10, 12);
    const packet = fc.array(fc.integer({ min: 0, max: 2048 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lengths, lengths, fc.array(packet, { maxLength: 12 }), (from, to, packets) => {
        const a = open("a", from);
        const b = open("b", to);
        const ring = a.txRings[0];
        for (const fragments of packets) {
          fragments.forEach((len, i) => {
            ring.setSlot(ring.head, len, i + 1 < fragments.length ? NS_MOREFRAG : 0);
            a.memory.u8.fill(0xff, ring.bufOffset(ring.head), ring.bufOffset(ring.head) + 64);
            ring.advance(1);
          });
        }
        a.txsync();
        const tx = txCounters(engine, a);
        const rx = rxCounters(engine, b);
        const got = b.receive();
        assertEquals(tx.packets + tx.dropBadSlot, packets.length);
        assertEquals(rx.packets, got.length);
        assertEquals(rx.packets + rx.dropTooLong + rx.dropDevice, tx.packets);
        a.close();
        b.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe("Regions with buffers of different size", () => {
  it("pass on what fits and count what does not", () => {
    using engine = createEngine({ features: [vale()] });
    engine.createRegion(5, {
      if: { count: 4, size: 1024 },
      ring: { count: 8, size: 4096 },
      buf: { count: 200, size: 512 },
    });
    using big = openPort(engine.device, { name: "vale0:a", slots: 64 });
    using small = openPort(engine.device, { name: "vale0:b", slots: 64, memId: 5 });
    big.send([frame(9, 1, 1, 512), frame(9, 1, 2, 513), frame(9, 1, 3, 60)]);
    assertEquals(numbers(small.receive()), [1, 3]);
    assertEquals(rxCounters(engine, small).dropTooLong, 1);
    small.send([frame(9, 2, 4, 512), frame(9, 2, 5, 100)]);
    assertEquals(numbers(big.receive()), [4, 5]);
  });
});
