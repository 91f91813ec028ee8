import { NetmapError, openPort, POLLERR, POLLIN, POLLOUT, PollSet, type Port } from "@netmap/core";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { portCounters } from "./counters.ts";
import { createEngine, type Engine } from "./engine.ts";
import { freeObjects } from "./engine_fixture.ts";
import { loop } from "./loop_fixture.ts";

const frame = new Uint8Array(60).fill(7);

describe("EngineDescriptor", () => {
  let engine: Engine;
  let port: Port;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
    port = openPort(engine.device, "netmap:loop");
  });

  afterEach(() => engine.close());

  it("moves what was sent to who receives", () => {
    assertEquals(port.send([frame, frame]), 2);
    assertEquals([...port.receive()].map((got) => [...got]), [[...frame], [...frame]]);
  });

  it("poll() says POLLOUT at once where there is room, and nothing where there is none", () => {
    assertEquals(port.poll(POLLOUT, 0), POLLOUT);
    assertEquals(port.poll(POLLIN, 0), 0);
    assertEquals(port.poll(POLLIN, 5), 0);
  });

  it("poll() transmits what is pending, and receives", () => {
    const ring = port.txRings[0];
    ring.setLen(0, 60);
    ring.advance(1);
    assertEquals(port.poll(POLLIN, 1000), POLLIN);
    assertEquals(port.rxRings[0].space(), 1);
  });

  it("poll() leaves pending slots alone with NR_NO_TX_POLL", () => {
    using quiet = openPort(engine.device, { name: "loopq", flags: 0x20000 });
    quiet.txRings[0].setLen(0, 60);
    quiet.txRings[0].advance(1);
    assertEquals(quiet.poll(POLLIN, 0), 0);
    assertEquals(quiet.poll(POLLIN | POLLOUT, 0), POLLOUT | POLLIN);
  });

  it("poll() answers POLLERR before a registration", () => {
    using descriptor = engine.open();
    assertEquals(descriptor.poll(POLLIN, 0), POLLERR);
    assertEquals(descriptor.poll(POLLIN, -1), POLLERR);
  });

  it("syncs answer ENXIO before a registration", () => {
    using descriptor = engine.open();
    for (const sync of [() => descriptor.txsync(), () => descriptor.rxsync()]) {
      assertEquals(assertThrows(sync, NetmapError).code, "ENXIO");
    }
  });

  it("wait() resolves when packets come, while the isolate goes on", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    setTimeout(() => port.send([frame]), 20);
    assertEquals(await port.wait(POLLIN), POLLIN);
    clearInterval(timer);
    assertEquals(ticks > 0, true);
  });

  it("wait() ends when its signal says so, and with POLLERR when the port is closed", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 5);
    await assertRejects(() => port.wait(POLLIN, abort.signal), Error, "enough");
    const other = engine.open();
    setTimeout(() => other.close(), 5);
    assertEquals(await other.wait(POLLIN), POLLERR);
  });

  it("fd becomes readable when packets come", () => {
    const set = new PollSet();
    set.add(port.fd, POLLIN);
    assertEquals(set.wait(0), 0);
    port.send([frame]);
    assertEquals(set.wait(1000), 1);
  });

  it("resets a ring whose head moved backwards, and counts it", () => {
    port.send([frame, frame, frame]);
    const ring = port.txRings[0];
    ring.head = 1;
    port.txsync();
    assertEquals([ring.head, ring.cur], [3, 3]);
    assertEquals(portCounters(engine.ports.get("loop")!).tx.reinits, 1);
    assertEquals(port.receive().length, 3);
    assertEquals(port.send([frame]), 1);
  });

  it("closes what its engine closes, and answers EBADF from then on", () => {
    engine.close();
    assertEquals(assertThrows(() => port.txsync(), NetmapError).code, "EBADF");
  });

  it("survives whatever is written into the ring headers and slots", () => {
    const writes = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 64 + 64 * 4 - 1 }), fc.integer()),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), writes), { maxLength: 10 }), (rounds) => {
        const before = freeObjects(engine);
        const victim = openPort(engine.device, "netmap:loopv");
        const wild = openPort(engine.device, "netmap:loopw");
        const { i32 } = wild.memory;
        // The rings' words, found as a user finds them: through the netmap_if.
        const tx = (wild.nifp + i32[(wild.nifp >> 2) + 14]) >> 2;
        const rx = (wild.nifp + i32[(wild.nifp >> 2) + 14 + 4]) >> 2;
        for (const [onTx, list] of rounds) {
          for (const [word, value] of list) i32[(onTx ? tx : rx) + word] = value;
          const descriptor = engine.descriptors.get(2)!;
          descriptor.txsync();
          descriptor.rxsync();
          assertEquals(victim.send([frame]), 1);
          assertEquals([...victim.receive()].map((got) => got[59]), [7]);
        }
        wild.close();
        victim.close();
        assertEquals(freeObjects(engine), before);
      }),
      { numRuns: 40 },
    );
  });
});
