import type { Port } from "@netmap/core";
import { createEngine, type Engine, type EngineDescriptor } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { vale } from "../vale.ts";
import { frame, numbers, openPorts, range, rxCounters, teach } from "./traffic_fixture.ts";

const FIXTURE = fileURLToPath(new URL("./process_fixture.ts", import.meta.url));

/** Waits until something holds. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const late = performance.now() + 20_000;
  while (!holds()) {
    assert(performance.now() < late, `${what}: it never came true`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

for (const zeroCopy of [false, true]) {
  describe(`Processes that forward through one switch${zeroCopy ? " and swap buffers" : ""}`, () => {
    let engine: Engine;
    let a: Port;
    let b: Port;
    let c: Port;
    let child: ChildProcess | undefined;

    beforeEach(() => {
      engine = createEngine({ features: [vale({ zeroCopy })] });
      [a, b, c] = openPorts(engine, 3, { slots: 256 });
      teach([a, b, c]);
    });

    afterEach(async () => {
      await kill();
      engine.close();
    });

    function start(port: Port): void {
      const { index } = [...engine.descriptors.values()].find((descriptor: EngineDescriptor) =>
        descriptor.registration?.adapter.name === port.name
      )!;
      const { stateFd } = engine.imageHandle;
      const numbers = [process.pid, stateFd, engine.region(1).fd, index, port.txRings[0].word * 4];
      child = spawn(process.execPath, [
        ..."Deno" in globalThis ? ["run", "-A", "--no-check"] : [],
        FIXTURE,
        ...numbers.map(String),
      ], { stdio: "inherit" });
    }

    async function kill(): Promise<void> {
      if (child === undefined) return;
      const ended = new Promise((resolve) => child!.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
      child = undefined;
    }

    /** Takes what waits, and fails unless all of it is whole: empty, or a frame as it was sent. */
    function takeWhole(port: Port): Uint8Array[] {
      const frames = port.receive();
      for (const bytes of frames) {
        if (bytes.length > 0) assert(numbers([bytes])[0] >= 0, `a frame of ${bytes.length} bytes`);
      }
      return frames;
    }

    it("leave all that they had to others when they are killed anywhere", async () => {
      for (let round = 0; round < 5; round++) {
        start(b);
        const before = rxCounters(engine, a).packets;
        await until("the other process sends", () => {
          takeWhole(a);
          takeWhole(c);
          return rxCounters(engine, a).packets > before + 3000 + 777 * round;
        });
        await kill();
        // Its ring, its leases, its locks: what is left in them goes, the rest is as new.
        await until("its ring is free", () => {
          b.txsync();
          takeWhole(a);
          takeWhole(c);
          return b.txRings[0].space() === 255;
        });
        // What was handed out last goes back with the next look.
        takeWhole(a);
        for (const [port, me] of [[b, 2], [c, 3]] as const) {
          for (let times = 0; times < 20; times++) {
            const list = range(0, 50).map((n) => frame(1, me, n));
            assertEquals(port.send(list), 50);
            const got: number[] = [];
            await until("frames arrive", () => {
              got.push(...numbers(takeWhole(a).filter((bytes) => bytes[11] === me)));
              return got.length >= 50;
            });
            assertEquals(got, range(0, 50));
          }
        }
      }
      const { bufs } = engine.region(1);
      const free = bufs.free;
      for (const port of [a, b, c]) port.close();
      assertEquals(bufs.free, free + 6 * 256);
    });
  });
}
