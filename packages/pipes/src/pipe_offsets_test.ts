import { openPort, type Port, type PortOverrides } from "@netmap/core";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "@netmap/engine";
import { pipes } from "./pipes.ts";

describe("pipes with offsets in their buffers", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [pipes()] });
  });

  afterEach(() => engine.close());

  const open = (name: string, overrides?: PortOverrides): Port =>
    openPort(engine.device, `netmap:${name}`, overrides);
  const offsets = { initial: 64, max: 256, bits: 16 };
  const carries = (from: Port, to: Port, offset: number): void => {
    const [tx] = from.txRings;
    const [rx] = to.rxRings;
    tx.setLen(tx.head, 60);
    if (offset !== 64) tx.setOffset(tx.head, offset);
    from.memory.u8[tx.bufOffset(tx.head)] = 42;
    assertEquals(from.memory.u8[tx.bufferOffset(tx.bufIdx(tx.head)) + offset], 42);
    tx.advance(1);
    from.txsync();
    to.rxsync();
    assertEquals([rx.space(), rx.offset(rx.head)], [1, offset]);
    assertEquals(to.memory.u8[rx.bufOffset(rx.head)], 42);
    from.memory.u8[rx.bufOffset(rx.head)] = 0;
    rx.advance(1);
    to.rxsync();
  };

  it("shows packets where they begin, at both ends, though only the first asked for it", () => {
    const left = open("p{1", { slots: 8, offsets });
    const right = open("p}1");
    for (const offset of [64, 200, 0]) {
      carries(left, right, offset);
      carries(right, left, offset);
    }
  });

  it("does so for rings that only the second end opened", () => {
    open("p{1-0", { slots: 8, rings: 2 });
    const right = open("p}1-1", { offsets });
    const left = open("p{1-1");
    carries(left, right, 64);
    carries(right, left, 64);
    carries(right, left, 128);
  });

  it("keeps them while an end is closed, also from a user who overwrites the header", () => {
    open("p{1", { slots: 8, offsets });
    const right = open("p}1");
    right.memory.i32.fill(0, right.rxRings[0].word + 14, right.rxRings[0].word + 16);
    right.close();
    const again = open("p}1");
    carries(again, open("p{1"), 64);
    assertEquals(again.rxRings[0].offset(0), 64);
  });

  it("leaves an end without them that was opened without", () => {
    const left = open("p{1", { slots: 8 });
    const right = open("p}1", { offsets: { ...offsets, initial: 0 } });
    carries(left, right, 0);
    const masks = [...left.txRings, ...left.rxRings].map(({ word }) => left.memory.i32[word + 14]);
    assertEquals(masks, [0, 0]);
  });
});
