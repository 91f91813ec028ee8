import { NetmapError, openPort } from "@netmap/core";
import { ATTACH_TABLE, ATTACH_TID, ATTACH_WORDS, createEngine, type Engine } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { Worker } from "node:worker_threads";
import { S_READERS, S_WRITER } from "./layout.ts";
import { switchTable } from "./switch_table.ts";
import { vale } from "./vale.ts";
import { withWriter } from "./writer.ts";

/** A tag that no thread of this test has. */
const TAG = 77;

describe("withWriter()", () => {
  let engine: Engine;
  let s: number;

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    openPort(engine.device, "vale0:a");
    s = switchTable(engine).find("vale0:")!.record;
  });

  afterEach(() => engine.close());

  const write = <T>(change: () => T): T => withWriter(engine.dp, s, "vale0", change);

  it("says that it changes the switch while it does, also within itself, and not after", () => {
    const { state, owner } = engine.dp;
    assertEquals(write(() => state[s + S_WRITER]), owner);
    assertEquals(write(() => write(() => state[s + S_WRITER])), owner);
    assertEquals(
      write(() => {
        write(() => {});
        return state[s + S_WRITER];
      }),
      owner,
    );
    assertEquals(state[s + S_WRITER], 0);
    assertThrows(() =>
      write(() => {
        throw new RangeError("no");
      }), RangeError);
    assertEquals(state[s + S_WRITER], 0);
  });

  it("does not wait for a thread that died while it forwarded", () => {
    const { state } = engine.dp;
    // The largest pid that Linux gives out is 2^22.
    state[ATTACH_TABLE + (TAG - 1) * ATTACH_WORDS + ATTACH_TID] = (1 << 22) + 5;
    state[s + S_READERS + TAG] = TAG;
    assertEquals(write(() => "done"), "done");
    assertEquals(state[s + S_READERS + TAG], 0);
  });

  it("refuses to wait for its own thread", () => {
    const { state, owner } = engine.dp;
    state[s + S_READERS + owner] = owner;
    const error = assertThrows(() => write(() => {}), NetmapError);
    assertEquals(error.code, "EDEADLK");
    assertEquals(state[s + S_WRITER], 0);
    state[s + S_READERS + owner] = 0;
  });

  it("waits for a living thread that forwards", async () => {
    const marker = engine.heap.alloc(1);
    const worker = new Worker(new URL("./writer_fixture.ts", import.meta.url), {
      workerData: { stateFd: engine.imageHandle.stateFd, s, marker, holdMs: 300 },
    });
    await new Promise((resolve) => worker.on("message", resolve));
    // The thread sets the word before it goes.
    assertEquals(write(() => Atomics.load(engine.dp.state, marker)), 1);
    await worker.terminate();
  });
});
