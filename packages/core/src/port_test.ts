import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
  NS_BUF_CHANGED,
  NS_MOREFRAG,
} from "./abi/constants.ts";
import { IF_TX_RINGS } from "./abi/netmap_if.ts";
import { RING_BUF_SIZE, SLOT_BUF_IDX } from "./abi/netmap_ring.ts";
import { POLLERR, POLLIN, POLLOUT } from "./device.ts";
import { EBADF, EINVAL, EMSGSIZE, ENXIO } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { LoopbackDevice, type LoopbackShape, NIFP } from "./loopback_fixture.ts";
import { openPort } from "./open.ts";
import { findRings } from "./port_rings.ts";
import type { PortOptions } from "./port_spec.ts";
import type { Port } from "./port.ts";
import type { Ring } from "./ring.ts";
import { slotWord } from "./ring_words.ts";

let device: LoopbackDevice;
const open: Port[] = [];

function openLoopback(shape: LoopbackShape = {}, options: Partial<PortOptions> = {}): Port {
  device = new LoopbackDevice(shape);
  const port = openPort(device, { name: "vale0:a", ...options });
  open.push(port);
  return port;
}

afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

/** A frame whose bytes all tell its number. */
function frame(n: number, length: number = 60): Uint8Array {
  return new Uint8Array(length).fill(n);
}

function frames(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, n) => frame(n + 1));
}

function numbers(batch: readonly Uint8Array[]): number[] {
  return batch.map((view) => {
    assert(view.every((byte) => byte === view[0]), "bytes of two frames in one");
    return view[0];
  });
}

function assertFails(errno: number, text: string, use: () => unknown): void {
  const error = assertThrows(use, NetmapError);
  assertEquals(error.errno, errno, error.message);
  assert(error.message.includes(text), error.message);
}

describe("A port's rings", () => {
  const shape = { txRings: 2, rxRings: 3, hostRings: 1 };
  const ids = (rings: readonly Ring[]): number[] => rings.map((ring) => ring.ringId);
  const cases: [string, Partial<PortOptions>, number[][]][] = [
    ["all of the NIC by default", {}, [[0, 1], [0, 1, 2], [], []]],
    ["the host's with NR_REG_SW", { mode: NR_REG_SW }, [[], [], [2], [3]]],
    ["both with NR_REG_NIC_SW", { mode: NR_REG_NIC_SW }, [[0, 1], [0, 1, 2], [2], [3]]],
    ["one pair with NR_REG_ONE_NIC", { mode: NR_REG_ONE_NIC, ringId: 1 }, [[1], [1], [], []]],
    ["one host pair with NR_REG_ONE_SW", { mode: NR_REG_ONE_SW }, [[], [], [2], [3]]],
    ["no tx with R", { flags: NR_RX_RINGS_ONLY }, [[], [0, 1, 2], [], []]],
    ["no rx with T", { flags: NR_TX_RINGS_ONLY }, [[0, 1], [], [], []]],
  ];
  for (const [what, options, expected] of cases) {
    it(`are ${what}`, () => {
      const { txRings, rxRings, hostTxRings, hostRxRings } = openLoopback(shape, options);
      assertEquals([txRings, rxRings, hostTxRings, hostRxRings].map(ids), expected);
      assert(txRings.every((ring) => ring.dir === 0));
      assert(rxRings.every((ring) => ring.dir === 1));
    });
  }

  it("are refused when the table leads out of the region", () => {
    const { memory } = openLoopback();
    const where = (nifp: number) => () => findRings(memory, nifp, "p");
    assertFails(EINVAL, "the region has", where(memory.size));
    assertFails(EINVAL, "the region has", where(-4));
    assertFails(EINVAL, "the region has", where(NIFP + 2));
    memory.i32[NIFP / 4 + IF_TX_RINGS] = 1 << 30;
    assertFails(EINVAL, "1073741824 rings do not fit", where(NIFP));
  });

  it("are refused when one of them is broken, and the descriptor is closed", () => {
    const broken = new LoopbackDevice();
    const descriptor = broken.open();
    broken.open = () => descriptor;
    const { control } = descriptor;
    descriptor.control = (request) => {
      control.call(descriptor, request);
      const { memory } = descriptor;
      const first = NIFP + memory.i32[NIFP / 4 + 14];
      memory.i32[first / 4 + RING_BUF_SIZE] = 0;
    };
    assertFails(EINVAL, "buffers of 0 bytes", () => openPort(broken, "vale0:a"));
    assertEquals(descriptor.closes, 1);
  });
});

describe("send()", () => {
  it("copies frames in, syncs, and says how many were taken", () => {
    const port = openLoopback();
    const sent = frames(3);
    assertEquals(port.send(sent), 3);
    sent[0].fill(99); // it was a copy
    assertEquals(numbers(port.receive()), [1, 2, 3]);
    assertEquals(port.send([]), 0);
  });

  it("takes what there is room for when the device takes nothing", () => {
    const port = openLoopback({ slots: 8 });
    device.opened[0].stalled = true;
    assertEquals(port.send(frames(20)), 7);
    assertEquals(port.send(frames(1)), 0);
    assert(port.txRings[0].txPending());
    device.opened[0].stalled = false;
    assertEquals(port.send([frame(50)]), 1, "a sync makes room");
    assertEquals(numbers(port.receive()), [1, 2, 3, 4, 5, 6, 7]);
    assertEquals(port.receive(), [], "the receive ring was full until now");
    port.txsync();
    assertEquals(numbers(port.receive()), [50]);
  });

  it("goes on as long as syncing makes room", () => {
    const port = openLoopback({ slots: 8 });
    assertEquals(port.send(frames(12)), 12, "7 in the receive ring, 5 in the transmit ring");
    assertEquals(port.send(frames(9)), 2);
  });

  it("fills all transmit rings, one after the other", () => {
    const port = openLoopback({ txRings: 3, rxRings: 3, slots: 4 });
    device.opened[0].stalled = true;
    assertEquals(port.send(frames(5)), 5);
    assertEquals(port.txRings.map((ring) => ring.head), [3, 2, 0]);
    assertEquals(port.send(frames(20)), 4, "goes on where it ended");
    device.opened[0].stalled = false;
    port.txsync();
    assertEquals(numbers(port.receive()).sort(), [1, 1, 2, 2, 3, 3, 4, 4, 5]);
  });

  it("takes no frame from a generator that it cannot send", () => {
    const port = openLoopback({ slots: 8 });
    device.opened[0].stalled = true;
    const source = frames(10).values();
    assertEquals(port.send(source), 7);
    device.opened[0].stalled = false;
    assertEquals(port.send(source), 3);
    assertEquals(numbers(port.receive()), [1, 2, 3, 4, 5, 6, 7]);
    assertEquals(port.receive(), []);
    port.txsync();
    assertEquals(numbers(port.receive()), [8, 9, 10]);
  });

  it("refuses frames that no slot holds, after it sent those before", () => {
    const port = openLoopback({ bufSize: 256 });
    assertFails(
      EMSGSIZE,
      "Cannot send frame 2 of 257 bytes on 'vale0:a' as a slot holds 1 to 256: the 2 frames before it were sent",
      () => port.send([frame(1), frame(2, 256), frame(3, 257), frame(4)]),
    );
    assertFails(EINVAL, "frame 0 of 0 bytes", () => port.send([new Uint8Array(0)]));
    assertEquals(port.receive().map((view) => view.length), [60, 256]);
  });

  it("sends what came before an error of the caller's generator", () => {
    const port = openLoopback();
    const source = function* (): Generator<Uint8Array> {
      yield frame(1);
      throw new RangeError("no more");
    };
    assertThrows(() => port.send(source()), RangeError, "no more");
    assertEquals(numbers(port.receive()), [1]);
  });

  it("keeps NS_BUF_CHANGED of a slot, and no other flag", () => {
    const port = openLoopback({}, { extraBuffers: 1 });
    const [ring] = port.txRings;
    device.opened[0].stalled = true;
    ring.setBufIdx(0, port.extraBuffers()[0]);
    ring.setFlags(1, NS_MOREFRAG);
    port.send(frames(2));
    assertEquals([ring.slotFlags(0), ring.slotFlags(1)], [NS_BUF_CHANGED, 0]);
  });

  it("starts at the slot's offset and counts it off the room", () => {
    const port = openLoopback({ bufSize: 256, offsetMask: 0xffffn });
    port.txRings[0].setOffset(0, 200);
    assertFails(EMSGSIZE, "a slot holds 1 to 56", () => port.send([frame(1, 57)]));
    port.send([frame(1, 56)]);
    const { u8 } = port.memory;
    const [ring] = port.rxRings;
    port.rxsync();
    const start = ring.bufOffset(0);
    assertEquals([u8[start + 199], u8[start + 200], u8[start + 255]], [0, 1, 1]);
  });

  it("uses the host rings of a port that has no others", () => {
    const port = openLoopback({}, { mode: NR_REG_SW });
    assertEquals(port.send(frames(2)), 2);
    assertEquals(numbers(port.receive()), [1, 2]);
  });

  it("sends nothing through a port without transmit rings", () => {
    assertEquals(openLoopback({}, { flags: NR_RX_RINGS_ONLY }).send(frames(1)), 0);
  });
});

describe("receive()", () => {
  it("hands out views that hold until the next call", () => {
    const port = openLoopback({ slots: 4 });
    port.send(frames(3));
    const first = port.receive();
    assertEquals(numbers(first), [1, 2, 3]);
    assertEquals(port.send([frame(9)]), 1);
    port.txsync();
    assertEquals(numbers(first), [1, 2, 3], "the slots are still the user's");
    assertEquals(port.receive(), [], "gives them back, and so makes room for the fourth");
    port.txsync();
    assertEquals(numbers(port.receive()), [9]);
    assertEquals(port.receive(), []);
  });

  it("hands out views, not copies", () => {
    const port = openLoopback();
    port.send([frame(1)]);
    const [view] = port.receive();
    assertEquals(view.buffer, port.memory.u8.buffer);
    assertEquals(view.byteOffset, port.rxRings[0].bufOffset(0));
  });

  it("reads at most `max`, from all rings in turn", () => {
    const port = openLoopback({ txRings: 2, rxRings: 2, slots: 4 });
    port.send(frames(6)); // 3 a ring
    const got = [port.receive(2), port.receive(2), port.receive(2), port.receive(2)].map(numbers);
    assertEquals(got.map((list) => list.length), [2, 2, 2, 0]);
    assertEquals(got[0], [1, 2]);
    assertEquals(got[1], [4, 5], "the second call begins with the second ring");
    assertEquals(got.flat().sort(), [1, 2, 3, 4, 5, 6]);
    assertEquals(port.receive(0), []);
  });

  it("includes the host rings of a port that has both", () => {
    const port = openLoopback({}, { mode: NR_REG_NIC_SW });
    const [host] = port.hostTxRings;
    port.memory.u8.fill(7, host.bufOffset(0), host.bufOffset(0) + 60);
    host.setSlot(0, 60, 0);
    host.advance(1);
    port.send([frame(1)]);
    assertEquals(numbers(port.receive()), [1, 7]);
  });

  it("joins packets of several slots", () => {
    const port = openLoopback({ slots: 8 });
    sendChain(port, [10, 20, 30]);
    port.send([frame(9)]);
    const [joined, single] = port.receive();
    assertEquals(joined.length, 60);
    assertEquals([...joined], [...frame(1, 10), ...frame(2, 20), ...frame(3, 30)]);
    assert(joined.buffer !== port.memory.u8.buffer);
    assertEquals(numbers([single]), [9]);
    assertEquals(port.receive(), []);
  });

  it("waits for the last slot of a packet", () => {
    const port = openLoopback({ slots: 8 });
    port.send([frame(5)]);
    sendChain(port, [10, 20], false);
    assertEquals(numbers(port.receive()), [5]);
    assertEquals(port.rxRings[0].cur, port.rxRings[0].tail, "waiting is for more than that");
    assertEquals(port.receive(), []);
    sendChain(port, [30]);
    assertEquals(port.receive().map((packet) => packet.length), [60]);
    assertEquals(port.receive(), []);
    assertEquals(port.rxRings[0].head, 4);
  });

  it("gives back a packet that fills the ring and has no end", () => {
    const port = openLoopback({ slots: 4 });
    sendChain(port, [1, 1, 1], false);
    assertEquals(port.receive(), []);
    port.send([frame(9)]);
    assertEquals(port.receive(), [], "now the slots go back");
    port.txsync();
    assertEquals(numbers(port.receive()), [9]);
  });

  it("goes over the end of the ring many times without losing anything", () => {
    const port = openLoopback({ slots: 5 });
    let next = 0;
    for (let round = 0; round < 200; round++) {
      const count = round % 4 + 1;
      assertEquals(
        port.send(Array.from({ length: count }, (_, n) => frame((next + n) % 251))),
        count,
      );
      const got: number[] = [];
      while (got.length < count) {
        got.push(...numbers(port.receive(round % 3 + 1)));
        port.txsync();
      }
      for (const n of got) assertEquals(n, next++ % 251);
    }
  });

  it("may be mixed with the ring level", () => {
    const port = openLoopback({ slots: 8 });
    port.send(frames(5));
    assertEquals(numbers(port.receive(2)), [1, 2]);
    const [ring] = port.rxRings;
    assertEquals(numbers([ring.packet(ring.cur)]), [3]);
    ring.cur = ring.next(ring.cur); // done with the third by hand
    assertEquals(numbers(port.receive()), [4, 5]);
    assertEquals(ring.head, 3);
  });

  it("skips a slot that points outside the region, and says so", () => {
    const port = openLoopback({ slots: 8 });
    port.send(frames(3));
    port.rxsync();
    const [ring] = port.rxRings;
    port.memory.i32[slotWord(ring.word, 1) + SLOT_BUF_IDX] = 1 << 24;
    assertEquals(numbers(port.receive()), [1], "first what is good");
    assertFails(EINVAL, "'16777216'", () => port.receive());
    assertEquals(numbers(port.receive()), [3]);
  });

  it("receives nothing on a port without receive rings", () => {
    assertEquals(openLoopback({}, { flags: NR_TX_RINGS_ONLY }).receive(), []);
  });
});

/** Sends one packet in slots of these lengths; with `end` false, its last slot is still to come. */
function sendChain(port: Port, lengths: readonly number[], end: boolean = true): void {
  const [ring] = port.txRings;
  lengths.forEach((length, n) => {
    const i = ring.head;
    port.memory.u8.fill(n + 1, ring.bufOffset(i), ring.bufOffset(i) + length);
    ring.setSlot(i, length, end && n === lengths.length - 1 ? 0 : NS_MOREFRAG);
    ring.advance(1);
  });
  port.txsync();
}

describe("batches()", () => {
  it("yields what is there and what comes, and ends with the signal", async () => {
    const port = openLoopback({ slots: 8 });
    const abort = new AbortController();
    const got: number[][] = [];
    port.send(frames(3));
    for await (const batch of port.batches({ signal: abort.signal, max: 2 })) {
      got.push(numbers(batch));
      if (got.length === 2) setTimeout(() => port.send([frame(50), frame(51)]), 2);
      if (got.length === 3) setTimeout(() => abort.abort(new Error("enough")), 2);
    }
    assertEquals(got, [[1, 2], [3], [50, 51]]);
  });

  it("does not start with an aborted signal", async () => {
    const port = openLoopback();
    port.send(frames(1));
    for await (const _ of port.batches({ signal: AbortSignal.abort() })) assert(false);
    assertEquals(numbers(port.receive()), [1]);
  });

  it("lets timers run while packets keep coming", async () => {
    const port = openLoopback({ slots: 8 });
    let batches = 0;
    for await (const batch of port.batches({ signal: AbortSignal.timeout(60) })) {
      batches++;
      port.send(batch); // and so the next batch is there at once
      if (batch.length === 0) break;
    }
    assertEquals(batches, 0);
    port.send(frames(3));
    for await (const batch of port.batches({ signal: AbortSignal.timeout(60) })) {
      batches++;
      port.send(batch);
    }
    assert(batches > 100, `${batches} batches`);
  });

  it("lets timers run when every wait is over at once and brings nothing", async () => {
    const port = openLoopback();
    device.opened[0].wait = () => Promise.resolve(POLLIN);
    for await (const _ of port.batches({ signal: AbortSignal.timeout(50) })) assert(false);
  });

  it("keeps views valid while the loop's body waits", async () => {
    const port = openLoopback({ slots: 4 });
    port.send(frames(3));
    for await (const batch of port.batches()) {
      port.send([frame(9), frame(8)]);
      await new Promise((resolve) => setTimeout(resolve, 1));
      assertEquals(numbers(batch), [1, 2, 3]);
      break;
    }
  });

  it("fails with ENXIO when the port goes away, with EBADF when it is closed", async () => {
    const gone = openLoopback();
    device.opened[0].errorEvents = POLLERR;
    const error = await assertRejects(() => drainBatches(gone), NetmapError);
    assertEquals(error.errno, ENXIO);
    assert(error.message.includes("'vale0:a' as the port is gone"), error.message);

    const closed = openLoopback();
    setTimeout(() => closed.close(), 2);
    assertEquals((await assertRejects(() => drainBatches(closed), NetmapError)).errno, EBADF);
  });

  async function drainBatches(port: Port): Promise<void> {
    for await (const _ of port.batches()) assert(false);
  }
});

describe("drain()", () => {
  it("waits until the transmit rings are empty, with as few syncs as it takes", async () => {
    const port = openLoopback({ slots: 4 });
    assertEquals(port.send(frames(6)), 6); // 3 got through, 3 wait for the reader
    const [ring] = port.txRings;
    let done = false;
    const drained = port.drain().then(() => done = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert(!done);
    assertEquals(device.opened[0].syncs < 10, true, "no loop that turns");
    assertEquals(numbers(port.receive()), [1, 2, 3]);
    port.receive();
    port.txsync();
    await drained;
    assert(!ring.txPending());
    assertEquals(ring.cur, ring.head);
  });

  it("gives up with the signal's reason, and puts cur back", async () => {
    const port = openLoopback({ slots: 4 });
    device.opened[0].stalled = true;
    port.send(frames(2));
    await assertRejects(() => port.drain(AbortSignal.timeout(5)), DOMException);
    assertEquals([port.txRings[0].cur, port.txRings[0].head], [2, 2]);
    assertEquals(port.send(frames(1)), 1);
  });

  it("lets timers run when every wait is over at once and brings nothing", async () => {
    const port = openLoopback();
    device.opened[0].stalled = true;
    device.opened[0].wait = () => Promise.resolve(POLLOUT);
    port.send(frames(1));
    await assertRejects(() => port.drain(AbortSignal.timeout(50)), DOMException);
  });

  it("is done at once when nothing waits", async () => {
    await openLoopback().drain();
  });
});

describe("extraBuffers()", () => {
  for (const gap of [0, 1]) {
    it(`reads and writes the list, with buffers at ${gap} beyond a multiple of 4`, () => {
      const port = openLoopback({ slots: 4, gap }, { extraBuffers: 3 });
      assertEquals(port.reply.extraBufs, 3);
      const list = port.extraBuffers();
      assertEquals(list, [18, 19, 20]);
      port.setExtraBuffers([20, 5, 19]);
      assertEquals(port.extraBuffers(), [20, 5, 19]);
      port.setExtraBuffers([]);
      assertEquals(port.extraBuffers(), []);
    });
  }

  it("is empty when none were asked for", () => assertEquals(openLoopback().extraBuffers(), []));

  it("stops at a list that is broken", () => {
    const port = openLoopback({ slots: 4 }, { extraBuffers: 3 });
    const [first, second] = port.extraBuffers();
    const next = new DataView(port.memory.u8.buffer, port.txRings[0].bufferOffset(second));
    next.setUint32(0, first, true);
    assertFails(EINVAL, "'18', number 2 on it, comes a second time", () => port.extraBuffers());
    next.setUint32(0, 0xffff_fff0, true);
    assertFails(EINVAL, "'4294967280'", () => port.extraBuffers());
  });

  it("refuses a list with indexes that are none, and writes nothing", () => {
    const port = openLoopback({ slots: 4 }, { extraBuffers: 2 });
    for (const idx of [0, 1, 20, -1, 2.5]) {
      assertFails(EINVAL, `'${idx}'`, () => port.setExtraBuffers([18, idx]));
    }
    assertFails(EINVAL, "twice", () => port.setExtraBuffers([18, 18]));
    assertEquals(port.extraBuffers(), [18, 19]);
  });
});

describe("A port", () => {
  let port: Port;
  beforeEach(() => {
    port = openLoopback({}, { extraBuffers: 1 });
  });

  it("polls and waits through its descriptor", async () => {
    assertEquals(port.poll(POLLIN | POLLOUT, 0), POLLOUT);
    port.send(frames(1));
    assertEquals(port.poll(POLLIN, 0), POLLIN);
    assertEquals(await port.wait(POLLIN), POLLIN);
    assertEquals(port.fd, 42);
  });

  it("keeps its reply when the request's bytes change", () => {
    assertEquals(port.reply.memId, 1);
    assertEquals(port.reply.txSlots, 8);
    assertEquals(port.nifp, NIFP);
  });

  it("throws EBADF from everything after close, and from its rings", async () => {
    const [view] = (port.send(frames(1)), port.receive());
    const { txRings, rxRings } = port;
    port.close();
    port.close();
    assertEquals(device.opened[0].closes, 1);
    assert(port.closed);
    assertEquals(view.length, 0, "views are detached with the region");
    const uses: (() => unknown)[] = [
      () => port.memory,
      () => port.fd,
      () => port.txsync(),
      () => port.rxsync(),
      () => port.poll(POLLIN, 0),
      () => port.send(frames(1)),
      () => port.receive(),
      () => port.extraBuffers(),
      () => port.setExtraBuffers([]),
      () => txRings[0].space(),
      () => rxRings[0].len(0),
    ];
    for (const use of uses) assertFails(EBADF, "Cannot use 'vale0:a' as it is closed", use);
    const rejected = [() => port.wait(POLLIN), () => port.drain(), () => port.batches().next()];
    for (const use of rejected) {
      assertEquals((await assertRejects(use as () => Promise<unknown>, NetmapError)).errno, EBADF);
    }
  });

  it("is closed by `using`", () => {
    const other = new LoopbackDevice();
    {
      using port = openPort(other, "vale0:b");
      port.txsync();
    }
    assertEquals(other.opened[0].closes, 1);
  });
});
