import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { NetmapError, openPort, type Port, type PortOverrides } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { foldSum, generate, ping, pong, receive, wordSum } from "@netmap/traffic";
import { setZeroCopy } from "@netmap/vale";

let engine: Engine;
let opened: Port[];
const never = new AbortController().signal;

beforeEach(() => {
  engine = embeddedEngine();
  opened = [];
});

afterEach(() => {
  for (const port of opened) port.close();
  engine.close();
});

function open(name: string, options: PortOverrides = {}): Port {
  const port = openPort(engine.device, name, options);
  opened.push(port);
  return port;
}

/** Runs until the ports' packets are through, a turn each. */
async function both(sender: Promise<void>, receiver: Promise<void>): Promise<void> {
  await Promise.all([sender, receiver]);
}

describe("generate() and receive()", () => {
  for (const zeroCopy of [false, true]) {
    it(`move packets over a switch that ${zeroCopy ? "swaps" : "copies"}`, () => {
      const a = open("vale0:a");
      const b = open("vale0:b");
      setZeroCopy(engine, "vale0:", zeroCopy);
      // The switch learns where 'b' is: only unicast frames are swapped.
      const teach = new Uint8Array(60).fill(0xff, 0, 6);
      teach.set([2, 0, 0, 0, 0, 9], 6);
      b.send([teach]);
      a.receive();
      let wrong = 0;
      const receiver = receive(b, {
        count: 20_000,
        onPacket: ({ ring }, slot) => {
          const bytes = ring.packet(slot);
          if (foldSum(wordSum(bytes, 14, 20)) !== 0xffff || bytes[5] !== 9) wrong++;
        },
      });
      const packet = { targetMac: "02:00:00:00:00:09" };
      const sender = generate(a, { count: 20_000, burst: 100, packet });
      while (receiver.packets < 20_000 && sender.queued <= 20_000) {
        sender.step();
        receiver.step();
      }
      assertEquals([receiver.packets, receiver.bytes, wrong], [20_000, 1_200_000, 0]);
      assertEquals([sender.completed, sender.bytes], [20_000, 1_200_000]);
    });
  }

  it("count packets when the ring has completed them", async () => {
    const left = open("netmap:p{1", { slots: 64 });
    const right = open("netmap:p}1");
    const sender = generate(left, { count: 50 });
    sender.step();
    assertEquals([sender.queued, sender.completed, sender.bytes], [50, 0, 0]);
    const receiver = receive(right, { count: 20 });
    receiver.step();
    right.rxsync();
    left.txsync();
    assertEquals([receiver.packets, sender.completed, sender.bytes], [20, 20, 1200]);
    await both(sender.run(never), receive(right, { count: 30 }).run(never));
    assertEquals(sender.completed, 50);
  });

  it("send no faster than their rate", async () => {
    const a = open("vale0:a");
    const sender = generate(a, { count: 5000, rate: 20_000 });
    const begin = performance.now();
    await sender.run(never);
    const ms = performance.now() - begin;
    assertEquals(sender.completed, 5000);
    assert(ms > 249, `5000 packets of 20000 a second in ${ms} ms`);
  });

  it("send packets of several slots", () => {
    const left = open("netmap:p{1");
    const right = open("netmap:p}1");
    const sender = generate(left, { fragments: 3, count: 7, packet: { length: 1000 } });
    assertEquals(sender.step(), 7);
    assertEquals(right.receive().map(({ length }) => length), new Array(7).fill(1000));
    right.receive();
    left.txsync();
    assertEquals([sender.completed, sender.bytes], [7, 7000]);
    const uneven = generate(left, { fragments: 3, fragmentSize: 100, packet: { length: 1000 } });
    uneven.step();
    right.rxsync();
    const [rx] = right.rxRings;
    assertEquals([0, 1, 2].map((n) => rx.len(rx.head + n)), [100, 100, 800]);
  });

  it("send frames in turn, and whatever the buffers hold", () => {
    const left = open("netmap:p{1");
    const right = open("netmap:p}1");
    const frames = [60, 61, 62].map((length) => new Uint8Array(length).fill(length));
    generate(left, { frames, count: 7 }).step();
    const got = right.receive();
    assertEquals(
      got.map((one) => [one.length, one[0], one[59]]),
      [60, 61, 62, 60, 61, 62, 60].map((n) => [n, n, n]),
    );
    right.receive();
    left.txsync();
    const [tx] = left.txRings;
    left.memory.u8.fill(7, tx.bufOffset(tx.head), tx.bufOffset(tx.head) + 60);
    generate(left, { raw: true, count: 1 }).step();
    assertEquals(right.receive().map((one) => one[20]), [7]);
  });

  it("end when they are told to", async () => {
    const a = open("vale0:a");
    const b = open("vale0:b");
    const receiver = receive(b);
    const sender = generate(a, { rate: 1000 });
    const signal = AbortSignal.timeout(150);
    await both(sender.run(signal), receiver.run(signal));
    assert(sender.completed > 50 && sender.completed < 200, `${sender.completed}`);
    await receive(open("vale1:c"), { untilEmpty: true }).run(never);
  });

  it("refuse what cannot be", () => {
    const a = open("vale0:a");
    const cases: [Parameters<typeof generate>[1], string][] = [
      [{ packet: { length: 3000 } }, "Cannot put 3000 bytes into a slot of 'vale0:a'"],
      [{ fragments: 64 }, "fragments of '64'"],
      [{ burst: 0 }, "a burst of '0'"],
      [{ rate: -1 }, "a rate of '-1'"],
      [{ fragments: 2, packet: { randomSource: true } }, "several slots whose addresses"],
      [{ packet: { source: "nowhere" } }, "Cannot read 'nowhere'"],
    ];
    for (const [options, message] of cases) {
      assertThrows(() => generate(a, options), NetmapError, message);
    }
  });
});

describe("ping() and pong()", () => {
  it("measure round trips over a switch", async () => {
    const a = open("vale0:a");
    const b = open("vale0:b");
    const stop = new AbortController();
    const ponger = pong(b);
    const answers = ponger.run(stop.signal);
    const pinger = ping(a, { count: 50 });
    await pinger.run(never);
    stop.abort();
    await answers;
    assertEquals([pinger.sent, pinger.received, ponger.packets], [50, 50, 50]);
    const { histogram } = pinger;
    assertEquals(histogram.count, 50);
    assert(histogram.min > 100 && histogram.min <= histogram.quantile(0.5), `${histogram.min} ns`);
    assert(histogram.quantile(0.5) <= histogram.max);
  });

  it("go on when nobody answers", async () => {
    const a = open("vale0:a");
    const pinger = ping(a, { count: 3 });
    await pinger.run(AbortSignal.timeout(300));
    assertEquals([pinger.sent, pinger.received], [1, 0]);
  });
});
