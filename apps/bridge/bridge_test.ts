import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { NetmapError, NS_MOREFRAG, openPort, type Port } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { bridge } from "@netmap/traffic";

let engine: Engine;
let opened: Port[];

beforeEach(() => {
  engine = embeddedEngine();
  opened = [];
});

afterEach(() => {
  for (const port of opened) port.close();
  engine.close();
});

function open(name: string, options: { slots?: number; offsets?: { initial: number } } = {}): Port {
  const port = openPort(engine.device, name, options);
  opened.push(port);
  return port;
}

function frame(n: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).map((_, i) => n * 31 + i * 7);
  bytes.set([2, 0, 0, 0, n & 1, 1, 2, 0, 0, 0, 0, 9]);
  return bytes;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Both ends of a way, and the ports between them that are bridged. */
function way(kind: string): [Port, Port, Port, Port] {
  const [l, a, b, r] = kind === "pipes"
    ? ["netmap:p{1", "netmap:p}1", "netmap:q{1", "netmap:q}1"]
    : ["vale0:l", "vale0:a", "vale1:b", "vale1:r"];
  return [open(l, { slots: 64 }), open(a), open(b, { slots: 64 }), open(r)];
}

for (const kind of ["pipes", "VALE ports"]) {
  for (const zeroCopy of [true, false]) {
    describe(`bridge() of ${kind}, ${zeroCopy ? "swapping" : "copying"}`, () => {
      it("moves every packet both ways, whole and in order", () => {
        const free = engine.region(1).bufs.free;
        const [left, a, b, right] = way(kind);
        const joined = bridge(a, b, { zeroCopy, batch: 10 });
        assertEquals(joined.zeroCopy, zeroCopy);
        let bytes = 0;
        for (let n = 0; n < 400; n += 20) {
          const frames = Array.from(
            { length: 20 },
            (_, i) => frame(n + i, 60 + (n * 7 + i) % 1400),
          );
          bytes += frames.reduce((sum, { length }) => sum + length, 0);
          assertEquals(left.send(frames), 20);
          assertEquals(right.send(frames), 20);
          while (joined.step() > 0);
          for (const end of [right, left]) {
            const got = end.receive();
            assertEquals(got.length, 20);
            assert(got.every((one, i) => equal(one, frames[i])));
          }
        }
        assertEquals(joined.forward, { packets: 400, slots: 400, bytes });
        assertEquals(joined.backward, { packets: 400, slots: 400, bytes });
        for (const port of opened.splice(0)) port.close();
        assertEquals(engine.region(1).bufs.free, free);
      });
    });
  }
}

describe("bridge()", () => {
  it("keeps what the other side has no room for", () => {
    const [left, a, b, right] = way("pipes");
    const joined = bridge(a, b);
    let sent = 0;
    for (let round = 0; round < 10; round++) {
      sent += left.send(Array.from({ length: 60 }, (_, i) => frame(sent + i, 60)));
      joined.step();
    }
    let got = 0;
    for (let round = 0; round < 20; round++) {
      for (const one of right.receive()) assert(equal(one, frame(got++, 60)));
      joined.step();
    }
    assert(sent > 120 && sent < 400, `${sent}`);
    assertEquals(got, sent);
  });

  it("moves packets of several slots whole, also where a batch would cut them", () => {
    const [left, a, b, right] = way("pipes");
    const joined = bridge(a, b, { batch: 4 });
    const [tx] = left.txRings;
    for (let n = 0; n < 5; n++) {
      for (let part = 0; part < 3 + (n & 1) * 4; part++) {
        const isLast = part === 2 + (n & 1) * 4;
        tx.setSlot(tx.head, 100 + n, isLast ? 0 : NS_MOREFRAG);
        tx.advance(1);
      }
    }
    left.txsync();
    const steps: number[] = [];
    for (let moved = joined.step(); moved > 0; moved = joined.step()) steps.push(moved);
    assertEquals(steps, [3, 7, 3, 7, 3]);
    assertEquals(joined.forward.packets, 5);
    assertEquals(right.receive().map(({ length }) => length), [300, 707, 306, 721, 312]);
  });

  it("copies between regions, and to ports with offsets", () => {
    using other = embeddedEngine({ privateMemory: true });
    const a = openPort(other.device, "vale0:a");
    const l = openPort(other.device, "vale0:l");
    const b = openPort(other.device, "vale1:b");
    const r = openPort(other.device, "vale1:r");
    opened.push(a, l, b, r);
    const joined = bridge(a, b);
    assertEquals(joined.zeroCopy, false);
    assertEquals(l.send([frame(1, 60), frame(2, 1514)]), 2);
    assertEquals(joined.step(), 2);
    assertEquals(
      r.receive().map((one) => equal(one, frame(one.length === 60 ? 1 : 2, one.length))),
      [
        true,
        true,
      ],
    );
    const left = open("vale2:left");
    const c = open("vale2:c");
    const d = open("vale3:d", { offsets: { initial: 128 } });
    const right = open("vale3:right");
    const shifted = bridge(c, d);
    assertEquals(shifted.zeroCopy, false);
    left.send([frame(3, 300)]);
    shifted.step();
    assertEquals(right.receive().map((one) => equal(one, frame(3, 300))), [true]);
    for (const port of opened.splice(0)) port.close();
  });

  it("sends back what a port receives when it is both ends", () => {
    const left = open("netmap:p{1");
    const a = open("netmap:p}1");
    const loop = bridge(a, a);
    left.send([frame(1, 60), frame(2, 70)]);
    loop.step();
    assertEquals(left.receive().map(({ length }) => length), [60, 70]);
    assertEquals(loop.forward.packets, 2);
  });

  it("waits while there is nothing, moves what comes, ends with its signal", async () => {
    const [left, a, b, right] = way("pipes");
    const joined = bridge(a, b);
    const abort = new AbortController();
    const run = joined.run(abort.signal);
    for (let n = 0; n < 5; n++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      left.send([frame(n, 60)]);
      await right.wait(1);
      assertEquals(right.receive().length, 1);
    }
    abort.abort();
    await run;
    assertEquals(joined.forward.packets, 5);
  });

  it("ends with an error when a port is closed under it", async () => {
    const [, a, b] = way("pipes");
    const run = bridge(a, b).run(new AbortController().signal);
    let error: unknown;
    const ended = run.catch((reason) => error = reason);
    await new Promise((resolve) => setTimeout(resolve, 20));
    a.close();
    await ended;
    assert(error instanceof NetmapError, String(error));
  });

  it("refuses what it cannot do", () => {
    const a = open("vale0:a/T");
    const b = open("vale0:b");
    assertThrows(() => bridge(a, b), NetmapError, "Cannot bridge 'vale0:a' as it has no receive");
    assertThrows(() => bridge(b, b, { batch: 0 }), NetmapError, "in batches of '0'");
  });
});
