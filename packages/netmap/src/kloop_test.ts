import { closeFd, createMemfd, EIO, type NetmapError, openPort } from "@netmap/core";
import { type Engine, type EngineDescriptor, GLOBAL_MEM_ID, portCounters } from "@netmap/engine";
import { kloopCounters, openCsb, type OpenedCsb, stopKloop } from "@netmap/kloop";
import { openMonitor } from "@netmap/monitor";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { embeddedEngine } from "./embedded.ts";
import type { KloopTask } from "./kloop_worker_fixture.ts";

/** Packets that go through; the nightly run sets ten million. */
const PACKETS = Number(process.env.NETMAP_KLOOP_PACKETS ?? 1_000_000);
const SLOTS = 512;

const PAIRS: readonly [what: string, from: string, to: string][] = [
  ["a pipe", "netmap:p{1", "netmap:p}1"],
  ["a VALE switch", "vale0:a", "vale0:b"],
];

describe("two clients in CSB mode, each with a loop of its own, in four threads", () => {
  let engine: Engine;
  let free: number;
  let seenFd: number;
  let ends: OpenedCsb[];
  let workers: Worker[];

  beforeEach(() => {
    engine = embeddedEngine();
    free = engine.region(GLOBAL_MEM_ID).bufs.free;
    seenFd = createMemfd("seen", 4096);
    ends = [];
    workers = [];
  });

  afterEach(async () => {
    for (const end of ends) end.close();
    for (const worker of workers) await worker.terminate();
    assertEquals(engine.region(GLOBAL_MEM_ID).bufs.free, free);
    engine.close();
    closeFd(seenFd);
  });

  function open(port: string, eventfds: "shared" | "each" | "none"): OpenedCsb {
    const end = openCsb(engine.device, port, { slots: SLOTS, eventfds });
    ends.push(end);
    return end;
  }

  function start(act: KloopTask["act"], end: OpenedCsb): Promise<string> {
    const task: KloopTask = {
      act,
      stateFd: engine.imageHandle.stateFd,
      regionFd: engine.region(GLOBAL_MEM_ID).fd,
      memsize: end.memsize,
      index: (end.descriptor as EngineDescriptor).index,
      nifp: end.nifp,
      csbFd: end.csb.fd,
      entries: end.csb.entries,
      pairs: end.eventfds.pairs,
      packets: PACKETS,
      // A sleeping loop may have half of a receive ring to give back; VALE drops what finds no room.
      window: SLOTS / 2 - 1,
      seenFd,
    };
    const worker = new Worker(new URL("./kloop_worker_fixture.ts", import.meta.url), {
      workerData: task,
    });
    workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    });
  }

  for (const [what, from, to] of PAIRS) {
    for (const eventfds of ["shared", "each", "none"] as const) {
      it(`${PACKETS} packets through ${what} (eventfds: ${eventfds}), all of them, in order`, async () => {
        const a = open(from, eventfds);
        const b = open(to, eventfds);
        const loops = [start("loop", a), start("loop", b)];
        const clients = [start("receive", b), start("send", a)];
        assertEquals(await Promise.all(clients), ["", ""]);
        for (const end of [a, b]) stopKloop(end.descriptor);
        assertEquals(await Promise.all(loops), ["", ""]);
        const { tx, rx } = portCounters(engine.ports.get(b.name)!);
        assertEquals([rx.packets, rx.dropNoRoom, rx.reinits, tx.reinits], [PACKETS, 0, 0, 0]);
        assertEquals(portCounters(engine.ports.get(a.name)!).tx.packets, PACKETS);
        if (eventfds === "none") return;
        const { word } = a.descriptor as EngineDescriptor;
        const { sleeps } = kloopCounters(engine.dp, word);
        assert(sleeps < PACKETS / 8, `${sleeps} sleeps`);
      });
    }
  }
});

describe("a port in CSB mode", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = embeddedEngine();
  });

  afterEach(() => {
    engine.close();
  });

  for (const [what, from, to] of PAIRS) {
    it(`wakes for packets that come through ${what} from an ordinary port`, async () => {
      using end = openCsb(engine.device, from);
      using port = end.port();
      using other = openPort(engine.device, to);
      const loop = end.serve();
      const frame = new Uint8Array(60).fill(0xff, 0, 6);
      frame[6] = 2;
      for (let i = 0; i < 20; i++) {
        frame[20] = i;
        other.send([frame]);
        await port.wait(1);
        assertEquals(port.receive().map((one) => one[20]), [i]);
        port.send([frame]);
        await other.wait(1);
        assertEquals(other.receive().map((one) => one[20]), [i]);
      }
      stopKloop(end.descriptor);
      await loop;
    });
  }

  it("is seen by a monitor as any port is", async () => {
    using end = openCsb(engine.device, "vale0:a");
    using port = end.port();
    using watch = openMonitor(engine.device, "vale0:a", { direction: "tx" });
    const loop = end.serve();
    port.send([new Uint8Array(60).fill(0xff), new Uint8Array(90).fill(0xff)]);
    await port.drain();
    assertEquals([...watch.receive()].map((frame) => frame.length), [60, 90]);
    stopKloop(end.descriptor);
    await loop;
  });

  it("ends its loop with EIO when its port is stopped", async () => {
    using end = openCsb(engine.device, "netmap:p{1");
    const loop = end.serve();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const adapter = engine.ports.get("p{1")!;
    adapter.stop();
    const { errno } = await assertRejects(() => loop) as NetmapError;
    assertEquals(errno, EIO);
    adapter.unlockRings();
  });
});
