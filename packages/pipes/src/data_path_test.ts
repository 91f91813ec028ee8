import {
  NS_BUF_CHANGED,
  NS_INDIRECT,
  NS_MOREFRAG,
  openPort,
  POLLIN,
  POLLOUT,
  PollSet,
  type Port,
  type Ring,
  signalEventfd,
} from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  createEngine,
  D_FD,
  D_WAKE,
  type Engine,
  type EngineDescriptor,
  K_HWCUR,
  K_PEER,
  K_PEER_TAIL,
  NR_TX,
  portCounters,
  WAKE_NONE,
} from "@netmap/engine";
import { pipes } from "./pipes.ts";
import { freeObjects, openWithDescriptor } from "./pipes_fixture.ts";

const SLOTS = 8;

describe("pipes' data path", () => {
  let engine: Engine;
  let before: unknown;
  let left: Port;
  let right: Port;
  let reader: EngineDescriptor;
  let tx: Ring;
  let rx: Ring;

  beforeEach(() => {
    engine = createEngine({ features: [pipes()] });
    before = freeObjects(engine);
    left = openPort(engine.device, "netmap:p{1", { slots: SLOTS });
    ({ port: right, descriptor: reader } = openWithDescriptor(engine, "netmap:p}1"));
    [tx] = left.txRings;
    [rx] = right.rxRings;
  });

  afterEach(() => {
    left.close();
    right.close();
    assertEquals(freeObjects(engine), before);
    engine.close();
  });

  /** Sends a slot of each pair of length and flags. */
  const send = (...slots: [len: number, flags: number][]): void => {
    for (const [len, flags] of slots) {
      tx.setLen(tx.head, len);
      tx.setFlags(tx.head, flags);
      tx.advance(1);
    }
    left.txsync();
  };
  const received = (): [len: number, flags: number][] => {
    right.rxsync();
    const list: [number, number][] = [];
    for (; !rx.empty(); rx.advance(1)) list.push([rx.len(rx.head), rx.slotFlags(rx.head)]);
    return list;
  };

  /** Brings the slots that the reader is done with back to the writer. */
  const giveBack = (): void => {
    right.rxsync();
    left.txsync();
  };

  it("carries length, flags, ptr and buffer of a slot as they are", () => {
    const idx = tx.bufIdx(0);
    tx.setPtr(0, 0x1234_5678_9abc_def0n);
    send([1500, 0x4500 | NS_INDIRECT]);
    assertEquals(rx.bufIdx(0), idx);
    assertEquals(received(), [[1500, 0x4500 | NS_INDIRECT]]);
    assertEquals(rx.ptr(0), 0x1234_5678_9abc_def0n);
    rx.setPtr(0, 7n);
    right.rxsync();
    assertEquals(tx.ptr(0), 7n);
  });

  it("carries whatever the user wrote into a slot, bounds and all", () => {
    const { i32 } = left.memory;
    const slot = tx.word + 64;
    const good = i32[slot];
    i32[slot] = -5;
    send([65535, 0xffff & ~NS_MOREFRAG]);
    right.rxsync();
    assertEquals([i32[rx.word + 64], rx.len(0)], [-5, 65535]);
    i32[rx.word + 64] = good;
  });

  it("reports a changed buffer once to the other end, and clears the mark at its own", () => {
    const [a, b] = [tx.bufIdx(0), tx.bufIdx(1)];
    tx.setBufIdx(0, b);
    tx.setBufIdx(1, a);
    send([60, NS_BUF_CHANGED], [60, NS_BUF_CHANGED], [60, 0]);
    assertEquals([0, 1, 2].map((i) => tx.slotFlags(i)), [0, 0, 0]);
    assertEquals(received().map(([, flags]) => flags), [NS_BUF_CHANGED, NS_BUF_CHANGED, 0]);
    assertEquals([rx.bufIdx(0), rx.bufIdx(1)], [b, a]);
    rx.setFlags(1, 0);
    right.rxsync();
    assertEquals([0, 1].map((i) => tx.slotFlags(i)), [NS_BUF_CHANGED, 0]);
    assertEquals([0, 1].map((i) => rx.slotFlags(i)), [0, 0]);
  });

  it("gives a reader's buffer to the writer with the slot that comes back", () => {
    send([60, 0], [60, 0]);
    right.rxsync();
    const [a, b] = [rx.bufIdx(0), rx.bufIdx(1)];
    rx.setBufIdx(0, b);
    rx.setBufIdx(1, a);
    rx.advance(2);
    assertEquals([tx.bufIdx(0), tx.bufIdx(1)], [a, b]);
    right.rxsync();
    assertEquals([tx.bufIdx(0), tx.bufIdx(1)], [b, a]);
  });

  it("publishes packets of several slots when they are whole", () => {
    send([60, 0], [1, NS_MOREFRAG], [2, NS_MOREFRAG]);
    assertEquals(received(), [[60, 0]]);
    send([3, NS_MOREFRAG]);
    assertEquals(received(), []);
    send([4, 0], [5, NS_MOREFRAG]);
    assertEquals(received(), [1, 2, 3, 4].map((len) => [len, len === 4 ? 0 : NS_MOREFRAG]));
    giveBack();
    // Around the end of the ring.
    send([6, NS_MOREFRAG], [7, NS_MOREFRAG]);
    assertEquals(received(), []);
    send([8, 0], [9, 0]);
    assertEquals(received().map(([len]) => len), [5, 6, 7, 8, 9]);
    const counters = portCounters(engine.ports.get("p{1")!).tx;
    assertEquals([counters.packets, counters.bytes], [4, 60 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9]);
  });

  it("takes what is published by slots given back, partially too", () => {
    send(...Array.from({ length: SLOTS - 1 }, (_, i): [number, number] => [60 + i, 0]));
    assertEquals(tx.space(), 0);
    right.rxsync();
    assertEquals(rx.space(), SLOTS - 1);
    rx.advance(3);
    giveBack();
    assertEquals([tx.space(), rx.space()], [3, SLOTS - 4]);
    send([1, 0], [2, 0]);
    assertEquals(received().map(([len]) => len), [63, 64, 65, 66, 1, 2]);
    giveBack();
    assertEquals(tx.space(), SLOTS - 1);
  });

  it("leaves a slot before cur to the reader", () => {
    send([1, 0], [2, 0], [3, 0]);
    right.rxsync();
    rx.cur = 2;
    right.rxsync();
    left.txsync();
    assertEquals([rx.head, rx.space(), tx.space()], [0, 3, SLOTS - 1 - 3]);
    assertEquals(right.poll(POLLIN, 0), POLLIN);
    rx.cur = rx.tail;
    assertEquals(right.poll(POLLIN, 0), 0);
  });

  it("resets the ring of a writer whose head makes no sense, the reader sees nothing of it", () => {
    send([1, 0], [2, 0]);
    tx.head = 6;
    left.memory.i32[tx.word + 5] = -3;
    left.txsync();
    assertEquals([tx.head, tx.cur], [2, 2]);
    rx.head = 5;
    assertEquals(right.poll(POLLIN, 0) & POLLIN, POLLIN);
    assertEquals([rx.head, rx.cur], [0, 0]);
    send([3, 0]);
    assertEquals(received().map(([len]) => len), [1, 2, 3]);
    assertEquals(portCounters(engine.ports.get("p{1")!).tx.reinits, 1);
    assertEquals(portCounters(engine.ports.get("p}1")!).rx.reinits, 1);
  });

  it("counts packets and bytes at both ends", () => {
    send([60, 0], [100, 0]);
    right.send([new Uint8Array(33)]);
    left.receive();
    const [a, b] = ["p{1", "p}1"].map((name) => portCounters(engine.ports.get(name)!));
    assertEquals([a.tx.packets, a.tx.bytes, a.rx.packets, a.rx.bytes], [2, 160, 1, 33]);
    assertEquals([b.tx.packets, b.tx.bytes, b.rx.packets, b.rx.bytes], [1, 33, 2, 160]);
  });

  it("does to long batches what slot by slot would do", () => {
    const slot = fc.tuple(
      fc.nat({ max: 65535 }),
      fc.constantFrom(0, 0, 0, 0, 0, 0, NS_BUF_CHANGED, NS_MOREFRAG, NS_BUF_CHANGED | NS_MOREFRAG),
    );
    const round = fc.record({
      sent: fc.array(slot, { maxLength: 63, size: "max" }),
      back: fc.nat({ max: 63 }),
      marked: fc.nat({ max: 63 }),
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 12, size: "max" }), (rounds) => {
        using a = openPort(engine.device, "netmap:long{1", { slots: 64 });
        using b = openPort(engine.device, "netmap:long}1");
        const [ta] = a.txRings;
        const [rb] = b.rxRings;
        // Slots that were sent and not given back; how many of them a whole packet ends.
        const way: [len: number, flags: number][] = [];
        let whole = 0;
        let bytes = 0;
        for (const { sent, back, marked } of rounds) {
          a.txsync();
          assertEquals(ta.space(), 63 - way.length);
          const first = ta.head;
          const taken = sent.slice(0, ta.space());
          for (const [len, flags] of taken) {
            ta.setLen(ta.head, len);
            ta.setFlags(ta.head, flags);
            ta.advance(1);
            way.push([len, flags]);
            bytes += len;
            if ((flags & NS_MOREFRAG) === 0) whole = way.length;
          }
          a.txsync();
          taken.forEach(([len, flags], i) => {
            const at = (first + i) % 64;
            assertEquals([ta.len(at), ta.slotFlags(at)], [len, flags & ~NS_BUF_CHANGED]);
          });
          b.rxsync();
          const start = rb.head;
          const got = Array.from({ length: rb.space() }, (_, i): [number, number] => {
            const at = (start + i) % 64;
            return [rb.len(at), rb.slotFlags(at)];
          });
          assertEquals(got, way.slice(0, whole));
          const given = Math.min(back, rb.space());
          for (let i = 0; i < given; i++) {
            rb.setFlags(rb.head, i === marked ? NS_BUF_CHANGED : 0);
            rb.advance(1);
          }
          b.rxsync();
          for (let i = 0; i < given; i++) {
            const at = (start + i) % 64;
            assertEquals([ta.slotFlags(at), rb.slotFlags(at)], [
              i === marked ? NS_BUF_CHANGED : 0,
              0,
            ]);
          }
          way.splice(0, given);
          whole -= given;
        }
        const counters = portCounters(engine.ports.get("long{1")!).tx;
        assertEquals([counters.bytes, counters.reinits], [bytes, 0]);
      }),
      { numRuns: 60 },
    );
  });

  describe("when a thread died within a sync", () => {
    it("the next txsync publishes what was copied over, once", () => {
      const k = engine.ports.get("p{1")!.kring(NR_TX, 0);
      const { state } = engine.dp;
      const peer = state[k + K_PEER];
      send([1, 0]);
      const tail = state[peer + K_PEER_TAIL];
      send([2, 0]);
      // As if it had ended before the tail was written.
      state[peer + K_PEER_TAIL] = tail;
      assertEquals(received().map(([len]) => len), [1]);
      left.txsync();
      assertEquals(received().map(([len]) => len), [2]);
      left.txsync();
      assertEquals(received(), []);
    });

    it("the next rxsync publishes what was given back", () => {
      const k = engine.ports.get("p{1")!.kring(NR_TX, 0);
      const { state } = engine.dp;
      send([1, 0], [2, 0]);
      received();
      const tail = state[k + K_PEER_TAIL];
      right.rxsync();
      assert(state[k + K_PEER_TAIL] !== tail);
      state[k + K_PEER_TAIL] = tail;
      right.rxsync();
      left.txsync();
      assertEquals(tx.space(), SLOTS - 1);
    });

    it("the next txsync copies again what was not yet taken note of", () => {
      const k = engine.ports.get("p{1")!.kring(NR_TX, 0);
      const { state } = engine.dp;
      const peer = state[k + K_PEER];
      const cur = state[k + K_HWCUR];
      const tail = state[peer + K_PEER_TAIL];
      send([1, 0], [2, 0]);
      state[k + K_HWCUR] = cur;
      state[peer + K_PEER_TAIL] = tail;
      assertEquals(received(), []);
      left.txsync();
      assertEquals(received().map(([len]) => len), [1, 2]);
    });
  });

  describe("waking", () => {
    /** Whether the reader's eventfd was signalled. */
    const signalled = (): boolean => {
      const fd = engine.dp.state[reader.word + D_FD];
      const set = new PollSet();
      set.add(fd, POLLIN);
      return set.wait(0) === 1;
    };

    it("signals nobody who does not wait", async () => {
      setTimeout(() => send([1, 0]), 5);
      assertEquals(await right.wait(POLLIN), POLLIN);
      assertEquals(engine.dp.state[reader.word + D_WAKE], WAKE_NONE);
      assert(!signalled());
      for (let i = 0; i < 100; i++) {
        send([1, 0]);
        received();
      }
      assert(!signalled());
    });

    it("wait() of a reader ends when a packet is whole", async () => {
      let done = false;
      const waiting = right.wait(POLLIN).then((events) => {
        done = true;
        return events;
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
      send([1, NS_MOREFRAG]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals([done, signalled()], [false, false]);
      send([1, 0]);
      assertEquals(await waiting, POLLIN);
      assertEquals(received().length, 2);
    });

    it("wait() of a writer ends when there is room", async () => {
      send(...Array.from({ length: SLOTS - 1 }, (): [number, number] => [60, 0]));
      assertEquals(left.poll(POLLOUT, 0), 0);
      setTimeout(() => {
        received();
        right.rxsync();
      }, 5);
      assertEquals(await left.wait(POLLOUT), POLLOUT);
      assertEquals(tx.space(), SLOTS - 1);
    });

    it("fd of an end becomes readable whenever something comes", () => {
      const set = new PollSet();
      set.add(right.fd, POLLIN);
      assertEquals(set.wait(0), 0);
      send([1, 0]);
      assertEquals(set.wait(1000), 1);
    });

    it("poll() takes no false alarm for a packet", () => {
      assertEquals(right.poll(POLLIN, 1), 0);
      signalEventfd(engine.dp.state[reader.word + D_FD]);
      assertEquals(right.poll(POLLIN, 5), 0);
    });
  });
});
