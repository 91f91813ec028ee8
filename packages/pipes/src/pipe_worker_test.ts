import { openPort, POLLIN, type Port } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import {
  createEngine,
  D_WAKE,
  type Engine,
  type EngineDescriptor,
  portCounters,
  WAKE_ONCE,
  yieldThread,
} from "@netmap/engine";
import type { WorkerTask } from "./pipe_worker_fixture.ts";
import { pipes } from "./pipes.ts";
import { freeObjects, openWithDescriptor } from "./pipes_fixture.ts";

const PACKETS = 1_000_000;

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe("a pipe between two threads", () => {
  let engine: Engine;
  let before: unknown;
  let left: Port;
  let right: Port;
  let descriptor: EngineDescriptor;
  let worker: Worker | undefined;

  beforeEach(() => {
    engine = createEngine({ features: [pipes()] });
    before = freeObjects(engine);
    left = openPort(engine.device, "netmap:p{1", { slots: 512 });
    ({ port: right, descriptor } = openWithDescriptor(engine, "netmap:p}1"));
  });

  afterEach(async () => {
    await worker?.terminate();
    worker = undefined;
    left.close();
    right.close();
    assertEquals(freeObjects(engine), before);
    engine.close();
  });

  /** Gives the right end to a Worker. @returns what it answers */
  function start(act: WorkerTask["act"], packets: number, delayMs = 0): Promise<unknown> {
    const task: WorkerTask = {
      act,
      stateFd: engine.imageHandle.stateFd,
      regionFds: [engine.region(1).fd],
      index: descriptor.index,
      tx: right.txRings[0].word * 4,
      rx: right.rxRings[0].word * 4,
      packets,
      delayMs,
    };
    worker = new Worker(new URL("./pipe_worker_fixture.ts", import.meta.url), { workerData: task });
    return new Promise((resolve, reject) => {
      worker!.on("message", resolve);
      worker!.on("error", reject);
    });
  }

  it("carries a million packets there and back, none lost, none twice, in order", async () => {
    const answer = start("echo", PACKETS);
    const [tx] = left.txRings;
    const [rx] = left.rxRings;
    const { i32 } = left.memory;
    let sent = 0;
    let seen = 0;
    const deadline = performance.now() + 30_000;
    while (seen < PACKETS) {
      const done = sent + seen;
      for (let room = Math.min(tx.space(), PACKETS - sent); room > 0; room--, sent++) {
        i32[tx.bufOffset(tx.head) >> 2] = sent;
        tx.setLen(tx.head, 60 + sent % 1000);
        tx.advance(1);
      }
      left.txsync();
      left.rxsync();
      for (let got = rx.space(); got > 0; got--, seen++) {
        const i = rx.head;
        if (i32[rx.bufOffset(i) >> 2] !== seen || rx.len(i) !== 60 + seen % 1000) {
          assertEquals([i32[rx.bufOffset(i) >> 2], rx.len(i)], [seen, 60 + seen % 1000]);
        }
        rx.advance(1);
      }
      if (sent + seen !== done) continue;
      if (performance.now() > deadline) throw new Error(`Of ${sent} packets ${seen} came back`);
      // Workers begin only when this thread turns its event loop.
      if (seen === 0) await pause();
      else yieldThread();
    }
    left.rxsync();
    assertEquals(await answer, "");
    assertEquals([sent, seen], [PACKETS, PACKETS]);
    for (const name of ["p{1", "p}1"]) {
      const { tx, rx } = portCounters(engine.ports.get(name)!);
      assertEquals([tx.packets, rx.packets, tx.reinits, rx.reinits], [PACKETS, PACKETS, 0, 0]);
    }
  });

  it("poll() sleeps until the other thread sends", async () => {
    const answer = start("sendLater", 5, 30);
    for (let seen = 0; seen < 5;) {
      assertEquals(left.poll(POLLIN, 10_000), POLLIN);
      for (const frame of left.receive()) assertEquals(frame[0], seen++);
    }
    assertEquals(await answer, "");
  });

  it("wait() resolves when the other thread sends", async () => {
    const answer = start("sendLater", 5, 30);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    for (let seen = 0; seen < 5;) {
      assertEquals(await left.wait(POLLIN), POLLIN);
      for (const frame of left.receive()) assertEquals(frame[0], seen++);
    }
    clearInterval(timer);
    assert(ticks > 5);
    assertEquals(await answer, "");
  });

  it("wakes a thread that sleeps in poll()", async () => {
    // Makes the eventfd.
    assertEquals(right.poll(POLLIN, 1), 0);
    const answer = start("poll", 6);
    const { state } = engine.dp;
    for (let i = 0; i < 3; i++) {
      while (Atomics.load(state, descriptor.word + D_WAKE) !== WAKE_ONCE) {
        await pause();
      }
      assertEquals(left.send([new Uint8Array(60), new Uint8Array(60)]), 2);
    }
    assertEquals(await answer, 3);
  });
});
