import type { Port } from "@netmap/core";
import {
  createEngine,
  type DataPath,
  type Engine,
  K_BUSY,
  K_HWTAIL,
  K_LOCK,
  lockRing,
  NR_RX,
  NR_TX,
  unlockRing,
} from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { S_READERS } from "../layout.ts";
import { vale } from "../vale.ts";
import { finishLease, isLeased, leaseSpace, leaseStart, takeLease } from "./lease.ts";
import {
  deadThread,
  EVERYBODY,
  frame,
  kring,
  numbers,
  openPorts,
  range,
  switchRecord,
} from "./traffic_fixture.ts";

describe("Leases", () => {
  let engine: Engine;
  let dp: DataPath;
  let a: Port;
  let b: Port;
  let k: number;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ({ dp } = engine);
    [a, b] = openPorts(engine, 2, { slots: 16 });
    k = kring(engine, b, NR_RX);
  });

  afterEach(() => engine.close());

  const take = (count: number, as: DataPath = dp): number => {
    lockRing(dp, k);
    const lease = takeLease(as, k, leaseStart(dp.state, k), count);
    unlockRing(dp, k);
    return lease;
  };
  const finish = (lease: number, as: DataPath = dp): boolean => {
    lockRing(as, k);
    const news = finishLease(as, k, lease);
    unlockRing(as, k);
    return news;
  };
  const tail = (): number => dp.state[k + K_HWTAIL];
  const space = (): number => leaseSpace(dp.state, k, leaseStart(dp.state, k));

  it("that end out of order are handed out in order", () => {
    const [first, second, third] = [take(3), take(2), take(4)];
    assertEquals([tail(), space(), isLeased(dp.state, k)], [0, 6, true]);
    assertEquals(finish(third), false);
    assertEquals(finish(second), false);
    assertEquals(tail(), 0);
    assertEquals(finish(first), true);
    assertEquals([tail(), space(), isLeased(dp.state, k)], [9, 6, false]);
  });

  it("may be as many as there are slots, all around the ring, in any order", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 15 });
    fc.assert(fc.property(sizes, fc.integer(), (list, seed) => {
      b.receive();
      const open: [lease: number, end: number][] = [];
      let at = leaseStart(dp.state, k);
      for (const size of list) {
        if (size > space()) break;
        at = (at + size) % 16;
        open.push([take(size), at]);
      }
      const order = open.map((_, i) => i).sort((x, y) =>
        Math.imul(x ^ seed, 0x9e3779b1) - Math.imul(y ^ seed, 0x9e3779b1)
      );
      const done = new Set<number>();
      for (const i of order) {
        finish(open[i][0]);
        done.add(i);
        let upTo = 0;
        while (done.has(upTo)) upTo++;
        if (upTo > 0) assertEquals(tail(), open[upTo - 1][1]);
      }
      assertEquals(isLeased(dp.state, k), false);
      b.rxsync();
      const ring = b.rxRings[0];
      ring.advance(ring.space());
      b.rxsync();
      assertEquals(space(), 15);
    }));
  });

  it("of a sender that died become empty slots once others wait for them", () => {
    const dead = deadThread(dp);
    take(3, dead);
    a.send([frame(EVERYBODY, 1, 7)]);
    // The receiver looks because there is nothing else to see.
    b.rxsync();
    const ring = b.rxRings[0];
    assertEquals(ring.space(), 4);
    assertEquals([0, 1, 2, 3].map((i) => ring.len(i)), [0, 0, 0, 60]);
    assertEquals(numbers([ring.packet(3)]), [7]);
    assertEquals(isLeased(dp.state, k), false);
  });

  it("of a sender that died hold up other senders for some batches only", () => {
    take(3, deadThread(dp));
    let sent = 0;
    for (; tail() === 0 && sent < 100; sent++) a.send([frame(EVERYBODY, 1, sent)]);
    assertEquals(sent <= 16, true, `${sent} batches`);
    b.rxsync();
    const ring = b.rxRings[0];
    const lens = range(0, ring.space()).map((i) => ring.len(i));
    assertEquals(lens.slice(0, 4), [0, 0, 0, 60]);
  });

  it("of a living sender are waited for", () => {
    const lease = take(3);
    for (let n = 0; n < 5; n++) {
      a.send([frame(EVERYBODY, 1, n)]);
      b.rxsync();
    }
    assertEquals(b.rxRings[0].space(), 0);
    assertEquals(finish(lease), true);
    b.rxsync();
    assertEquals(b.rxRings[0].space(), 8);
  });
});

describe("A thread that died", () => {
  it("while it had a ring, a lock and the switch, leaves them to others", () => {
    using engine = createEngine({ features: [vale()] });
    const { dp } = engine;
    const [a, b] = openPorts(engine, 2, { slots: 16 });
    const { owner } = deadThread(dp);
    const s = switchRecord(engine);
    dp.state[kring(engine, a, NR_TX) + K_BUSY] = owner;
    dp.state[kring(engine, b, NR_RX) + K_LOCK] = owner;
    dp.state[s + S_READERS + owner] = owner;
    a.send([frame(EVERYBODY, 1, 7)]);
    assertEquals(numbers(b.receive()), [7]);
    const [, , c] = openPorts(engine, 3, { slots: 16 });
    a.send([frame(EVERYBODY, 1, 8)]);
    assertEquals(numbers(c.receive()), [8]);
    assertEquals(dp.state[s + S_READERS + owner], 0);
  });
});
