import { NS_NO_LEARN, openPort, type Port, slotWord } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { attach, delif, detach, newif } from "../requests.ts";
import { forwardingTable } from "../stats.ts";
import { vale } from "../vale.ts";
import { F_TIME, F_WAYS, F_WORDS, S_FDB, S_FDB_MASK, S_MAX_AGE } from "../layout.ts";
import {
  addressText,
  EVERYBODY,
  frame,
  numbers,
  openPorts,
  range,
  rxCounters,
  switchRecord,
  teach,
  txCounters,
} from "./traffic_fixture.ts";

describe("The learning bridge", () => {
  let engine: Engine;
  let ports: Port[];
  /** What each port has got. */
  const got = (): number[][] => ports.map((port) => numbers(port.receive()));

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ports = openPorts(engine, 4);
  });

  afterEach(() => engine.close());

  it("sends an unknown address to everybody but the sender", () => {
    ports[1].send([frame(99, 2, 5)]);
    assertEquals(got(), [[5], [], [5], [5]]);
  });

  it("sends a broadcast and a multicast to everybody but the sender", () => {
    const multicast = frame(1, 2, 6);
    multicast[0] = 1;
    ports[2].send([frame(EVERYBODY, 2, 5), multicast]);
    assertEquals(got(), [[5, 6], [5, 6], [], [5, 6]]);
  });

  it("sends a known address to its port alone", () => {
    teach(ports);
    ports[0].send([frame(3, 1, 5), frame(2, 1, 6), frame(4, 1, 7), frame(3, 1, 8)]);
    assertEquals(got(), [[], [6], [5, 8], [7]]);
  });

  it("drops what is for the sender itself, and counts it", () => {
    teach(ports);
    ports[0].send([frame(1, 9, 5), frame(2, 9, 6)]);
    assertEquals(got(), [[], [6], [], []]);
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 1);
  });

  it("learns from each frame of a batch before it looks up the next", () => {
    ports[3].send([frame(EVERYBODY, 70)]);
    got();
    // 70 moves to port 0 within the batch: the second frame would come back.
    ports[0].send([frame(70, 1, 1), frame(2, 70, 2), frame(70, 1, 3)]);
    assertEquals(got(), [[], [2], [2], [1, 2]]);
    assertEquals(txCounters(engine, ports[0]).dropNoDestination, 1);
    // The address that is sent to may be the one that has just moved.
    ports[3].send([frame(EVERYBODY, 71)]);
    got();
    ports[0].send([frame(71, 1, 1), frame(71, 71, 2), frame(71, 1, 3)]);
    assertEquals(got(), [[], [], [], [1]]);
  });

  it("follows an address that moves away and comes back", () => {
    ports[0].send([frame(EVERYBODY, 50)]);
    ports[1].send([frame(EVERYBODY, 50)]);
    ports[0].send([frame(EVERYBODY, 50)]);
    got();
    ports[2].send([frame(50, 3, 8)]);
    assertEquals(got(), [[8], [], [], []]);
  });

  it("does not learn from NS_NO_LEARN, nor from a source that is a group", () => {
    const ring = ports[0].txRings[0];
    ring.setFlags(ring.head, NS_NO_LEARN);
    const bytes = frame(EVERYBODY, 50);
    ports[0].memory.u8.set(bytes, ring.bufOffset(ring.head));
    ring.setSlot(ring.head, bytes.length, NS_NO_LEARN);
    ring.advance(1);
    ports[0].txsync();
    const group = frame(EVERYBODY, 51);
    group[6] |= 1;
    ports[0].send([group]);
    assertEquals(got().map((list) => list.length), [0, 2, 2, 2]);
    assertEquals(forwardingTable(engine, "vale0:"), []);
  });

  it("forgets what is older than the switch allows", () => {
    teach(ports);
    assertEquals(
      forwardingTable(engine, "vale0:").map((entry) => [entry.address, entry.port]).sort(),
      range(0, 4).map((n) => [addressText(n + 1), n]),
    );
    // The age of all entries becomes 10: time is only what they are compared with.
    const s = switchRecord(engine);
    engine.dp.state[s + S_MAX_AGE] = 5;
    ageTable(engine, s, 10);
    assertEquals(forwardingTable(engine, "vale0:"), []);
    ports[0].send([frame(2, 1, 5)]);
    assertEquals(got(), [[], [5], [5], [5]]);
    assertEquals(forwardingTable(engine, "vale0:").map((entry) => entry.address), [addressText(1)]);
  });

  it("forgets the addresses of a port that is closed", () => {
    teach(ports);
    ports[1].close();
    const [a, , c, d] = ports;
    a.send([frame(2, 1, 5)]);
    assertEquals([c, d].map((port) => numbers(port.receive())), [[5], [5]]);
  });

  it("keeps broadcasts and unicast frames of a sender in their order", () => {
    teach(ports);
    const sent: Uint8Array[] = [];
    const expected: number[][] = [[], [], [], []];
    for (let n = 0; n < 60; n++) {
      const to = n * 7 % 5;
      sent.push(frame(to === 4 ? EVERYBODY : to === 0 ? 2 : to + 1, 1, n));
      if (to === 4) range(1, 4).forEach((port) => expected[port].push(n));
      else expected[to === 0 ? 1 : to].push(n);
    }
    ports[0].send(sent);
    assertEquals(got(), expected);
  });

  it("drops frames shorter than 14 bytes and slots without a buffer, and counts them", () => {
    const ring = ports[0].txRings[0];
    const { i32 } = ports[0].memory;
    const lens = [13, 0, 60, 60, 60, 14, 2048, 2049, 0xffff];
    lens.forEach((len, i) => {
      ports[0].memory.u8.set(frame(EVERYBODY, 1, i), ring.bufOffset(i));
      ring.setSlot(i, len, 0);
    });
    const slot = (i: number): number => slotWord(ring.word, i);
    const kept = [2, 3, 4].map((i) => i32[slot(i)]);
    i32[slot(2)] = -1;
    i32[slot(3)] = 0x7fffffff;
    i32[slot(4)] = 1;
    ring.advance(lens.length);
    ports[0].txsync();
    assertEquals(ports[1].receive().map((bytes) => bytes.length), [14, 2048]);
    const { packets, bytes, dropBadSlot } = txCounters(engine, ports[0]);
    assertEquals([packets, bytes, dropBadSlot], [2, 2062, 7]);
    kept.forEach((idx, i) => i32[slot(i + 2)] = idx);
  });

  it("gives a receiver's slot without a buffer an empty packet, and counts it there", () => {
    teach(ports);
    const rx = ports[1].rxRings[0];
    const { i32 } = ports[1].memory;
    const first = rx.tail;
    const bad = [0, 1, -5, 0x7fffffff];
    const kept = bad.map((idx, i) => {
      const slot = slotWord(rx.word, first + i * 2);
      const before = i32[slot];
      i32[slot] = idx;
      return before;
    });
    const before = rxCounters(engine, ports[1]).packets;
    const nobody = ports[1].memory.u8.slice(rx.bufferOffset(0), rx.bufferOffset(2));
    // Unicast frames alone, then broadcasts among them: two loops.
    ports[0].send(range(0, 4).map((n) => frame(2, 1, n)));
    ports[0].send(range(4, 8).map((n) => frame(n === 5 ? EVERYBODY : 2, 1, n)));
    ports[1].rxsync();
    const lens = range(0, rx.space()).map((i) => rx.len((first + i) % 64));
    assertEquals(lens, [0, 60, 0, 60, 0, 60, 0, 60]);
    const { packets, dropBadSlot } = rxCounters(engine, ports[1]);
    assertEquals([packets - before, dropBadSlot], [4, 4]);
    assertEquals(ports[1].memory.u8.slice(rx.bufferOffset(0), rx.bufferOffset(2)), nobody);
    kept.forEach((idx, i) => i32[slotWord(rx.word, first + i * 2)] = idx);
  });

  it("clears NS_BUF_CHANGED of the slots that it sends", () => {
    const ring = ports[0].txRings[0];
    const spare = ring.bufIdx(40);
    ring.setBufIdx(40, ring.bufIdx(0));
    ring.setBufIdx(0, spare);
    ring.setLen(0, 60);
    assertEquals(ring.slotFlags(0), 1);
    ring.advance(1);
    ports[0].txsync();
    assertEquals(ring.slotFlags(0), 0);
    ring.setFlags(40, 0);
  });

  it("counts at both ends what went through", () => {
    teach(ports);
    const before = ports.map((port) => rxCounters(engine, port).packets);
    const sent = txCounters(engine, ports[0]).packets;
    ports[0].send([frame(2, 1, 1, 60), frame(2, 1, 2, 1000), frame(EVERYBODY, 1, 3, 100)]);
    const tx = txCounters(engine, ports[0]);
    assertEquals(tx.packets - sent, 3);
    const after = ports.map((port) => rxCounters(engine, port).packets);
    assertEquals(after.map((n, i) => n - before[i]), [0, 3, 1, 1]);
    assertEquals(rxCounters(engine, ports[1]).bytes, 3 * 60 + 60 + 1000 + 100);
  });

  it("passes on frames of every length, byte by byte", () => {
    for (const length of [18, 19, 47, 48, 49, 63, 64, 65, 111, 112, 113, 128, 1514, 2047, 2048]) {
      ports[0].send([frame(99, 1, length, length)]);
      for (const port of ports.slice(1)) {
        const [bytes, ...rest] = port.receive();
        assertEquals([bytes.length, rest.length], [length, 0]);
        assertEquals(numbers([bytes]), [length]);
      }
    }
  });

  it("goes through a whole batch and more in one txsync", () => {
    using wide = openPort(engine.device, { name: "vale0:w", slots: 2200 });
    using sink = openPort(engine.device, { name: "vale0:x", slots: 2200 });
    sink.send([frame(EVERYBODY, 9)]);
    [...ports, wide].forEach((port) => port.receive());
    assertEquals(wide.send(range(0, 2199).map((n) => frame(9, 8, n))), 2199);
    assertEquals(numbers(sink.receive()), range(0, 2199));
    assertEquals(txCounters(engine, wide).batches, 2);
  });
});

describe("Rings", () => {
  it("send to the ring of the same number, modulo those that there are; broadcasts to ring 0", () => {
    using engine = createEngine({ features: [vale()] });
    const a = openPort(engine.device, { name: "vale0:a", txRings: 3, slots: 64 });
    const b = openPort(engine.device, { name: "vale0:b", rxRings: 2, slots: 64 });
    b.send([frame(EVERYBODY, 2)]);
    const put = (ring: number, bytes: Uint8Array): void => {
      const tx = a.txRings[ring];
      a.memory.u8.set(bytes, tx.bufOffset(tx.head));
      tx.setSlot(tx.head, bytes.length, 0);
      tx.advance(1);
    };
    for (let ring = 0; ring < 3; ring++) {
      put(ring, frame(2, 1, 10 + ring));
      put(ring, frame(EVERYBODY, 1, 20 + ring));
    }
    a.txsync();
    b.rxsync();
    const read = (ring: number): number[] => {
      const rx = b.rxRings[ring];
      const list: number[] = [];
      for (; !rx.empty(); rx.advance(1)) list.push(...numbers([rx.packet(rx.head)]));
      return list;
    };
    assertEquals(read(0), [10, 20, 21, 12, 22]);
    assertEquals(read(1), [11]);
  });
});

describe("A persistent port", () => {
  it("that is attached to no switch sends to nobody, and counts it", () => {
    using engine = createEngine({ features: [vale()] });
    newif(engine.device, "v0");
    {
      using port = openPort(engine.device, "netmap:v0");
      assertEquals(port.send([frame(1, 2), frame(1, 2)]), 2);
      const { packets, dropNoDestination } = txCounters(engine, port);
      assertEquals([packets, dropNoDestination], [0, 2]);
      assertEquals(port.txRings[0].space(), port.txRings[0].numSlots - 1);
    }
    delif(engine.device, "v0");
  });

  it("sends where it is attached, and no more once it is detached", () => {
    using engine = createEngine({ features: [vale()] });
    using a = openPort(engine.device, { name: "vale0:a", slots: 64 });
    newif(engine.device, "v0");
    attach(engine.device, "vale0:v0");
    {
      using port = openPort(engine.device, "netmap:v0");
      port.send([frame(9, 2, 1)]);
      assertEquals(numbers(a.receive()), [1]);
      a.send([frame(2, 1, 2)]);
      assertEquals(numbers(port.receive()), [2]);
    }
    detach(engine.device, "vale0:v0");
    a.send([frame(2, 1, 3)]);
    assertEquals(txCounters(engine, a).dropNoDestination, 1);
    delif(engine.device, "v0");
  });
});

/** Makes all entries of a forwarding table older. */
function ageTable(engine: Engine, s: number, by: number): void {
  const { state } = engine.dp;
  const end = state[s + S_FDB] + (state[s + S_FDB_MASK] + 1) * F_WAYS * F_WORDS;
  for (let e = state[s + S_FDB]; e < end; e += F_WORDS) state[e + F_TIME] -= by;
}
