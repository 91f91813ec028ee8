import { openPort, POLLIN, type Port } from "@netmap/core";
import { createEngine, type Engine, type EngineDescriptor } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import type { SenderTask } from "./owner_wake_fixture.ts";
import { attach, delif, detach, listPorts, newif } from "./requests.ts";
import { forwardingTable, setZeroCopy, switchStats } from "./stats.ts";
import { vale } from "./vale.ts";
import { type Wire, wires } from "./wire_fixture.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("A sender in another thread", () => {
  let engine: Engine;
  let a: Port;
  let descriptor: EngineDescriptor;
  let worker: Worker;

  beforeEach(() => {
    engine = createEngine({ features: [vale(), wires()] });
    a = openPort(engine.device, "vale0:a");
    descriptor = [...engine.descriptors.values()].at(-1)!;
  });

  afterEach(async () => {
    await worker.terminate();
    engine.close();
  });

  function start(packets: number, batch: number, pauseMs: number): Promise<unknown> {
    const task: SenderTask = {
      stateFd: engine.imageHandle.stateFd,
      regionFds: [engine.region(1).fd],
      index: descriptor.index,
      tx: a.txRings[0].word * 4,
      packets,
      batch,
      pauseMs,
    };
    worker = new Worker(new URL("./owner_wake_fixture.ts", import.meta.url), { workerData: task });
    return new Promise((resolve, reject) => {
      worker.on("message", resolve);
      worker.on("error", reject);
    });
  }

  /** The number that a frame carries. */
  const number = (bytes: Uint8Array): number =>
    bytes[16] | bytes[17] << 8 | bytes[18] << 16 | bytes[19] << 24;

  it("has the owner send what it leaves in an attached device's ring", async () => {
    attach(engine.device, "vale0:eth0");
    const eth0 = engine.ports.get("eth0") as Wire;
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    // No more than the device's ring holds: however late the owner is, nothing is dropped.
    await start(60, 3, 1);
    for (let i = 0; i < 1000 && eth0.sent.length < 60; i++) await pause(5);
    assertEquals(eth0.sent.map(number), Array.from({ length: 60 }, (_, i) => i));
    stop.abort();
    await running;
  });

  it("wakes an owner that sleeps in poll()", async () => {
    attach(engine.device, "vale0:eth0");
    const eth0 = engine.ports.get("eth0") as Wire;
    using other = openPort(engine.device, "valez:other");
    const done = start(40, 1, 5);
    // Until the Worker runs, the event loop has to.
    while (eth0.sent.length === 0) {
      await pause(1);
      other.poll(POLLIN, 5);
    }
    for (let i = 0; i < 100 && eth0.sent.length < 40; i++) other.poll(POLLIN, 20);
    assertEquals(eth0.sent.length, 40);
    await done;
  });

  it("goes on while ports come and go: who stays misses nothing that is not counted", async () => {
    using r = openPort(engine.device, { name: "vale0:r", rxSlots: 2048 });
    newif(engine.device, "v0");
    const got: number[] = [];
    const take = (): void => {
      for (const frame of r.receive()) got.push(number(frame));
    };
    let isDone = false;
    const done = start(200_000, 64, 0).then(() => isDone = true);
    let rounds = 0;
    while (!isDone) {
      for (let i = 0; i < 5; i++) {
        using b = openPort(engine.device, "vale0:b");
        take();
        attach(engine.device, "vale0:eth0", { hostRings: i % 2 === 0 });
        attach(engine.device, "vale0:v0");
        using v = openPort(engine.device, "netmap:v0");
        take();
        setZeroCopy(engine, "vale0:", i % 2 === 0);
        assertEquals(listPorts(engine.device).length, i % 2 === 0 ? 6 : 5);
        b.receive();
        detach(engine.device, "vale0:eth0");
        take();
        v.receive();
        detach(engine.device, "vale0:v0");
        take();
      }
      rounds++;
      await pause(0);
    }
    await done;
    take();
    const stats = switchStats(engine, "vale0:");
    const [sender, receiver] = ["vale0:a", "vale0:r"].map((name) =>
      stats.find((port) => port.name === name)!
    );
    assertEquals(got.length + receiver.rx.dropNoRoom, 200_000);
    assertEquals(got.every((n, i) => i === 0 || n > got[i - 1]), true);
    assertEquals([sender.tx.packets, sender.tx.dropBadSlot], [200_000, 0]);
    assert(rounds > 0 && got.length > 0);
    assertEquals(forwardingTable(engine, "vale0:").map((entry) => entry.portName), ["vale0:a"]);
    delif(engine.device, "v0");
  });
});
