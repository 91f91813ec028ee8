import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import process from "node:process";
import { SEEN } from "./exchange_fixture.ts";
import { CsbBench, pause } from "./kloop_fixture.ts";
import { stopKloop } from "./requests.ts";

/** Packets that go through; the nightly run sets ten million. */
const PACKETS = Number(process.env.NETMAP_KLOOP_PACKETS ?? 500_000);
/** Times that a process is killed. */
const KILLS = Number(process.env.NETMAP_KLOOP_KILLS ?? 5);

for (const eventfds of ["shared", "none"] as const) {
  describe(`a client in another process (eventfds: ${eventfds})`, () => {
    let bench: CsbBench;
    const what = { packets: PACKETS, burst: 256, sleeps: eventfds !== "none" };

    beforeEach(() => {
      bench = new CsbBench("netmap:echo0", { slots: 1024, eventfds });
    });

    afterEach(async () => {
      const { before, after } = await bench.close();
      assertEquals(after, before);
    });

    /** Waits until so many packets more were seen, or all. */
    async function progress(): Promise<void> {
      const { i32 } = bench.progress;
      const goal = Math.min(PACKETS, i32[SEEN] + Math.random() * PACKETS / KILLS);
      while (Atomics.load(i32, SEEN) < goal) await pause();
    }

    it("needs the memory and the eventfds that it inherits, and nothing else", async () => {
      const loop = bench.loop();
      assertEquals((await bench.clientProcess(what).answer).wrong, "");
      stopKloop(bench.opened.descriptor);
      assertEquals((await loop.answer).errno, 0);
    });

    it(`may be killed anywhere: the next one goes on, ${KILLS} times, nothing lost`, async () => {
      const loop = bench.loop();
      for (let kill = 0; kill < KILLS; kill++) {
        const client = bench.clientProcess(what);
        await progress();
        await client.kill();
      }
      assertEquals((await bench.clientProcess(what).answer).wrong, "");
      stopKloop(bench.opened.descriptor);
      assertEquals(await loop.answer, { errno: 0, message: "", ringErrors: [] });
    });

    it(`the loop's process may be killed anywhere, ${KILLS} times, nothing lost`, async () => {
      const client = bench.clientProcess(what);
      for (let kill = 0; kill < KILLS; kill++) {
        const loop = bench.loopProcess();
        await progress();
        await loop.kill();
      }
      const last = bench.loopProcess();
      assertEquals((await client.answer).wrong, "");
      stopKloop(bench.opened.descriptor);
      assertEquals(await last.answer, { errno: 0, message: "", ringErrors: [] });
    });
  });
}
