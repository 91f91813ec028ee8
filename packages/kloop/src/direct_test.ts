import { EIO, NetmapError, POLLIN, RING_HEAD } from "@netmap/core";
import { K_BUSY } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { type CsbPort, csbPort } from "./client/csb_port.ts";
import { type MappedCsb, mapRecordedCsb } from "./csb_area.ts";
import { DirectKicks } from "./direct.ts";
import { CsbBench } from "./kloop_fixture.ts";
import type { RingError } from "./loop/rings.ts";

describe("DirectKicks", () => {
  let bench: CsbBench;
  let entries: MappedCsb;
  let port: CsbPort;
  let direct: DirectKicks;
  let errors: RingError[];

  beforeEach(() => {
    bench = new CsbBench("netmap:echo0", { slots: 64, eventfds: "none" });
    const { dp } = bench.engine;
    const { word } = bench.descriptor;
    entries = mapRecordedCsb(dp, word);
    errors = [];
    direct = new DirectKicks(dp, word, entries, (error) => errors.push(error));
    port = csbPort({
      memory: bench.opened.descriptor.memory,
      nifp: bench.opened.nifp,
      entries: bench.opened.csb,
      kick: (entry) => direct.kick(entry),
    });
  });

  afterEach(async () => {
    port.close();
    entries.close();
    const { before, after } = await bench.close();
    assertEquals(after, before);
  });

  it("what is sent has left when the sync returns: the kicker did it", () => {
    for (let i = 0; i < 200; i++) {
      assertEquals(port.send([new Uint8Array([i])]), 1);
      assertEquals(port.txRings[0].txPending(), false);
      // Nobody else looks at the receive ring: the client kicks it by hand.
      direct.kick(1);
      assertEquals(port.poll(POLLIN, 0), POLLIN);
      assertEquals(port.receive().map(([first]) => first), [i]);
    }
    assertEquals(port.csb.counters.kicks >= 200, true);
  });

  it("reports pointers that make no sense, and leaves the ring to be kicked again", () => {
    port.memory.i32[port.txRings[0].word + RING_HEAD] = 99;
    port.txsync();
    direct.kick(0);
    assertEquals(errors.map(({ entry }) => entry), [0]);
    port.txsync();
    direct.kick(0);
    port.send([new Uint8Array(60)]);
    direct.kick(0);
    assertEquals(port.txRings[0].txPending(), false);
  });

  it("throws EIO when the port went away", () => {
    const adapter = bench.engine.ports.get("echo0")!;
    adapter.stop();
    assertEquals((assertThrows(() => direct.kick(0), NetmapError) as NetmapError).errno, EIO);
    adapter.unlockRings();
    assertEquals(bench.engine.dp.state[adapter.kring(0, 0) + K_BUSY], 0);
  });
});
