import { NETMAP_IF, openPort, type Port, type PortOverrides, structView } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  createEngine,
  DEFAULT_SIZES,
  type Engine,
  ENTERED,
  K_FLAGS,
  K_RING,
  leave,
  NKR_FAKERING,
  NKR_NEEDRING,
  NR_RX,
  NR_TX,
  STOPPED,
  tryEnter,
} from "@netmap/engine";
import type { PipeAdapter } from "./pipe_adapter.ts";
import { pipes } from "./pipes.ts";
import { Boxes, codeOf, freeObjects, register } from "./pipes_fixture.ts";

const frame = (n: number): Uint8Array => new Uint8Array(60).fill(n);

describe("PipeAdapter", () => {
  let engine: Engine;
  let boxes: Boxes;
  let before: unknown;

  beforeEach(() => {
    boxes = new Boxes();
    engine = createEngine({
      features: [pipes(), boxes],
      pools: {
        if: { count: 40, size: 8192 },
        ring: { count: 1100, size: 17 * 4096 },
        buf: DEFAULT_SIZES.buf,
      },
    });
    before = freeObjects(engine);
  });

  afterEach(() => {
    for (const descriptor of [...engine.descriptors.values()]) descriptor.close();
    assertEquals([...engine.ports.keys()], []);
    assertEquals(freeObjects(engine), before);
    engine.close();
  });

  const open = (name: string, overrides?: PortOverrides): Port =>
    openPort(engine.device, `netmap:${name}`, overrides);
  const takenBuffers = (): number => {
    const { bufs } = engine.region(1);
    return bufs.total - bufs.reserved - bufs.free;
  };
  const indexes = (port: Port): number[] =>
    [...port.txRings, ...port.rxRings].flatMap((ring) =>
      Array.from({ length: ring.numSlots }, (_, i) => ring.bufIdx(i))
    );

  it("shows one set of buffers at both ends", () => {
    const left = open("p{1", { txSlots: 8, rxSlots: 16 });
    assertEquals(takenBuffers(), 24);
    const right = open("p}1");
    assertEquals(takenBuffers(), 24);
    assertEquals(new Set(indexes(left)).size, 24);
    assertEquals(
      Array.from({ length: 8 }, (_, i) => left.txRings[0].bufIdx(i)),
      Array.from({ length: 8 }, (_, i) => right.rxRings[0].bufIdx(i)),
    );
    assertEquals(new Set([...indexes(left), ...indexes(right)]).size, 24);
  });

  it("marks both rings of a pair as fake and needed", () => {
    open("p{1", { rings: 2 });
    const { state } = engine.dp;
    for (const name of ["p{1", "p}1"]) {
      const end = engine.ports.get(name)!;
      for (const dir of [NR_TX, NR_RX]) {
        for (let i = 0; i < 2; i++) {
          const flags = state[end.kring(dir, i) + K_FLAGS];
          assertEquals(flags & (NKR_FAKERING | NKR_NEEDRING), NKR_FAKERING | NKR_NEEDRING);
          assert(state[end.kring(dir, i) + K_RING] !== 0);
        }
      }
    }
  });

  it("carries frames both ways on as many rings as asked, whatever the sizes", () => {
    for (const [rings, slots] of [[1, 2], [3, 5], [16, 64], [2, 4096]]) {
      using left = open("p{1", { rings, slots });
      using right = open("p}1");
      const each = rings * (slots - 1);
      const sent = Array.from({ length: each }, (_, i) => frame(i % 251));
      for (const [from, to] of [[left, right], [right, left]]) {
        assertEquals(from.send(sent), each);
        assertEquals(from.send([frame(0)]), 0);
        assertEquals([...to.receive()].map((got) => got[7]), sent.map((one) => one[7]));
        assertEquals(to.receive().length, 0);
        assertEquals(from.send([frame(0)]), 1);
        assertEquals(to.receive().length, 1);
      }
    }
  });

  it("has up to 256 rings and 4096 slots, and no more", () => {
    using left = open("p{1", { rings: 1000, slots: 12 });
    const { txRings, rxRings } = left.reply;
    assertEquals([txRings, rxRings, left.txRings.length, left.rxRings.length], [
      256,
      256,
      256,
      256,
    ]);
    using right = open("p}1");
    left.txRings[255].setLen(0, 77);
    left.txRings[255].advance(1);
    left.txsync();
    right.rxsync();
    assertEquals(right.rxRings.map((ring) => ring.space()).indexOf(1), 255);
    assertEquals(right.rxRings[255].len(0), 77);
    left.close();
    right.close();
    using long = open("p{1", { slots: 9999 });
    assertEquals(long.txRings[0].numSlots, 4096);
  });

  it("has each end as it was when the end is opened again, whichever was closed", () => {
    for (const closing of ["left", "right"]) {
      const ports: Record<string, Port> = { left: open("p{1", { slots: 8 }), right: open("p}1") };
      const names: Record<string, string> = { left: "p{1", right: "p}1" };
      ports.left.send([frame(1), frame(2), frame(3)]);
      ports.right.send([frame(11), frame(12)]);
      for (let times = 0; times < 3; times++) {
        ports[closing].close();
        assertEquals(takenBuffers(), 16);
        ports[closing] = open(names[closing]);
      }
      assertEquals(ports.left.receive().map((got) => got[0]), [11, 12]);
      assertEquals(ports.right.receive(2).map((got) => got[0]), [1, 2]);
      ports[closing].close();
      ports[closing] = open(names[closing]);
      ports.left.rxsync();
      ports.left.txsync();
      assertEquals(ports.right.receive().map((got) => got[0]).at(-1), 3);
      ports.left.close();
      ports.right.close();
      assertEquals(freeObjects(engine), before);
    }
  });

  it("has a ring's header as it should be when the end is opened again", () => {
    open("p{1", { slots: 8 });
    const right = open("p}1");
    const { memory } = right;
    const at = right.rxRings[0].word;
    const header = [...memory.i32.subarray(at, at + 5)];
    memory.i32.fill(-1, at, at + 5);
    right.close();
    assertEquals(open("p}1").rxRings[0].numSlots, 8);
    assertEquals([...memory.i32.subarray(at, at + 5)], header);
  });

  it("ends with the last of its ends, in whatever order they open and close", () => {
    for (const first of ["p{1", "p}1"]) {
      for (const closeFirst of [0, 1]) {
        const ends = [open(first), open(first === "p{1" ? "p}1" : "p{1")];
        ends[closeFirst].close();
        assert(engine.ports.has("p{1") && engine.ports.has("p}1"));
        ends[1 - closeFirst].close();
        assertEquals([...engine.ports.keys()], []);
        assertEquals(freeObjects(engine), before);
      }
    }
  });

  it("stops its rings before they go, for a thread that comes late", () => {
    const left = open("p{1");
    const ends = ["p{1", "p}1"].map((name) => engine.ports.get(name)!);
    const krings = ends.flatMap((end) => [end.kring(NR_TX, 0), end.kring(NR_RX, 0)]);
    assertEquals(krings.map((k) => tryEnter(engine.dp, k)), krings.map(() => ENTERED));
    for (const k of krings) leave(engine.dp, k);
    left.close();
    assertEquals(krings.map((k) => tryEnter(engine.dp, k)), krings.map(() => STOPPED));
  });

  it("keeps packets for an end that is not open yet", () => {
    const left = open("p{1");
    assertEquals(left.send([frame(5)]), 1);
    assertEquals(open("p}1").receive().map((got) => got[0]), [5]);
  });

  it("is opened by several descriptors, also ring by ring", () => {
    const left = open("p{1", { rings: 3, slots: 8 });
    const right = [0, 1, 2].map((i) => open(`p}1-${i}`));
    assertEquals(takenBuffers(), 48);
    left.send(Array.from({ length: 21 }, (_, i) => frame(i)));
    assertEquals(right.map((port) => port.receive().map((got) => got[0])), [
      [0, 1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12, 13],
      [14, 15, 16, 17, 18, 19, 20],
    ]);
    left.close();
    right[1].close();
    assertEquals(takenBuffers(), 48);
    assertEquals(codeOf(() => open("p}1-1").close()), "");
  });

  it("makes rings only where someone opened one of the pair", () => {
    const left = open("p{1-0", { rings: 3, slots: 8 });
    assertEquals(takenBuffers(), 16);
    // netmap shows the second end's buffers as 0 here: it copies them from the empty ring.
    const right = open("p}1-1");
    assertEquals(takenBuffers(), 32);
    assert(indexes(right).every((idx) => idx >= 2));
    assertEquals(new Set([...indexes(left), ...indexes(right)]).size, 32);
    const other = open("p{1-1");
    assertEquals(new Set([...indexes(right), ...indexes(other)]).size, 16);
    assertEquals(right.send([frame(9)]), 1);
    assertEquals(other.receive().map((got) => got[0]), [9]);
  });

  it("hangs on another pipe, and keeps it", () => {
    const outer = open("p{1");
    register(engine, "p{1{2");
    outer.close();
    register(engine, "p{1}2");
    assert(engine.ports.has("p{1") && engine.ports.has("p"));
  });

  it("lives on when its parent goes away, and both its ends can still be opened", () => {
    boxes.add(engine, "box");
    const left = open("box{1", { slots: 8 });
    boxes.remove("box");
    const right = open("box}1");
    assertEquals(left.send([frame(3)]), 1);
    assertEquals(right.receive().map((got) => got[0]), [3]);
    left.close();
    assertEquals(open("box{1").send([frame(4)]), 1);
    assertEquals(right.receive().map((got) => got[0]), [4]);
    assertEquals(takenBuffers(), 16);
  });

  it("is another pipe when another parent has the name by then", () => {
    boxes.add(engine, "box");
    const old = open("box{1", { slots: 8 });
    boxes.remove("box");
    boxes.add(engine, "box");
    const left = open("box{1", { slots: 8 });
    assertEquals(old.send([frame(1)]), 1);
    assertEquals(left.send([frame(2)]), 1);
    assertEquals(open("box}1").receive().map((got) => got[0]), [2]);
    old.close();
    assert(engine.ports.has("box{1"));
    boxes.remove("box");
  });

  it("leaves everything as it was when an end cannot be had", () => {
    using left = open("p{1-0", { rings: 2, slots: 64 });
    const { ifs, rings } = engine.region(1);
    const free = freeObjects(engine);
    const taken: [typeof ifs, number][] = [];
    // Rings for one end of the second pair are left, but not for both.
    while (rings.free > 2) taken.push([rings, rings.alloc()]);
    assertEquals(codeOf(() => open("p}1-1")), "ENOMEM");
    for (const [pool, index] of taken.splice(0)) pool.release(index);
    // Nothing of the failed attempt is made up for later.
    const buffers = takenBuffers();
    const again = open("p{1-0");
    assertEquals(takenBuffers(), buffers);
    again.close();
    while (ifs.free > 0) taken.push([ifs, ifs.alloc()]);
    assertEquals(codeOf(() => open("p}1")), "ENOMEM");
    assertEquals(codeOf(() => open("p{2")), "ENOMEM");
    for (const [pool, index] of taken) pool.release(index);
    assertEquals(freeObjects(engine), free);
    using right = open("p}1");
    assertEquals(left.send([frame(1)]), 1);
    assertEquals(right.receive().length, 1);
  });

  it("gives extra buffers, which may be swapped into slots and go to the other end", () => {
    const left = open("p{1", { slots: 8, extraBuffers: 5 });
    const right = open("p}1", { extraBuffers: 3 });
    assertEquals(takenBuffers(), 16 + 8);
    const spare = left.extraBuffers();
    assertEquals([spare.length, right.extraBuffers().length], [5, 3]);
    const [tx] = left.txRings;
    for (let i = 0; i < spare.length; i++) {
      left.memory.u8[tx.bufferOffset(spare[i])] = 100 + i;
      const mine = tx.bufIdx(tx.head);
      tx.setBufIdx(tx.head, spare[i]);
      tx.setLen(tx.head, 60);
      spare[i] = mine;
      tx.advance(1);
    }
    left.setExtraBuffers(spare);
    left.txsync();
    assertEquals(right.receive().map((got) => got[0]), [100, 101, 102, 103, 104]);
    left.close();
    assertEquals(takenBuffers(), 16 + 3);
    right.close();
    assertEquals(freeObjects(engine), before);
  });

  it("accounts for buffers that a reader moved elsewhere while others hold extra buffers", () => {
    // Someone's extra buffers keep the engine from looking for lost ones.
    const holder = open("q{1", { slots: 8, extraBuffers: 4 });
    const left = open("p{1", { slots: 8 });
    const right = open("p}1");
    left.send([1, 2, 3, 4].map(frame));
    right.rxsync();
    const [rx] = right.rxRings;
    const list = holder.extraBuffers();
    // The writer's slot still names the buffer that is now on the holder's list.
    const moved = rx.bufIdx(1);
    rx.setBufIdx(1, list[0]);
    list[0] = moved;
    holder.setExtraBuffers(list);
    left.close();
    right.close();
    assertEquals(takenBuffers(), 16 + 4);
    assert(engine.region(1).bufs.isTaken(moved));
  });

  it("gives every buffer back when it is closed within a packet", () => {
    open("q{1", { slots: 8, extraBuffers: 4 });
    const left = open("p{1", { slots: 8 });
    const right = open("p}1");
    const [tx] = left.txRings;
    for (let i = 0; i < 3; i++) tx.setFlags(i, 0x20);
    tx.advance(3);
    left.txsync();
    right.rxsync();
    assertEquals(right.rxRings[0].space(), 0);
    left.close();
    right.close();
    assertEquals(takenBuffers(), 16 + 4);
  });

  it("tells its name, its parent's region and no host rings in the netmap_if", () => {
    const { descriptor, reply } = register(engine, "p}1");
    const view = structView(NETMAP_IF, descriptor.memory.u8, reply.offset);
    assertEquals([view.name, view.txRings, view.rxRings], ["p}1", 1, 1]);
    const end = descriptor.registration!.adapter as PipeAdapter;
    assertEquals([end.role, end.peer.role, end.parent.name], ["slave", "master", "p"]);
    assertEquals(end.region, end.parent.region);
  });
});
