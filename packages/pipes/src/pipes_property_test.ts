import { NetmapError, NR_REG_ALL_NIC, NR_REG_ONE_NIC, openPort, type Port } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  createEngine,
  type Engine,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_SLOTS,
  K_PEER_TAIL,
  K_RHEAD,
  K_RING,
} from "@netmap/engine";
import { PipeAdapter } from "./pipe_adapter.ts";
import { pipes } from "./pipes.ts";
import { freeObjects } from "./pipes_fixture.ts";

const SLOTS = 8;
const RINGS = 2;
const ENDS = ["p{1", "p}1", "p{2", "p}2", "q{1", "q}1"];

type Op =
  | { act: "open"; end: number; ring: number; extra: number }
  | { act: "close"; port: number }
  | { act: "sync"; port: number; tx: boolean }
  | { act: "advance"; port: number; ring: number; slots: number }
  | { act: "write"; port: number; ring: number; word: number; value: number };

const port = fc.nat({ max: 7 });
const ring = fc.nat({ max: 2 * RINGS - 1 });
const value = fc.oneof(fc.nat({ max: SLOTS }), fc.nat({ max: 400 }), fc.integer());
const op: fc.Arbitrary<Op> = fc.oneof(
  fc.record({
    act: fc.constant("open" as const),
    end: fc.nat({ max: ENDS.length - 1 }),
    // -1: all rings
    ring: fc.integer({ min: -1, max: RINGS - 1 }),
    extra: fc.oneof(fc.constant(0), fc.nat({ max: 4 })),
  }),
  fc.record({ act: fc.constant("close" as const), port }),
  fc.record({ act: fc.constant("sync" as const), port, tx: fc.boolean() }),
  fc.record({ act: fc.constant("advance" as const), port, ring, slots: fc.nat({ max: SLOTS }) }),
  fc.record({
    act: fc.constant("write" as const),
    port,
    ring,
    // head, cur and tail more often than the rest
    word: fc.oneof(fc.integer({ min: 4, max: 8 }), fc.nat({ max: 64 + SLOTS * 4 - 1 })),
    value,
  }),
);

/** Does one thing to the ports that are open. */
function apply(engine: Engine, open: Port[], op: Op): void {
  if (op.act === "open") {
    if (open.length > 7) return;
    try {
      open.push(openPort(engine.device, {
        name: ENDS[op.end],
        mode: op.ring < 0 ? NR_REG_ALL_NIC : NR_REG_ONE_NIC,
        ringId: Math.max(0, op.ring),
        rings: RINGS,
        slots: SLOTS,
        extraBuffers: op.extra,
      }));
    } catch (error) {
      // Someone who has the same ring open wrote nonsense into its header.
      assert(error instanceof NetmapError && error.code === "EINVAL", String(error));
      assert(open.some((port) => port.name === ENDS[op.end]));
    }
    return;
  }
  const port = open[op.port % Math.max(1, open.length)];
  if (port === undefined) return;
  if (op.act === "close") {
    port.close();
    open.splice(open.indexOf(port), 1);
  } else if (op.act === "sync") {
    if (op.tx) port.txsync();
    else port.rxsync();
  } else {
    const rings = [...port.txRings, ...port.rxRings];
    const { word } = rings[op.ring % rings.length];
    const { i32 } = port.memory;
    if (op.act === "write") i32[word + op.word] = op.value;
    else i32[word + 5] = i32[word + 6] = (i32[word + 5] + op.slots) % SLOTS;
  }
}

/** What holds of every pipe, whatever its users wrote. */
function checkKrings(engine: Engine): void {
  const { state } = engine.dp;
  for (const end of engine.ports.values()) {
    if (!(end instanceof PipeAdapter)) continue;
    for (const k of end.allKrings()) {
      for (const field of [K_HWCUR, K_HWTAIL, K_PEER_TAIL, K_RHEAD]) {
        assert(state[k + field] >= 0 && state[k + field] < state[k + K_NUM_SLOTS]);
      }
      if (state[k + K_RING] !== 0) assertEquals(state[k + K_NUM_SLOTS], SLOTS);
    }
  }
}

describe("pipes, whatever their users do", () => {
  it("do not throw, lose no buffer, and leave other pipes alone", () => {
    let number = 0;
    fc.assert(
      fc.property(
        fc.array(op, { maxLength: 60, size: "max" }),
        fc.infiniteStream(fc.nat()),
        (ops, order) => {
          using engine = createEngine({ features: [pipes()] });
          const before = freeObjects(engine);
          const left = openPort(engine.device, { name: "p{victim", slots: SLOTS });
          const right = openPort(engine.device, { name: "p}victim" });
          const { bufs } = engine.region(1);
          const open: Port[] = [];
          for (const op of ops) {
            apply(engine, open, op);
            checkKrings(engine);
            assertEquals(left.send([new Uint8Array(60).fill(++number & 0xff)]), 1);
            assertEquals(right.receive().map((got) => got[59]), [number & 0xff]);
            for (const ring of [...left.txRings, ...left.rxRings]) {
              for (let i = 0; i < SLOTS; i++) assert(bufs.isTaken(ring.bufIdx(i)));
            }
          }
          const all = [...open, left, right];
          for (const n of order) {
            all.splice(n % all.length, 1)[0].close();
            if (all.length === 0) break;
          }
          assertEquals([...engine.ports.keys()], []);
          assertEquals(freeObjects(engine), before);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("end as they began after thousands of opens and closes", () => {
    using engine = createEngine({ features: [pipes()] });
    const before = freeObjects(engine);
    const open: Port[] = [];
    let seed = 12345;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    let opened = 0;
    while (opened < 2000) {
      if (open.length > 0 && random(2) === 0) {
        open.splice(random(open.length), 1)[0].close();
        continue;
      }
      const end = ["{", "}"][random(2)];
      try {
        open.push(openPort(engine.device, {
          name: `p${random(3)}${end}${random(3)}`,
          rings: 1 + random(3),
          txSlots: 2 + random(60),
          extraBuffers: random(3),
        }));
        opened++;
      } catch (error) {
        assert(error instanceof NetmapError && error.code === "ENOMEM", String(error));
        open.splice(random(open.length), 1)[0].close();
      }
    }
    for (const port of open) port.close();
    assertEquals([...engine.ports.keys()], []);
    assertEquals(freeObjects(engine), before);
  });
});
