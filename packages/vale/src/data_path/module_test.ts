import { NS_PORT_SHIFT, openPort, type Port } from "@netmap/core";
import { createEngine, DataPath, type Engine, txsync } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { BROADCAST, NO_PORT, S_MODULE, S_MODULE_ERRORS, S_READERS } from "../layout.ts";
import { regops } from "../regops.ts";
import { vale } from "../vale.ts";
import {
  lastModuleError,
  type LookupBatch,
  type LookupView,
  registerModule,
  setModule,
} from "./module.ts";
import {
  EVERYBODY,
  frame,
  numbers,
  openPorts,
  range,
  switchRecord,
  txCounters,
} from "./traffic_fixture.ts";
import { valeKind } from "./vale_kind.ts";

describe("A module", () => {
  let engine: Engine;
  let ports: Port[];
  let s: number;
  const got = (): number[][] => ports.map((port) => numbers(port.receive()));

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ports = openPorts(engine, 3, { rxRings: 2, slots: 128 });
    s = switchRecord(engine);
  });

  afterEach(() => engine.close());

  it("sees each frame with its sender, and says where it goes", () => {
    const seen: unknown[] = [];
    regops(engine, "vale0:", {
      privateData: { base: 1 },
      lookup(view: LookupView): number {
        const { u8, at, length, packetLength, port, ring, flags } = view;
        seen.push([u8[at + 17], length, packetLength, port, ring, flags]);
        return (view.privateData as { base: number }).base + u8[at + 17] % 2;
      },
    });
    ports[0].send([frame(9, 8, 4), frame(9, 8, 5, 100), frame(9, 8, 6)]);
    assertEquals(got(), [[], [4, 6], [5]]);
    assertEquals(seen, [[4, 60, 60, 0, 0, 0], [5, 100, 100, 0, 0, 0], [6, 60, 60, 0, 0, 0]]);
  });

  it("may send by the upper byte of the slot's flags", () => {
    regops(engine, "vale0:", { lookup: (view) => view.flags >> NS_PORT_SHIFT });
    const ring = ports[0].txRings[0];
    for (const dst of [1, 2, BROADCAST, NO_PORT, 77, 0]) {
      ports[0].memory.u8.set(frame(9, 8, dst), ring.bufOffset(ring.head));
      ring.setSlot(ring.head, 60, dst << NS_PORT_SHIFT);
      ring.advance(1);
    }
    ports[0].txsync();
    assertEquals(got(), [[], [1, BROADCAST], [2, BROADCAST]]);
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 3);
  });

  it("chooses the receiver's ring, modulo those that there are", () => {
    regops(engine, "vale0:", {
      lookup(view) {
        view.ring = view.u8[view.at + 17];
        return 1;
      },
    });
    ports[0].send(range(0, 6).map((n) => frame(9, 8, n)));
    ports[1].rxsync();
    const counts = ports[1].rxRings.map((ring) => ring.space());
    assertEquals(counts, [3, 3]);
  });

  it("drops a frame by whatever is no port, and keeps the others", () => {
    const answers: unknown[] = [NaN, undefined, -1, 1e9, 255, 1.5, "x", null, 1, 2];
    regops(engine, "vale0:", { lookup: () => answers.shift() as number });
    ports[0].send(range(0, 10).map((n) => frame(9, 8, n)));
    // 1.5 is port 1 in a typed array, and null is 0: the sender.
    assertEquals(got(), [[], [5, 8], [9]]);
  });

  it("that throws loses the frame, is counted and remembered; the switch goes on", () => {
    regops(engine, "vale0:", {
      lookup(view) {
        if (view.u8[view.at + 17] === 5) throw new RangeError("no 5");
        return 1;
      },
    });
    ports[0].send(range(4, 8).map((n) => frame(9, 8, n)));
    assertEquals(got(), [[], [4, 6, 7], []]);
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 1);
    assertEquals(engine.dp.state[s + S_MODULE_ERRORS], 1);
    assertEquals((lastModuleError(engine.dp, s) as Error).message, "no 5");
    regops(engine, "vale0:", null);
    assertEquals(lastModuleError(engine.dp, s), undefined);
    ports[0].send([frame(9, 8, 1)]);
    assertEquals(got(), [[], [1], [1]]);
  });

  it("may decide for a batch at once; nothing decided is dropped, and so is all when it throws", () => {
    let mode = 0;
    const seen: number[] = [];
    regops(engine, "vale0:", {
      lookupBatch(batch: LookupBatch) {
        const { u8, at, dst, ring, count, port, sourceRing } = batch;
        seen.push(count, port, sourceRing);
        for (let n = 0; n < count; n++) {
          const number = u8[at[n] + 17];
          if (number % 3 < 2) dst[n] = number % 3 + 1;
          ring[n] = 0;
        }
        if (mode === 1) throw new Error("late");
      },
    });
    ports[0].send(range(0, 9).map((n) => frame(9, 8, n)));
    assertEquals(got(), [[], [0, 3, 6], [1, 4, 7]]);
    assertEquals(seen, [9, 0, 0]);
    mode = 1;
    ports[0].send(range(0, 9).map((n) => frame(9, 8, n)));
    assertEquals(got(), [[], [], []]);
    assertEquals((lastModuleError(engine.dp, s) as Error).message, "late");
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 3 + 9);
  });

  it("sees the frame behind a header and in a later fragment", () => {
    regops(engine, "vale0:", { lookup: (view) => view.u8[view.at + 17] });
    const ring = ports[0].txRings[0];
    ports[0].memory.u8.set(frame(9, 8, 2), ring.bufOffset(1));
    ring.setSlot(0, 0, 0x20);
    ring.setSlot(1, 60, 0);
    ring.advance(2);
    ports[0].txsync();
    assertEquals(got(), [[], [], [2]]);
  });

  it("is code that each thread has to have: without it frames are dropped there", () => {
    const id = setModule(engine.dp, s, { lookup: () => 2 });
    assertEquals(engine.dp.state[s + S_MODULE], id);
    using other = DataPath.attach(engine.imageHandle, [valeKind]);
    const d = [...engine.descriptors.values()][0].word;
    const send = (n: number): void => {
      const ring = ports[0].txRings[0];
      ports[0].memory.u8.set(frame(9, 8, n), ring.bufOffset(ring.head));
      ring.setSlot(ring.head, 60, 0);
      ring.advance(1);
      txsync(other, d);
    };
    send(1);
    assertEquals(got(), [[], [], []]);
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 1);
    const { message } = lastModuleError(other, s) as Error;
    assertEquals(message.includes(`module ${id}`) && message.includes("registerModule"), true);
    registerModule(other, id, { lookup: () => 2 });
    send(3);
    assertEquals(got(), [[], [], [3]]);
  });

  it("that forwards within a lookup does so in scratch memory of its own", () => {
    using inner = openPort(engine.device, { name: "vale1:in", slots: 64 });
    using out = openPort(engine.device, { name: "vale1:out", slots: 64 });
    const tx = inner.txRings[0];
    regops(engine, "vale0:", {
      lookup(view) {
        inner.memory.u8.set(view.u8.subarray(view.at, view.at + 60), tx.bufOffset(tx.head));
        tx.setSlot(tx.head, 60, 0);
        tx.advance(1);
        inner.txsync();
        return 1;
      },
    });
    ports[0].send(range(0, 20).map((n) => frame(EVERYBODY, 8, n)));
    assertEquals(got(), [[], range(0, 20), []]);
    assertEquals(numbers(out.receive()), range(0, 20));
  });

  it("that forwards through its own switch within a lookup stays within it until the end", () => {
    const within: number[] = [];
    const { state, owner } = engine.dp;
    regops(engine, "vale0:", {
      lookup(view) {
        if (view.port === 0) {
          ports[1].send([frame(9, 8, 50 + view.u8[view.at + 17])]);
          within.push(state[s + S_READERS + owner]);
        }
        return 2;
      },
    });
    ports[0].send([frame(9, 8, 1), frame(9, 8, 2)]);
    assertEquals(got(), [[], [], [51, 52, 1, 2]]);
    assertEquals([within, state[s + S_READERS + owner]], [[owner, owner], 0]);
  });
});
