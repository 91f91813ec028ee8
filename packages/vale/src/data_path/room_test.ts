import { openPort, type Port } from "@netmap/core";
import { createEngine, type Engine, NR_RX } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { vale } from "../vale.ts";
import {
  adapterOf,
  EVERYBODY,
  frame,
  numbers,
  openPorts,
  range,
  rxCounters,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

describe("A receiver without room", () => {
  let engine: Engine;
  let ports: Port[];

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ports = openPorts(engine, 3);
    teach(ports);
    ports.forEach((port) => port.receive());
  });

  afterEach(() => engine.close());

  it("gets what fits; the rest is dropped and counted there", () => {
    const [a, b] = ports;
    assertEquals(a.send(range(0, 63).map((n) => frame(2, 1, n))), 63);
    assertEquals(a.send(range(63, 100).map((n) => frame(2, 1, n))), 37);
    const before = rxCounters(engine, b);
    assertEquals(before.dropNoRoom, 37);
    assertEquals(numbers(b.receive()), range(0, 63));
    b.receive();
    a.send(range(100, 110).map((n) => frame(2, 1, n)));
    assertEquals(numbers(b.receive()), range(100, 110));
    assertEquals(rxCounters(engine, b).dropNoRoom, 37);
    assertEquals(txCounters(engine, a).dropNoRoom, 0);
  });

  it("does not take from others", () => {
    const [a, b, c] = ports;
    a.send(range(0, 63).map((n) => frame(2, 1, n)));
    a.send(range(0, 60).map((n) => frame(n % 2 === 0 ? EVERYBODY : 3, 1, n)));
    assertEquals(numbers(c.receive()), range(0, 60));
    assertEquals(rxCounters(engine, b).dropNoRoom, 30);
  });

  it("whose rings nobody has open gets nothing, and the sender counts it", () => {
    const [a, b] = ports;
    const text = openPort(engine.device, { name: "vale0:d", slots: 64, flags: 0x4000 });
    text.send([frame(EVERYBODY, 9)]);
    b.receive();
    a.send([frame(9, 1, 1)]);
    assertEquals(adapterOf(engine, text).kring(NR_RX, 0) > 0, true);
    assertEquals(txCounters(engine, a).dropNoDestination, 1);
    text.close();
  });

  it("each frame is delivered or counted, whatever is sent and read", () => {
    const step = fc.record({
      from: fc.nat(2),
      frames: fc.array(
        fc.record({
          to: fc.constantFrom(1, 2, 3, 77, EVERYBODY),
          len: fc.integer({ min: 0, max: 90 }),
        }),
        { maxLength: 80 },
      ),
      reads: fc.array(fc.nat(2), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const before = ports.map((p) => [txCounters(engine, p), rxCounters(engine, p)] as const);
        const sent = [0, 0, 0];
        const wanted = [0, 0, 0];
        const read = [0, 0, 0];
        let known = 0;
        for (const { from, frames, reads } of steps) {
          const list = frames.map(({ to, len }) => frame(to, from + 1, 0, len + 18));
          const taken = ports[from].send(list);
          sent[from] += taken;
          for (const { to } of frames.slice(0, taken)) {
            if (to === from + 1) known++;
            else if (to > 3) [0, 1, 2].forEach((i) => i !== from && wanted[i]++);
            else wanted[to - 1]++;
          }
          for (const port of reads) read[port] += ports[port].receive().length;
        }
        ports.forEach((port, i) => {
          for (let n = 1; n > 0;) read[i] += n = port.receive().length;
          const [tx0, rx0] = before[i];
          const [tx, rx] = [txCounters(engine, port), rxCounters(engine, port)];
          const lost = tx.dropNoDestination - tx0.dropNoDestination;
          assertEquals(tx.packets - tx0.packets + lost, sent[i]);
          assertEquals(rx.packets - rx0.packets, read[i]);
          assertEquals(rx.packets - rx0.packets + rx.dropNoRoom - rx0.dropNoRoom, wanted[i]);
          known -= lost;
        });
        assertEquals(known, 0);
      }),
      { numRuns: 60 },
    );
  });
});
