import { NS_INDIRECT, NS_MOREFRAG, openPort, type Port } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { portHdrSet } from "../requests.ts";
import { vale } from "../vale.ts";
import {
  EVERYBODY,
  frame,
  numbers,
  range,
  rxCounters,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

describe("Packets that begin inside their buffers", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [vale({ zeroCopy: true })] });
  });

  afterEach(() => engine.close());

  const open = (name: string, initial: number = 0, max: number = initial): Port =>
    openPort(engine.device, {
      name: `vale0:${name}`,
      slots: 64,
      offsets: initial + max > 0 ? { initial, max } : null,
    });

  /** Puts bytes into the next slot at an offset. */
  const put = (port: Port, offset: number, bytes: Uint8Array, flags: number = 0): void => {
    const ring = port.txRings[0];
    ring.setOffset(ring.head, offset);
    port.memory.u8.set(bytes, ring.bufOffset(ring.head));
    ring.setSlot(ring.head, bytes.length, flags);
    ring.advance(1);
  };

  it("are found and learned from at every offset, and come where the receiver wants them", () => {
    for (const [from, to] of [[1, 0], [0, 3], [64, 64], [7, 130], [2, 2], [255, 1]]) {
      const a = open("a", from);
      const b = open("b", to);
      const c = open("c");
      teach([a, b, c]);
      for (let n = 0; n < 100; n++) {
        put(a, from > 0 ? n % (from + 1) : 0, frame(2, 1, n, 60 + n * 13));
        a.txsync();
        const [bytes] = b.receive();
        assertEquals(numbers([bytes]), [n]);
        const ring = b.rxRings[0];
        assertEquals(bytes.byteOffset, ring.bufOffset(ring.head));
      }
      assertEquals(c.receive(), []);
      for (const port of [a, b, c]) port.close();
    }
  });

  it("go on where they began after fragments, headers and broadcasts", () => {
    const a = open("a", 5, 100);
    const b = open("b", 33);
    portHdrSet(engine.device, "vale0:a", 12);
    const bytes = new Uint8Array(312);
    bytes.set(frame(EVERYBODY, 1, 9, 300), 12);
    put(a, 99, bytes.subarray(0, 12), NS_MOREFRAG);
    put(a, 3, bytes.subarray(12, 100), NS_MOREFRAG);
    put(a, 0, bytes.subarray(100), 0);
    put(a, 17, bytes.subarray(0, 100), NS_MOREFRAG);
    put(a, 18, bytes.subarray(100), 0);
    a.txsync();
    // The first one's header would leave an empty fragment.
    assertEquals(numbers(b.receive()), [9]);
    assertEquals(rxCounters(engine, b).dropDevice, 1);
  });

  it("must end in their buffers, at both ends", () => {
    const a = open("a", 0, 100);
    const b = open("b", 50);
    put(a, 100, frame(9, 1, 1, 1948));
    put(a, 100, frame(9, 1, 2, 1948));
    const ring = a.txRings[0];
    ring.setLen(ring.head - 1, 1949);
    put(a, 0, frame(9, 1, 3, 1998));
    put(a, 0, frame(9, 1, 4, 1999));
    put(a, 0, frame(9, 1, 5, 100));
    a.txsync();
    // What is too long behind the receiver's offset comes as an empty slot, as in netmap.
    assertEquals(numbers(b.receive()), [1, 3, -1, 5]);
    assertEquals(txCounters(engine, a).dropBadSlot, 1);
    assertEquals([rxCounters(engine, b).packets, rxCounters(engine, b).dropTooLong], [3, 1]);
  });

  it("may be indirect: the address is no offset, and counts as the largest", () => {
    const a = open("a", 21);
    const b = open("b", 4);
    const at = b.txRings[0].bufOffset(0);
    b.memory.u8.set(frame(9, 1, 6), at);
    const ring = a.txRings[0];
    ring.setPtr(ring.head, BigInt(b.memory.address + at));
    ring.setSlot(ring.head, 60, NS_INDIRECT);
    ring.advance(1);
    a.txsync();
    assertEquals(numbers(b.receive()), [6]);
  });

  it("leave nothing behind for rings without offsets", () => {
    const a = open("a", 77);
    const b = open("b");
    const c = open("c");
    teach([a, b, c]);
    for (let n = 0; n < 40; n++) {
      put(a, n, frame(2, 1, n));
      a.txsync();
      c.send([frame(2, 3, 100 + n)]);
      assertEquals(numbers(b.receive()), [n, 100 + n]);
    }
    portHdrSet(engine.device, "vale0:c", 12);
    c.send(range(0, 3).map((n) => Uint8Array.from([...new Uint8Array(12), ...frame(2, 3, n)])));
    assertEquals(numbers(b.receive()), [0, 1, 2]);
  });
});
