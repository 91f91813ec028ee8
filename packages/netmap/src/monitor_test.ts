import {
  IF_BUFS_HEAD,
  NetmapError,
  NS_TXMON,
  openPort,
  POLLIN,
  type Port,
  type Ring,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { monitors, openMonitor } from "@netmap/monitor";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { embeddedEngine } from "./embedded.ts";

/** A broadcast frame that carries a number. */
function frame(n: number): Uint8Array {
  const bytes = new Uint8Array(60).fill(0xff, 0, 6);
  bytes[6] = 2;
  new Uint32Array(bytes.buffer)[4] = n;
  return bytes;
}

function numberOf(view: Uint8Array): number {
  return view[16] | view[17] << 8 | view[18] << 16 | view[19] << 24;
}

/** Numbers of all frames that are there, and which of them were transmitted. */
function seen(port: Port): { numbers: number[]; sent: number } {
  const numbers: number[] = [];
  let sent = 0;
  port.rxsync();
  for (const ring of port.rxRings) {
    while (!ring.empty()) {
      const i = ring.head;
      numbers.push(numberOf(ring.buffer(ring.bufIdx(i))));
      if ((ring.slotFlags(i) & NS_TXMON) !== 0) sent++;
      ring.advance(1);
    }
  }
  port.rxsync();
  return { numbers, sent };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function freeBuffers(engine: Engine): number {
  return engine.region(1).bufs.free;
}

const PAIRS: readonly [what: string, a: string, b: string][] = [
  ["VALE ports", "vale0:a", "vale0:b"],
  ["pipes", "netmap:p{1", "netmap:p}1"],
];

for (const [what, nameA, nameB] of PAIRS) {
  describe(`monitors of ${what}`, () => {
    let engine: Engine;
    let a: Port;
    let b: Port;
    let before: number;

    beforeEach(() => {
      engine = embeddedEngine();
      before = freeBuffers(engine);
      a = openPort(engine.device, nameA, { slots: 64 });
      b = openPort(engine.device, nameB, { slots: 64 });
    });

    afterEach(() => {
      a.close();
      b.close();
      assertEquals(freeBuffers(engine), before);
      engine.close();
    });

    function pass(from: number, to: number): void {
      assertEquals(a.send(range(from, to).map(frame)), to - from);
      assertEquals([...b.receive()].map(numberOf), range(from, to));
    }

    it("by copy see what was sent, in order, marked as sent", () => {
      using monitor = openMonitor(engine.device, nameA, { direction: "tx" });
      pass(0, 20);
      assertEquals(seen(monitor), { numbers: range(0, 20), sent: 20 });
    });

    it("by copy see what was received before its user looks", () => {
      using monitor = openMonitor(engine.device, nameB, { direction: "rx" });
      a.send(range(0, 20).map(frame));
      assertEquals(seen(monitor), { numbers: range(0, 20), sent: 0 });
      assertEquals([...b.receive()].map(numberOf), range(0, 20));
      assertEquals(seen(monitor), { numbers: [], sent: 0 });
    });

    it("by copy see nothing twice, over many rounds of the ring", () => {
      using tx = openMonitor(engine.device, nameA, { direction: "tx" });
      using rx = openMonitor(engine.device, nameB, { direction: "rx" });
      for (let n = 0; n < 1000; n += 25) {
        pass(n, n + 25);
        assertEquals(seen(tx).numbers, range(n, n + 25));
        assertEquals(seen(rx).numbers, range(n, n + 25));
      }
    });

    it("miss the oldest of a batch when they have no room, count it, and slow nobody", () => {
      using monitor = openMonitor(engine.device, nameB, { direction: "rx", slots: 9 });
      pass(0, 20);
      assertEquals(seen(monitor).numbers, range(12, 20));
      const [info] = monitors(engine);
      assertEquals([info.seen, info.missed, info.rx, info.tx], [8, 12, true, false]);
    });

    it("may be several on one ring", () => {
      using one = openMonitor(engine.device, nameB);
      using two = openMonitor(engine.device, nameB, { direction: "rx" });
      pass(0, 10);
      assertEquals([seen(one).numbers, seen(two).numbers], [range(0, 10), range(0, 10)]);
      one.close();
      pass(10, 20);
      assertEquals(seen(two).numbers, range(10, 20));
    });

    it("without a copy see what was received once it was given back", () => {
      using monitor = openMonitor(engine.device, nameB, { direction: "rx", zeroCopy: true });
      a.send(range(0, 10).map(frame));
      assertEquals(b.receive().length, 10);
      assertEquals(seen(monitor).numbers, []);
      b.receive();
      assertEquals(seen(monitor), { numbers: range(0, 10), sent: 0 });
    });

    it("without a copy form a chain in which each sees everything", () => {
      using one = openMonitor(engine.device, nameB, { direction: "rx", zeroCopy: true });
      using two = openMonitor(engine.device, nameB, { direction: "rx", zeroCopy: true });
      for (let n = 0; n < 400; n += 20) {
        pass(n, n + 20);
        b.receive();
        assertEquals(seen(one).numbers, range(n, n + 20));
        assertEquals(seen(two).numbers, range(n, n + 20));
      }
    });

    it("without a copy may hold buffers, and the port goes on", () => {
      using holder = openMonitor(engine.device, nameB, { direction: "rx", zeroCopy: true });
      for (let n = 0; n < 400; n += 20) {
        pass(n, n + 20);
        b.receive();
      }
      holder.rxsync();
      assertEquals(holder.rxRings[0].space(), 63);
    });

    it("may close before the port, or after it", () => {
      const first = openMonitor(engine.device, nameB, { zeroCopy: true });
      pass(0, 10);
      first.close();
      pass(10, 20);
      const last = openMonitor(engine.device, nameB);
      pass(20, 30);
      b.close();
      assertEquals(seen(last).numbers, range(20, 30));
      assertEquals(monitors(engine)[0].watching, false);
      last.close();
      assertEquals(monitors(engine).length, 0);
    });

    it("wake who waits for them", () => {
      using monitor = openMonitor(engine.device, nameB, { direction: "rx" });
      assertEquals(monitor.poll(POLLIN, 0), 0);
      a.send([frame(1)]);
      assertEquals(monitor.poll(POLLIN, 1000), POLLIN);
    });

    it("cannot send", () => {
      using monitor = openMonitor(engine.device, nameB);
      monitor.txRings[0].setLen(0, 60);
      monitor.txRings[0].advance(1);
      monitor.txsync();
      monitor.txsync();
      assertEquals(b.receive().length, 0);
      assertEquals(monitor.txRings[0].txPending(), true);
    });

    it("survive whatever is written into their rings and the port's", () => {
      fc.assert(
        fc.property(
          fc.boolean(),
          fc.array(fc.tuple(fc.constantFrom("a", "b", "m"), fc.nat(63), fc.integer()), {
            maxLength: 30,
          }),
          (zeroCopy, writes) => {
            const x = openPort(engine.device, "vale1:x", { slots: 64 });
            const y = openPort(engine.device, "vale1:y", { slots: 64 });
            const m = openMonitor(engine.device, "vale1:y", { zeroCopy });
            const rings: Record<string, Ring> = {
              a: x.txRings[0],
              b: y.rxRings[0],
              m: m.rxRings[0],
            };
            for (const [which, slot, value] of writes) {
              const ring = rings[which];
              m.memory.i32[ring.word + 64 + slot * 4] = value;
              m.memory.i32[ring.word + 64 + slot * 4 + 1] = value >> 3;
              for (const port of [x, y, m]) {
                port.txRings[0].head = port.txRings[0].cur = slot;
                port.txsync();
                port.rxsync();
              }
            }
            pass(0, 10);
            for (const port of [m, x, y]) port.close();
            assertEquals(freeBuffers(engine), before - 64 * 2 * (what === "pipes" ? 1 : 2));
          },
        ),
        { numRuns: 30 },
      );
    });
  });
}

describe("a monitor's registration", () => {
  it("is refused where nobody has the port open", () => {
    using engine = embeddedEngine();
    const error = assertThrows(
      () => openMonitor(engine.device, "vale0:nobody"),
      NetmapError,
      "nobody has it open",
    );
    assertEquals(error.code, "EINVAL");
    assertEquals(engine.ports.size, 0);
  });

  it("goes by name as by options", () => {
    using engine = embeddedEngine();
    using a = openPort(engine.device, "vale0:a");
    using _b = openPort(engine.device, "vale0:a/rz");
    using _c = openPort(engine.device, "vale0:a/t");
    const letters = monitors(engine).map((one) => one.name.split("/")[1].split("#")[0]);
    assertEquals(letters, ["zr", "t"]);
    assertEquals(a.memory.i32[(a.nifp >> 2) + IF_BUFS_HEAD], 0);
  });
});
