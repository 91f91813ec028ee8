import { EBUSY, EIO } from "@netmap/core";
import { portCounters, ringCounters } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import process from "node:process";
import { HALT, SEEN } from "./exchange_fixture.ts";
import { CsbBench, pause } from "./kloop_fixture.ts";
import { kloopCounters } from "./loop/counters.ts";
import { isRunning } from "./loop/state.ts";
import type { LoopTask } from "./loop_worker_fixture.ts";
import type { OpenCsbOptions } from "./open_csb.ts";
import { startKloop, stopKloop } from "./requests.ts";
import { startWorker } from "./run_fixture.ts";
import type { ScribbleTask } from "./scribble_fixture.ts";

/** Packets that go through; the nightly run sets ten million. */
const PACKETS = Number(process.env.NETMAP_KLOOP_PACKETS ?? 1_000_000);
/** Times that a thread is killed. */
const KILLS = Number(process.env.NETMAP_KLOOP_KILLS ?? 5);
const IS_DENO = "Deno" in globalThis;

describe("a loop in one thread and its client in another", () => {
  let bench: CsbBench;

  const open = (options: OpenCsbOptions): CsbBench =>
    bench = new CsbBench("netmap:echo0", { slots: 512, ...options });

  afterEach(async () => {
    const { before, after } = await bench.close();
    assertEquals(after, before);
  });

  const running = (): boolean => isRunning(bench.engine.dp, bench.descriptor.word);

  async function untilRunning(): Promise<void> {
    while (!running()) await pause();
  }

  async function untilSeen(packets: number): Promise<void> {
    while (Atomics.load(bench.progress.i32, SEEN) < packets) await pause();
  }

  /** Exchanges all packets. @returns kicks of the client, and of the loop */
  async function exchangeAll(loop: Partial<LoopTask> = {}): Promise<[number, number]> {
    const running = bench.loop(loop);
    const sleeps = bench.opened.eventfds.pairs.length > 0;
    const { wrong, kicks } = await bench.client({ packets: PACKETS, burst: 256, sleeps }).answer;
    assertEquals(wrong, "");
    stopKloop(bench.opened.descriptor);
    assertEquals(await running.answer, { errno: 0, message: "", ringErrors: [] });
    const { tx } = portCounters(bench.engine.ports.get("echo0")!);
    assertEquals([tx.packets, tx.reinits, tx.badBuffers], [PACKETS, 0, 0]);
    return [kicks, kloopCounters(bench.engine.dp, bench.descriptor.word).kicks];
  }

  it(`${PACKETS} packets by eventfds, none lost, none twice, with few kicks`, async () => {
    open({ eventfds: "shared" });
    const kicks = await exchangeAll();
    for (const count of kicks) assert(count < PACKETS / 32, `${kicks} kicks`);
  });

  it("the same with short rings and a pair of eventfds for each", async () => {
    open({ eventfds: "each", slots: 64 });
    await exchangeAll();
  });

  it("the same in direct mode, where the client kicks always", async () => {
    open({ eventfds: "shared" });
    await exchangeAll({ direct: "both" });
  });

  it(`${PACKETS} packets by busy waiting, without a kick`, async () => {
    open({ eventfds: "none" });
    assertEquals(await exchangeAll(), [0, 0]);
  });

  it("the same with a sleep between two looks", async () => {
    open({ eventfds: "none", slots: 1024 });
    const loop = bench.loop({ sleepUs: 100 });
    const packets = PACKETS / 10;
    const { wrong } = await bench.client({ packets, burst: 1024, sleeps: false }).answer;
    assertEquals(wrong, "");
    stopKloop(bench.opened.descriptor);
    assertEquals((await loop.answer).errno, 0);
  });

  it("a killed loop is followed by another, and no packet is lost or doubled", async () => {
    open({ eventfds: "shared" });
    // Deno ends a Worker only where it gives way to its event loop.
    const yields = IS_DENO;
    let loop = bench.loop({ yields });
    const client = bench.client({ packets: PACKETS, burst: 256, sleeps: true });
    for (let kill = 1; kill <= KILLS; kill++) {
      await untilSeen(PACKETS / (KILLS + 1) * kill * Math.random());
      await loop.kill();
      assertEquals(running(), false);
      loop = bench.loop({ yields });
    }
    assertEquals((await client.answer).wrong, "");
    await untilRunning();
    stopKloop(bench.opened.descriptor);
    assertEquals((await loop.answer).errno, 0);
  });

  it("a client that ends is followed by another, which goes on where it stood", async () => {
    open({ eventfds: "shared" });
    const loop = bench.loop();
    const what = { packets: PACKETS, burst: 256, sleeps: true };
    for (let end = 1; end <= KILLS; end++) {
      const client = bench.client(what);
      await untilSeen(PACKETS / (KILLS + 1) * end * Math.random());
      if (IS_DENO) {
        Atomics.store(bench.progress.i32, HALT, 1);
        assertEquals((await client.answer).wrong, "");
        Atomics.store(bench.progress.i32, HALT, 0);
      } else {
        await client.kill();
      }
    }
    assertEquals((await bench.client(what).answer).wrong, "");
    stopKloop(bench.opened.descriptor);
    assertEquals((await loop.answer).errno, 0);
  });

  describe("its end", () => {
    beforeEach(() => {
      open({ eventfds: "shared" });
    });

    it("a stop returns when the loop has ended", async () => {
      const loop = bench.loop();
      await untilRunning();
      await pause(20);
      const start = performance.now();
      stopKloop(bench.opened.descriptor);
      assert(performance.now() - start < 500);
      assertEquals(running(), false);
      assertEquals((await loop.answer).errno, 0);
    });

    it("a stop that comes before the start ends it at once", async () => {
      stopKloop(bench.opened.descriptor);
      assertEquals((await bench.loop().answer).errno, 0);
    });

    it("closing the descriptor stops it", async () => {
      const loop = bench.loop();
      await untilRunning();
      bench.opened.descriptor.close();
      assertEquals(running(), false);
      assertEquals((await loop.answer).errno, 0);
    });

    it("closing the engine stops it", async () => {
      const loop = bench.loop({ sleepUs: 1000 });
      await untilRunning();
      const other = new CsbBench("netmap:echo1", { eventfds: "none" });
      const second = other.loop({ sleepUs: 1000 });
      while (!isRunning(other.engine.dp, other.descriptor.word)) await pause();
      other.engine.close();
      assertEquals((await second.answer).errno, 0);
      bench.opened.close();
      assertEquals((await loop.answer).errno, 0);
    });

    it("a port that goes away ends it with EIO, also where it sleeps", async () => {
      const loop = bench.loop();
      await untilRunning();
      await pause(20);
      bench.engine.ports.get("echo0")!.stop();
      const { errno, message } = await loop.answer;
      assertEquals(errno, EIO);
      assert(/went away$/.test(message));
      bench.engine.ports.get("echo0")!.unlockRings();
    });

    it("a second loop is refused with EBUSY, and the first goes on", async () => {
      const loop = bench.loop();
      await untilRunning();
      assertEquals((await bench.loop().answer).errno, EBUSY);
      let errno = 0;
      try {
        startKloop(bench.opened.descriptor, { eventfds: bench.opened.eventfds.pairs });
      } catch (error) {
        errno = (error as { errno: number }).errno;
      }
      assertEquals(errno, EBUSY);
      assertEquals(
        (await bench.client({ packets: 1000, burst: 64, sleeps: true }).answer).wrong,
        "",
      );
      stopKloop(bench.opened.descriptor);
      assertEquals((await loop.answer).errno, 0);
    });

    it("the user's mapping of the entries may be closed while it runs", async () => {
      const loop = bench.loop();
      await untilRunning();
      bench.opened.csb.close();
      await pause(20);
      assertEquals(running(), true);
      stopKloop(bench.opened.descriptor);
      assertEquals((await loop.answer).errno, 0);
    });
  });

  it("sleeps when there is nothing to do: its thread does not run", async () => {
    open({ eventfds: "shared" });
    const loop = bench.loop();
    await untilRunning();
    await pause(100);
    const { rounds } = kloopCounters(bench.engine.dp, bench.descriptor.word);
    await pause(1200);
    const later = kloopCounters(bench.engine.dp, bench.descriptor.word);
    // Every sleep of a second at most costs two rounds.
    assert(later.rounds - rounds <= 6, `${later.rounds - rounds} rounds`);
    stopKloop(bench.opened.descriptor);
    assertEquals((await loop.answer).errno, 0);
  });

  for (const eventfds of ["shared", "none"] as const) {
    it(`random values in a live CSB (eventfds: ${eventfds}) stop one ring and no other`, async () => {
      open({ rings: 2, slots: 64, eventfds });
      const loop = bench.loop();
      await untilRunning();
      // The good ring's client shares the entries' memory, and its port, with the bad one.
      using port = bench.opened.port();
      const seed = Math.floor(Math.random() * 2 ** 31) | 1;
      const vandal: ScribbleTask = {
        csbFd: bench.opened.csb.fd,
        entries: 4,
        // Entries of the second ring, each way.
        victims: [1, 3],
        progressFd: bench.progressFd,
        slots: 64,
        seed,
      };
      const scribble = startWorker<number>(
        new URL("./scribble_fixture.ts", import.meta.url),
        vandal,
      );
      while (Atomics.load(bench.progress.i32, SEEN) === 0) await pause();
      const [tx] = port.txRings;
      const [rx] = port.rxRings;
      const { i32 } = port.memory;
      let sent = 0;
      let seen = 0;
      const until = performance.now() + 1000;
      const deadline = until + 20_000;
      while (performance.now() < until || seen < sent) {
        if (performance.now() > deadline) throw new Error(`${seen} of ${sent}, seed ${seed}`);
        for (let room = performance.now() < until ? tx.space() : 0; room > 0; room--, sent++) {
          i32[tx.bufOffset(tx.head) >> 2] = sent;
          tx.setSlot(tx.head, 60, 0);
          tx.advance(1);
        }
        port.txsync();
        port.rxsync();
        for (let got = rx.space(); got > 0; got--, seen++) {
          if (i32[rx.bufOffset(rx.head) >> 2] !== seen) throw new Error(`${seen}, seed ${seed}`);
          rx.advance(1);
        }
        await pause(0);
      }
      assert(sent > 500, `only ${sent} packets`);
      Atomics.store(bench.progress.i32, HALT, 1);
      assert(await scribble.answer > 1000);
      assertEquals(running(), true, `seed ${seed}`);
      stopKloop(bench.opened.descriptor);
      const { errno, ringErrors } = await loop.answer;
      assertEquals(errno, 0);
      assert(ringErrors.length > 0);
      for (const sentence of ringErrors) assert(/^[13]: Cannot sync/.test(sentence), sentence);
      const adapter = bench.engine.ports.get("echo0")!;
      const { dp } = bench.engine;
      assertEquals(ringCounters(dp, adapter.kring(0, 0)).packets, sent);
      assertEquals(ringCounters(dp, adapter.kring(0, 0)).reinits, 0);
    });
  }
});
