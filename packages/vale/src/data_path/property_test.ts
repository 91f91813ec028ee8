import { NetmapError, POLLIN, POLLOUT, type Port, RING_SLOTS, SLOT_WORDS } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { portHdrSet } from "../requests.ts";
import { vale } from "../vale.ts";
import {
  adapterOf,
  frame,
  numbers,
  openPorts,
  range,
  rxCounters,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

const SLOTS = 16;

/** Words that break things: large, negative, next to the bounds, flags, and whatever. */
const word = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.constantFrom(-0x80000000, 0x7fffffff, 0x10000, 0x200000, 0x200000 | 60, 0x300000 | 60, 60),
  fc.integer({ min: 0, max: 2200 }).map((len) => len | 0x200000),
  fc.integer(),
);

/** One thing that a user may do to its own ring. */
const mischief = fc.record({
  dir: fc.constantFrom("txRings", "rxRings"),
  writes: fc.array(
    fc.record({
      slot: fc.boolean(),
      at: fc.nat(SLOTS * SLOT_WORDS - 1),
      value: word,
    }),
    { maxLength: 12 },
  ),
  advance: fc.nat(SLOTS),
  sync: fc.constantFrom("txsync", "rxsync", "poll", "none"),
});

describe("Whatever a user writes into its rings and slots", () => {
  for (const [privateMemory, zeroCopy, header] of [[true, false, 0], [false, true, 12]] as const) {
    describe(privateMemory ? "of a region of its own" : "of the region of all, with swaps", () => {
      let engine: Engine;
      /** The one who does it, and two others. */
      let bad: Port;
      let a: Port;
      let b: Port;

      beforeEach(() => {
        engine = createEngine({
          features: [vale({ zeroCopy })],
          privateMemory,
          privatePools: {
            if: { count: 4, size: 1024 },
            ring: { count: 8, size: 4096 },
            buf: { count: 64, size: 2048 },
          },
        });
        [bad, a, b] = openPorts(engine, 3, { slots: SLOTS });
        teach([bad, a, b]);
        if (header > 0) portHdrSet(engine.device, bad.name, header);
      });

      afterEach(() => engine.close());

      it("nothing throws, others' frames arrive, and nothing else of the memory changes", () => {
        const { region } = adapterOf(engine, bad);
        assertEquals(region === adapterOf(engine, a).region, !privateMemory);
        fc.assert(
          fc.property(fc.array(mischief, { maxLength: 10 }), (steps) => {
            const pools = snapshot(region, bad);
            for (const { dir, writes, advance, sync } of steps) {
              const ring = bad[dir as "txRings"][0];
              const { i32 } = bad.memory;
              for (const { slot, at, value } of writes) {
                // Head, cur, tail, and the rest of the ring's first words, or words of slots.
                i32[ring.word + (slot ? RING_SLOTS + at : at % 16)] = value;
              }
              for (let n = 0; n < advance; n++) {
                try {
                  ring.advance(1);
                } catch (error) {
                  assert(error instanceof NetmapError);
                }
              }
              if (sync === "poll") bad.poll(POLLIN | POLLOUT, 0);
              else if (sync !== "none") bad[sync as "txsync"]();
              checkTraffic(engine, a, b);
            }
            assertEquals(snapshot(region, bad), pools);
          }),
          { numRuns: 120 },
        );
        // Set right again it works: a reset takes head and cur back.
        repair(bad);
        // It may have sent frames that it was sent, and so be taken for whom they were from.
        teach([a, b], 2);
        assertEquals(bad.send([withHeader(header, frame(2, 1, 5))]), 1);
        assertEquals(numbers(a.receive()).at(-1), 5);
      });
    });
  }
});

function withHeader(header: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...new Uint8Array(header), ...bytes]);
}

/** Frames between two ports that do nothing wrong. */
function checkTraffic(engine: Engine, a: Port, b: Port): void {
  for (const port of [a, b]) {
    while (port.receive().length > 0);
  }
  const dropped = rxCounters(engine, b).dropNoRoom;
  const sent = txCounters(engine, a).packets;
  assertEquals(a.send(range(0, 10).map((n) => frame(3, 2, n))), 10);
  // The bad one may have said that it is a or b: then frames go to it, or to all.
  const got = b.receive().filter((bytes) => bytes.length === 60 && bytes[11] === 2);
  const lost = sent + 10 - txCounters(engine, a).packets + rxCounters(engine, b).dropNoRoom -
    dropped;
  assertEquals(lost, 0);
  assert(numbers(got).every((n) => n >= 0), "bytes of a frame changed");
  b.send([frame(2, 3)]);
  a.send([frame(3, 2)]);
  while (a.receive().length + b.receive().length > 0);
}

/** A sum of the parts of a region that are neither buffers nor rings of a port, and of buffers 0 and 1. */
function snapshot(region: ReturnType<typeof adapterOf>["region"], bad: Port): number {
  const { i32 } = region.memory;
  const first = region.bufs.offset >> 2;
  // netmap_ifs and rings; where others have their rings too, netmap_ifs alone.
  const words = i32.slice(0, region.id === 1 ? region.rings.offset >> 2 : first);
  for (const { word } of [...bad.txRings, ...bad.rxRings]) {
    if (word < words.length) words.fill(0, word, word + RING_SLOTS + SLOTS * SLOT_WORDS);
  }
  let sum = 0;
  for (const value of words) sum = (Math.imul(sum, 31) + value) | 0;
  for (let w = first; w < first + 1024; w++) sum = (Math.imul(sum, 31) + i32[w]) | 0;
  return sum;
}

/** Gives a ring what a user could give it that knows what it had. */
function repair(port: Port): void {
  for (const ring of [...port.txRings, ...port.rxRings]) {
    const { i32 } = port.memory;
    for (let i = 0; i < SLOTS; i++) {
      const slot = ring.word + RING_SLOTS + i * SLOT_WORDS;
      if (i32[slot] < 2 || i32[slot] >= 60) i32[slot] = 2 + i;
      i32[slot + 1] = 60;
    }
  }
  // A bad head is answered by a reset; after it the ring is as the engine knows it.
  for (let n = 0; n < 3; n++) {
    port.txsync();
    port.rxsync();
  }
  while (port.receive().length > 0);
}
