import type { Port } from "@netmap/core";
import { createEngine, type Engine, type EngineDescriptor, yieldThread } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import { vale } from "../vale.ts";
import {
  checkFrames,
  IN_FLIGHT,
  putFrames,
  SHARED_WORDS,
  STOP,
  type ThreadTask,
} from "./thread_fixture.ts";
import { openPorts, rxCounters, teach, txCounters } from "./traffic_fixture.ts";

/** Milliseconds that a test may take. */
const LATE_MS = 60_000;
/** Address of the receiver: 02:00:00:00:00:01. */
const RECEIVER = 1;

describe("Threads that forward through one switch", () => {
  let engine: Engine;
  let shared: SharedArrayBuffer;
  let seen: Int32Array;
  let a: Port;
  let b: Port;
  let c: Port;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    // a has the address that all frames of the tests go to.
    [a, b, c] = openPorts(engine, 3, { slots: 1024 });
    teach([a, b, c], RECEIVER);
    teach([a, b, c], RECEIVER);
    shared = new SharedArrayBuffer(SHARED_WORDS * 4);
    seen = new Int32Array(shared);
  });

  afterEach(() => engine.close());

  /** Starts a Worker with a port of ours. */
  function start(port: Port, task: Pick<ThreadTask, "act" | "packets" | "me">): {
    worker: Worker;
    done: Promise<string>;
  } {
    const owner = [...engine.descriptors.values()].find((descriptor: EngineDescriptor) =>
      descriptor.registration?.adapter.name === port.name
    )!;
    const workerData: ThreadTask = {
      ...task,
      stateFd: engine.dp.stateFd,
      regionFds: [engine.region(1).fd],
      index: owner.index,
      tx: port.txRings[0].word * 4,
      rx: port.rxRings[0].word * 4,
      shared,
    };
    const worker = new Worker(new URL("./thread_fixture.ts", import.meta.url), { workerData });
    const done = new Promise<string>((resolve) => {
      worker.on("message", resolve);
      worker.on("error", (error) => resolve(`the Worker failed: ${error}`));
    });
    return { worker, done };
  }

  it("move a million frames to a Worker, none lost, none twice, in order", async () => {
    const packets = 1e6;
    const { worker, done } = start(a, { act: "receive", packets, me: 0 });
    let problem: string | null = null;
    done.then((text) => problem = text);
    const { i32 } = b.memory;
    const late = performance.now() + LATE_MS;
    for (let sent = 0; sent < packets && problem === null;) {
      assert(performance.now() < late, `${sent} frames were sent`);
      const limit = Math.min(packets, Atomics.load(seen, 2) + IN_FLIGHT);
      if (sent === limit) yieldThread();
      sent = putFrames(i32, b.txRings[0], 2, sent, limit);
      b.txsync();
      if (sent % 4096 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assertEquals(await done, "");
    assertEquals(seen[2], packets);
    assertEquals(rxCounters(engine, a).dropNoRoom, 0);
    assertEquals(txCounters(engine, b).packets - 2, packets);
    await worker.terminate();
  });

  it("send into one ring at once, a million frames, none lost, none twice, each in order", async () => {
    const packets = 5e5;
    const { worker, done } = start(b, { act: "send", packets, me: 1 });
    let failed: string | null = null;
    done.then((text) => failed = text);
    const next = new Int32Array(shared);
    let sent = 0;
    const late = performance.now() + LATE_MS;
    while (seen[1] < packets || seen[2] < packets) {
      assert(performance.now() < late, `${seen[1]} and ${seen[2]} frames arrived`);
      sent = putFrames(c.memory.i32, c.txRings[0], 2, sent, Math.min(packets, seen[2] + IN_FLIGHT));
      c.txsync();
      a.rxsync();
      if (a.rxRings[0].empty()) {
        yieldThread();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      const problem = checkFrames(a.memory.i32, a.rxRings[0], next);
      Atomics.store(seen, STOP, problem === "" ? 0 : 1);
      assertEquals(problem, "");
      assert(failed === null || failed === "", `${failed}`);
    }
    assertEquals(await done, "");
    assertEquals([...seen], [0, packets, packets, 0]);
    const { packets: got, dropNoRoom, dropBadSlot } = rxCounters(engine, a);
    assertEquals([got - 4, dropNoRoom, dropBadSlot], [2 * packets, 0, 0]);
    await worker.terminate();
  });
});
