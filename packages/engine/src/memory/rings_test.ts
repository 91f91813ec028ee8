import { IF_BUFS_HEAD, openPort } from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { createEngine, type Engine } from "../engine.ts";
import { GLOBAL_MEM_ID } from "./region.ts";
import { freeObjects } from "../engine_fixture.ts";
import { loop } from "../loop_fixture.ts";

function withEngine(run: (engine: Engine) => void): void {
  using engine = createEngine({
    features: [loop()],
    pools: { buf: { count: 1000, size: 2048 }, ring: { count: 20, size: 9 * 4096 } },
  });
  const before = freeObjects(engine);
  run(engine);
  assertEquals(freeObjects(engine), before);
}

describe("rings and buffers", () => {
  it("come with the first user of a ring and go with the last", () => {
    withEngine((engine) => {
      const a = openPort(engine.device, "netmap:loop");
      assertEquals(freeObjects(engine), { ifs: 99, rings: 18, bufs: 998 - 128 });
      const b = openPort(engine.device, "netmap:loop");
      assertEquals(freeObjects(engine), { ifs: 98, rings: 18, bufs: 998 - 128 });
      a.close();
      assertEquals(freeObjects(engine), { ifs: 99, rings: 18, bufs: 998 - 128 });
      b.close();
    });
  });

  it("are made for the rings that were asked for alone", () => {
    withEngine((engine) => {
      using _port = openPort(engine.device, "netmap:loop-1", { txRings: 4, rxRings: 4 });
      assertEquals(freeObjects(engine).rings, 18);
    });
  });

  it("say which pool is too small, and leave nothing behind", () => {
    withEngine((engine) => {
      assertThrows(
        () => openPort(engine.device, "netmap:loop", { txSlots: 1000 }),
        Error,
        "Cannot allocate 1064 objects of pool 'buf' in memory region 1 as 998 of 1000 are free",
      );
      assertThrows(
        () => openPort(engine.device, "netmap:loop", { txSlots: 4000 }),
        Error,
        "raise 'pools.ring.size'",
      );
    });
  });

  it("come back when the user wrote other indexes over its slots", () => {
    withEngine((engine) => {
      const port = openPort(engine.device, "netmap:loop");
      const ring = port.txRings[0];
      for (let i = 0; i < ring.numSlots; i++) ring.setBufIdx(i, 7);
      port.close();
    });
  });

  it("of another port stay when a user wrote their indexes into its own slots", () => {
    withEngine((engine) => {
      using victim = openPort(engine.device, "netmap:loopv");
      const thief = openPort(engine.device, "netmap:loopt");
      for (let i = 0; i < 64; i++) {
        thief.txRings[0].setBufIdx(i, victim.txRings[0].bufIdx(i));
      }
      thief.close();
      const { bufs } = engine.region(GLOBAL_MEM_ID);
      for (let i = 0; i < 64; i++) assertEquals(bufs.isTaken(victim.txRings[0].bufIdx(i)), true);
    });
  });
});

describe("extra buffers", () => {
  it("are given as a list, and come back by the list", () => {
    withEngine((engine) => {
      const port = openPort(engine.device, "netmap:loop", { extraBuffers: 100 });
      assertEquals(port.reply.extraBufs, 100);
      assertEquals(new Set(port.extraBuffers()).size, 100);
      assertEquals(freeObjects(engine).bufs, 998 - 128 - 100);
      port.close();
    });
  });

  it("are as many as there are, when more are asked for", () => {
    withEngine((engine) => {
      using port = openPort(engine.device, "netmap:loop", { extraBuffers: 0xffffffff });
      assertEquals(port.reply.extraBufs, 998 - 128);
    });
  });

  it("come back when the user breaks the list in any way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(9), fc.integer({ min: -5, max: 1100 })), { maxLength: 12 }),
        fc.integer({ min: -5, max: 1100 }),
        (writes, head) => {
          withEngine((engine) => {
            const port = openPort(engine.device, "netmap:loop", { extraBuffers: 10 });
            const list = port.extraBuffers();
            const { bufs, memory } = engine.region(GLOBAL_MEM_ID);
            for (const [n, value] of writes) memory.i32[bufs.at(list[n]) >> 2] = value;
            memory.i32[(port.nifp >> 2) + IF_BUFS_HEAD] = head;
            port.close();
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it("stay taken while another user still holds its own", () => {
    withEngine((engine) => {
      const holder = openPort(engine.device, "netmap:loopa", { extraBuffers: 5 });
      const breaker = openPort(engine.device, "netmap:loopb", { extraBuffers: 5 });
      engine.region(GLOBAL_MEM_ID).memory.i32[(breaker.nifp >> 2) + IF_BUFS_HEAD] = 0;
      breaker.close();
      const { bufs } = engine.region(GLOBAL_MEM_ID);
      for (const idx of holder.extraBuffers()) assertEquals(bufs.isTaken(idx), true);
      holder.close();
    });
  });
});
