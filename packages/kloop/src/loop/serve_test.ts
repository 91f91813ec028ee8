import { EBUSY, EIO, NetmapError, POLLIN } from "@netmap/core";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { CsbPort } from "../client/csb_port.ts";
import { type MappedCsb, mapRecordedCsb } from "../csb_area.ts";
import { CsbBench, pause } from "../kloop_fixture.ts";
import { stopKloop } from "../requests.ts";
import { runKloop } from "./run.ts";
import { serveKloop } from "./serve.ts";
import { isRunning } from "./state.ts";

for (const how of ["shared", "none"] as const) {
  describe(`serveKloop() in the isolate of its client (eventfds: ${how})`, () => {
    let bench: CsbBench;
    let port: CsbPort;
    let entries: MappedCsb;
    let isClosed: boolean;

    beforeEach(() => {
      bench = new CsbBench("netmap:echo0", { slots: 64, eventfds: how });
      port = bench.opened.port();
      entries = mapRecordedCsb(bench.engine.dp, bench.descriptor.word);
      isClosed = false;
    });

    afterEach(async () => {
      entries.close();
      port.close();
      if (isClosed) return;
      const { before, after } = await bench.close();
      assertEquals(after, before);
    });

    function serve(signal?: AbortSignal): Promise<void> {
      const { pairs } = bench.opened.eventfds;
      const eventfds = pairs.length > 0 ? pairs : undefined;
      const { interrupts, dp } = bench.engine;
      return serveKloop(dp, bench.descriptor.word, entries, { eventfds, interrupts }, signal);
    }

    const running = (): boolean => isRunning(bench.engine.dp, bench.descriptor.word);

    it("carries packets while both wait, and timers go on beside", async () => {
      const loop = serve();
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      for (let i = 0; i < 50; i++) {
        assertEquals(port.send([new Uint8Array([i, 1, 2, 3])]), 1);
        assertEquals(await port.wait(POLLIN), POLLIN);
        assertEquals(port.receive().map(([first]) => first), [i]);
      }
      await pause(10);
      clearInterval(timer);
      assert(ticks > 3);
      stopKloop(bench.opened.descriptor);
      await loop;
      assertEquals(running(), false);
    });

    it("batches() and drain() of core's Port work over it", async () => {
      const loop = serve();
      const abort = new AbortController();
      let seen = 0;
      const reader = (async () => {
        for await (const batch of port.batches({ signal: abort.signal })) {
          for (const [first] of batch) assertEquals(first, seen++ % 251);
          if (seen === 500) abort.abort();
        }
      })();
      for (let sent = 0; sent < 500;) {
        sent += port.send(
          Array.from(
            { length: Math.min(20, 500 - sent) },
            (_, i) => new Uint8Array([(sent + i) % 251]),
          ),
        );
        await port.drain();
      }
      await reader;
      assertEquals(seen, 500);
      stopKloop(bench.opened.descriptor);
      await loop;
    });

    it("ends with its signal, at once also where that aborted before", async () => {
      const abort = new AbortController();
      const loop = serve(abort.signal);
      await pause(5);
      abort.abort(new Error("enough"));
      await loop;
      assertEquals(running(), false);
      await serve(abort.signal);
    });

    it("ends when the descriptor is closed, and when the engine is", async () => {
      const loop = serve();
      await pause(5);
      bench.opened.descriptor.close();
      assertEquals(running(), false);
      await loop;
      await bench.close();
      bench = new CsbBench("netmap:echo0", { slots: 64, eventfds: how });
      entries.close();
      entries = mapRecordedCsb(bench.engine.dp, bench.descriptor.word);
      const second = serve();
      await pause(5);
      bench.engine.close();
      await second;
      bench.opened.csb.close();
      isClosed = true;
    });

    it("refuses a second one with EBUSY, blocking or not", async () => {
      const loop = serve();
      const { errno } = await assertRejects(() => serve(), NetmapError) as NetmapError;
      assertEquals(errno, EBUSY);
      let code = "";
      try {
        runKloop(bench.engine.dp, bench.descriptor.word, entries);
      } catch (error) {
        code = (error as NetmapError).code;
      }
      assertEquals(code, "EBUSY");
      assertEquals(running(), true);
      stopKloop(bench.opened.descriptor);
      await loop;
    });

    it("rejects with EIO when the port goes away", async () => {
      const loop = serve();
      await pause(5);
      const adapter = bench.engine.ports.get("echo0")!;
      adapter.stop();
      const { errno } = await assertRejects(() => loop, NetmapError) as NetmapError;
      assertEquals(errno, EIO);
      adapter.unlockRings();
    });
  });
}
