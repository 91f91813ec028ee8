import { embeddedEngine } from "@netmap/netmap";
import type { Engine } from "@netmap/engine";
import { setZeroCopy } from "@netmap/vale";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { Demo } from "./demo.ts";

const [A, B, C] = [0, 1, 2];

describe("Demo", () => {
  let engine: Engine;
  let demo: Demo;

  beforeEach(() => {
    engine = embeddedEngine();
    demo = new Demo(engine.device, "vale0", engine);
  });

  afterEach(() => {
    demo[Symbol.dispose]();
    engine.close();
  });

  const problems = (): string[] => demo.problems(demo.totals());

  /** Sends from `a`, and has the frames in the ring of `b`, not yet looked at. */
  const arrive = () => {
    demo.send(A, 100);
    const port = demo.ports[B];
    port.rxsync();
    const ring = port.rxRings[0];
    assert(ring.space() > 40);
    return { ring, u8: port.memory.u8, receive: () => [demo.receive(B), demo.receive(C)] };
  };

  for (const zeroCopy of [false, true]) {
    it(`verifies its own traffic${zeroCopy ? " with zero-copy" : ""}`, async () => {
      setZeroCopy(engine, "vale0", zeroCopy);
      await demo.run(AbortSignal.timeout(200));
      assertEquals(problems(), []);
      const totals = demo.totals();
      for (const { txPackets, rxPackets, drops, addresses } of totals) {
        assert(txPackets > 1000 && rxPackets > 1000);
        assertEquals(drops, 0);
        assertEquals(addresses.length, 1);
      }
    });
  }

  it("counts for itself what the switch counts, for devices that have no counters", async () => {
    await demo.run(AbortSignal.timeout(50));
    const counted = demo.totals().map((port) => ({ ...port, addresses: [] }));
    assertEquals(demo.ownTotals(), counted);
    assertEquals(demo.problems(demo.ownTotals()), []);
    demo.send(A, 200); // and nobody takes it: without counters that is a loss
    demo.ports[B].rxsync();
    demo.ports[B].rxRings[0].advance(1);
    [B, C].forEach((port) => demo.receive(port));
    assertMatch(demo.problems(demo.ownTotals())[0], /^Port 'b' lost frames: 1, but /);
  });

  it("accounts for every frame when receivers are too slow", () => {
    for (let round = 0; round < 40; round++) {
      for (let more = 0; more <= round % 4; more++) {
        demo.send(A, 180);
        demo.send(C, 80);
      }
      demo.receive(B);
      if (round % 3 === 0) demo.receive(A);
    }
    [A, B, C].forEach((port) => demo.receive(port));
    const totals = demo.totals();
    assert(totals.every((port, n) => n === B || port.drops > 100), JSON.stringify(totals));
    assert(totals[B].drops > 0);
    assertEquals(problems(), []);
  });

  it("notices a frame that was corrupted", () => {
    const { ring, u8, receive } = arrive();
    u8[ring.bufOffset(ring.head) + 50] ^= 1;
    receive();
    const [problem, ...more] = problems();
    assertMatch(problem, /^A frame on 'b' is not as it was sent: .* \(one of 1 such frame\)$/);
    assertEquals(more, []);
  });

  it("notices a frame that got lost on the way", () => {
    const { ring, receive } = arrive();
    ring.advance(1);
    receive();
    const all = problems();
    assert(all.includes("Port 'b' lost frames: 1, but the counters show drops: 0"), all.join("\n"));
  });

  it("notices a frame that came twice", () => {
    const { ring, u8, receive } = arrive();
    const [first, second] = [ring.head, ring.next(ring.head)];
    const from = ring.bufOffset(first);
    u8.copyWithin(ring.bufOffset(second), from, from + ring.len(first));
    ring.setLen(second, ring.len(first));
    receive();
    assertMatch(problems()[0], /^A frame on 'b' comes twice: /);
  });

  it("notices a switch that counts wrong", () => {
    demo.send(A, 100);
    [B, C].forEach((port) => demo.receive(port));
    const totals = demo.totals();
    for (const key of ["rxPackets", "rxBytes", "txPackets", "txBytes", "drops"] as const) {
      const wrong = totals.map((port, n) => n === B ? { ...port, [key]: port[key] + 1 } : port);
      assertEquals(demo.problems(wrong).length, 1, key);
    }
    assertEquals(demo.problems(totals.slice(1)), ["Port 'a' is not on the switch any more"]);
  });
});
