import { NetmapError, openPort, POLLIN, type Port } from "@netmap/core";
import { createEngine, type Engine, portCounters } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { readdirSync } from "node:fs";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { freeBuffers } from "./pools_fixture.ts";
import { attachWorker, type WorkerLink } from "./server/workers.ts";
import type { Received } from "./traffic_fixture.ts";
import type { WorkerTask } from "./worker_fixture.ts";

const PACKETS = 1_000_000;
/** Workers that are terminated: 200 for the note on faults. */
const KILLS = Number(process.env.NETMAP_WORKER_KILLS ?? 6);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Running {
  readonly worker: Worker;
  readonly link: WorkerLink;
  readonly ready: Promise<void>;
  readonly answer: Promise<unknown>;
}

describe("Workers", () => {
  let engine: Engine;
  let before: unknown;
  let running: Running[];

  beforeEach(() => {
    engine = createEngine({ features: [pipes(), vale()] });
    before = freeBuffers(engine);
    running = [];
  });

  afterEach(async () => {
    for (const { worker, link } of running) {
      await worker.terminate();
      link.close();
    }
    engine.close();
  });

  function start(
    task: Omit<WorkerTask, "ticket" | "port"> & { readonly port: Port | string },
  ): Running {
    const link = attachWorker(engine);
    const { port } = task;
    const data: WorkerTask = {
      ...task,
      ticket: link.ticket,
      port: typeof port === "string" ? port : link.transfer(port),
    };
    const worker = new Worker(new URL("./worker_fixture.ts", import.meta.url), {
      workerData: data,
    });
    link.follow(worker);
    const messages: ((value: unknown) => void)[] = [];
    let fail: (cause: unknown) => void = () => {};
    const ready = new Promise<void>((resolve) => messages.push(() => resolve()));
    const answer = new Promise<unknown>((resolve, reject) => {
      messages.push(resolve);
      fail = reject;
    });
    answer.catch(() => {});
    worker.on("message", (value) => messages.shift()?.(value));
    worker.on("error", (cause) => fail(cause));
    const one = { worker, link, ready, answer };
    running.push(one);
    return one;
  }

  async function allBack(): Promise<void> {
    for (let i = 0; i < 200 && engine.descriptors.size > 0; i++) await pause(10);
    assertEquals(engine.descriptors.size, 0);
    assertEquals(freeBuffers(engine), before);
  }

  it("exchange a million packets over a pipe whose ends they were handed", async () => {
    const a = openPort(engine.device, "netmap:p{1", { slots: 512 });
    const b = openPort(engine.device, "netmap:p}1");
    const sender = start({ act: "send", port: a, packets: PACKETS, pin: 0 });
    const receiver = start({ act: "receive", port: b, packets: PACKETS });
    assert(a.closed && b.closed);
    assertEquals(await receiver.answer, { count: PACKETS, wrong: -1, last: PACKETS - 1 });
    assertEquals(await sender.answer, "sent");
    await allBack();
  });

  it("open ports of their own: four on a switch, each packet received or counted", async () => {
    // A receiver of the owner's keeps the ports' counters from going with the last Worker.
    using watch = openPort(engine.device, "vale0:watch");
    const names = ["vale0:b", "vale0:c", "vale0:d"];
    const receivers = names.map((port) =>
      start({ act: "receiveWithGaps", port, packets: 200_000 })
    );
    for (const { ready } of receivers) await ready;
    const ports = names.map((name) => engine.ports.get(name)!.hold());
    const sender = start({ act: "send", port: "vale0:a", packets: 200_000 });
    assertEquals(await sender.answer, "sent");
    // The last number has to come through.
    const [tx] = watch.txRings;
    while (receivers.length > 0 && ports.some((port) => port.activeFds > 0)) {
      const word = tx.bufOffset(tx.head) >> 2;
      watch.memory.i32.set([-1, 0x0003ffff, 0x01000000, 0, 199_999], word);
      tx.setLen(tx.head, 60);
      tx.advance(1);
      watch.txsync();
      await pause(20);
    }
    for (const { answer } of receivers) {
      const { count, wrong } = await answer as Received;
      assertEquals(wrong, -1);
      assert(count > 0);
    }
    for (const port of ports) port.drop();
    watch.close();
    await allBack();
  });

  it("give everything back when they are terminated in the middle of a sync", async () => {
    const target = openPort(engine.device, "vale0:target", { rxSlots: 64 });
    const free = freeBuffers(engine);
    for (let i = 0; i < KILLS; i++) {
      const victim = start({ act: "sendForEver", port: "vale0:victim", packets: 0 });
      await victim.ready;
      for (let n = 0; n < 5; n++) {
        target.poll(POLLIN, 1);
        target.receive();
        await pause(Math.random() * 4);
      }
      await victim.worker.terminate();
      for (let n = 0; n < 500 && engine.descriptors.size > 1; n++) await pause(10);
      assertEquals(engine.descriptors.size, 1, `Worker ${i} left a descriptor`);
      assertEquals(freeBuffers(engine), free);
      // The switch goes on.
      using other = openPort(engine.device, "vale0:other");
      target.receive();
      target.receive();
      assertEquals(other.send([new Uint8Array(60).fill(0xff)]), 1);
      assertEquals(target.receive().length, 1);
    }
    target.close();
    await allBack();
  });

  it("leave no descriptor of the process open, however they end", async () => {
    const count = (): number => readdirSync("/proc/self/fd").length;
    const ends = async (isTerminated: boolean): Promise<void> => {
      const act = isTerminated ? "holdMany" : "send";
      const one = start({ act, port: "vale0:x", packets: 10 });
      await one.answer;
      await one.worker.terminate();
      for (let i = 0; i < 500 && engine.descriptors.size > 0; i++) await pause(10);
      assertEquals(engine.descriptors.size, 0);
      await pause(100);
    };
    await ends(false);
    await ends(true);
    const first = count();
    for (let i = 0; i < 3; i++) {
      await ends(false);
      await ends(true);
    }
    assertEquals(count(), first);
    await allBack();
  });

  it("get the owner's errors, with their sentences", async () => {
    const one = start({ act: "send", port: "netmap:nobody", packets: 1 });
    const error = await one.answer.then(() => null, (cause) => cause);
    assert(String(error.message ?? error).includes("Cannot find port 'nobody'"), String(error));
    await allBack();
  });

  it("are handed only ports of the engine", () => {
    using other = createEngine({ features: [vale()] });
    using port = openPort(other.device, "vale0:a");
    using link = attachWorker(engine);
    assertThrows(() => link.transfer(port), NetmapError, "not open on this engine");
    assertEquals(port.closed, false);
    assertEquals(portCounters(other.ports.get("vale0:a")!).tx.packets, 0);
  });
});
