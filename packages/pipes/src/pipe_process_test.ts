import { openPort, type Port } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createEngine, type Engine, type EngineDescriptor, yieldThread } from "@netmap/engine";
import { pipes } from "./pipes.ts";
import { freeObjects, openWithDescriptor } from "./pipes_fixture.ts";

const FIXTURE = fileURLToPath(new URL("./pipe_process_fixture.ts", import.meta.url));
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe("a pipe between two processes", () => {
  let engine: Engine;
  let before: unknown;
  let left: Port;
  let right: Port;
  let descriptor: EngineDescriptor;
  let child: ChildProcess | undefined;

  beforeEach(() => {
    engine = createEngine({ features: [pipes()] });
    before = freeObjects(engine);
    left = openPort(engine.device, "netmap:p{1", { slots: 512 });
    ({ port: right, descriptor } = openWithDescriptor(engine, "netmap:p}1"));
  });

  afterEach(async () => {
    await kill();
    left.close();
    right.close();
    assertEquals(freeObjects(engine), before);
    engine.close();
  });

  function start(): void {
    child = spawn(process.execPath, [
      ..."Deno" in globalThis ? ["run", "-A", "--no-check"] : [],
      FIXTURE,
      ...[
        process.pid,
        engine.imageHandle.stateFd,
        engine.region(1).fd,
        descriptor.index,
        right.rxRings[0].word * 4,
      ].map(String),
    ], { stdio: "inherit" });
  }

  async function kill(): Promise<void> {
    if (child === undefined) return;
    const ended = new Promise((resolve) => child!.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    child = undefined;
  }

  it("is whole after its reader was killed anywhere in it", async () => {
    const [tx] = left.txRings;
    const [rx] = right.rxRings;
    const { i32 } = left.memory;
    let sent = 0;
    for (let times = 0; times < 5; times++) {
      start();
      const first = sent;
      const deadline = performance.now() + 20_000;
      while (sent < first + 50_000 && performance.now() < deadline) {
        for (; !tx.empty(); sent++, tx.advance(1)) i32[tx.bufOffset(tx.head) >> 2] = sent;
        left.txsync();
        if (sent < first + 2000) await pause();
        else if (tx.empty()) yieldThread();
      }
      assert(sent >= first + 50_000, "the other process took nothing");
      await kill();
      // What it had not given back is for this process, to the last packet.
      right.rxsync();
      left.txsync();
      assertEquals(tx.space() + rx.space(), 511);
      for (let next = sent - rx.space(); next < sent; next++, rx.advance(1)) {
        assertEquals(i32[rx.bufOffset(rx.head) >> 2], next);
      }
      right.rxsync();
      left.txsync();
      assertEquals(tx.space(), 511);
    }
  });
});
