import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { itRequires } from "@netmap/test-support";
import { afterAll, describe, it } from "@std/testing/bdd";
import { NetmapError, POLLIN, POLLOUT, type Port } from "@netmap/core";
import process from "node:process";
import { registerBody } from "@netmap/engine";
import { interfaces } from "./interfaces.ts";
import { nicPorts } from "./port_info.ts";
import { Lab, NETNS_NEEDS, sh } from "./netns_fixture.ts";
import { collect, numbered, sendAll, testEngine } from "./nic_fixture.ts";

let shared: Lab | undefined;

/** One lab for the file, made by the first test that may. */
function lab(): Lab {
  return shared ??= new Lab();
}

function errorOf(work: () => void): NetmapError {
  return assertThrows(work, NetmapError) as NetmapError;
}

afterAll(() => shared?.close());

describe("a nic port", () => {
  itRequires(NETNS_NEEDS, "carries frames of every length both ways, byte for byte", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    const frames: Uint8Array[] = [];
    for (let bytes = 60; bytes <= 1514; bytes++) frames.push(numbered(bytes, bytes));
    for (const [from, to] of [[left, right], [right, left]]) {
      sendAll(from, frames);
      assertEquals(collect(to, frames.length), frames);
    }
    const total = frames.reduce((sum, frame) => sum + frame.length, 0);
    for (const name of [a, b]) {
      const { tx, rx } = test.counters(name);
      assertEquals([tx.packets, tx.bytes, rx.packets, rx.bytes], [
        frames.length,
        total,
        frames.length,
        total,
      ]);
    }
  });

  itRequires(NETNS_NEEDS, "does not receive what it sends itself", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    left.send([numbered(1, 60)]);
    assertEquals(collect(right, 1).length, 1);
    assertEquals(left.poll(POLLIN, 20), 0);
  });

  itRequires(NETNS_NEEDS, "loses none of a long burst that fits into its backlog", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    for (let round = 0; round < 10; round++) {
      const frames = Array.from(
        { length: 2000 },
        (_, i) => numbered(round * 2000 + i, 60 + i % 200),
      );
      sendAll(left, frames);
      assertEquals(collect(right, frames.length), frames);
    }
    assertEquals(test.counters(b).rx.dropDevice, 0);
  });

  itRequires(NETNS_NEEDS, "counts what the kernel dropped because nobody received", () => {
    const [a, b] = lab().veth();
    using test = testEngine({ backlog: 256 });
    using left = test.open(a);
    using right = test.open(`${b}@conf:rx-slots=64`);
    sendAll(left, Array.from({ length: 1000 }, (_, i) => numbered(i, 60)));
    const got = collect(right, 1000, 50);
    assertEquals(got, Array.from({ length: 256 }, (_, i) => numbered(i, 60)));
    assertEquals(test.counters(b).rx.dropDevice, 744);
    sendAll(left, [numbered(1, 60)]);
    assertEquals(collect(right, 1).length, 1);
  });

  itRequires(NETNS_NEEDS, "does not spin while packets wait that nobody takes", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    sendAll(left, [numbered(1, 60), numbered(2, 60)]);
    const before = process.cpuUsage();
    assertEquals(left.poll(POLLIN, 300), 0);
    const { user, system } = process.cpuUsage(before);
    assert(user + system < 150_000, `${user + system} us of CPU in 300 ms`);
    assertEquals(collect(right, 2).length, 2);
    // Interrupts are on again afterwards.
    sendAll(left, [numbered(3, 60)]);
    assertEquals(right.poll(POLLIN, 1000), POLLIN);
  });

  itRequires(
    NETNS_NEEDS,
    "wait() wakes for packets of another process, and ends with its signal",
    async () => {
      const space = lab().namespace();
      const [a, b] = lab().veth(space);
      using test = testEngine();
      using port = test.open(a);
      sh("ip", "-n", space, "addr", "add", "10.78.0.1/24", "dev", b);
      const waiting = port.wait(POLLIN, AbortSignal.timeout(5000));
      sh("ip", "-n", space, "neigh", "add", "10.78.0.2", "lladdr", "02:00:00:00:00:09", "dev", b);
      void lab().start(space, "bash", "-c", "echo x > /dev/udp/10.78.0.2/9");
      assertEquals(await waiting, POLLIN);
      const [frame] = port.receive();
      assertEquals([...frame.subarray(0, 6)], [2, 0, 0, 0, 0, 9]);
      const stop = new AbortController();
      const second = port.wait(POLLIN, stop.signal).then(() => "woken", () => "aborted");
      stop.abort();
      assertEquals(await second, "aborted");
    },
  );

  itRequires(NETNS_NEEDS, "drops and counts slots that make no frame, and sends the others", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    const ring = left.txRings[0];
    const { i32 } = left.memory;
    const good = [0, 3, 6];
    for (let i = 0; i < 7; i++) {
      left.memory.u8.set(numbered(i, 60), ring.bufOffset(i));
      ring.setSlot(i, 60, 0);
    }
    const slot = (i: number): number => ring.word + 64 + i * 4;
    const kept = i32[slot(1)];
    i32[slot(1)] = 0x7fff_ffff; // no such buffer
    ring.setSlot(2, 5000, 0); // longer than a buffer
    ring.setSlot(4, 13, 0); // shorter than an Ethernet header
    ring.setSlot(5, 1600, 0); // longer than the MTU
    ring.advance(7);
    left.txsync();
    assertEquals(collect(right, 3, 50), good.map((i) => numbered(i, 60)));
    const { tx } = test.counters(a);
    assertEquals([tx.packets, tx.dropBadSlot, tx.badBuffers, tx.dropTooLong], [3, 3, 1, 1]);
    i32[slot(1)] = kept;
    assertEquals(ring.space(), ring.numSlots - 1);
  });

  itRequires(NETNS_NEEDS, "survives receive slots that its user broke", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    const ring = right.rxRings[0];
    const { i32 } = right.memory;
    const kept = i32[ring.word + 64];
    i32[ring.word + 64] = -5;
    left.send([numbered(0, 60), numbered(1, 60)]);
    assertEquals(right.poll(POLLIN, 1000), POLLIN);
    assertEquals([...ring.packet(1)], [...numbered(1, 60)]);
    assertEquals(test.counters(b).rx.badBuffers, 1);
    i32[ring.word + 64] = kept;
  });

  itRequires(NETNS_NEEDS, "sends and receives frames of several slots", () => {
    const [a, b] = lab().veth();
    for (const name of [a, b]) sh("ip", "link", "set", name, "mtu", "9000");
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    const frame = numbered(1, 9014);
    const tx = left.txRings[0];
    const MOREFRAG = 0x20;
    for (let i = 0; i < 5; i++) {
      const part = frame.subarray(i * 2048, (i + 1) * 2048);
      left.memory.u8.set(part, tx.bufOffset(i));
      tx.setSlot(i, part.length, i < 4 ? MOREFRAG : 0);
    }
    // The last slot is missing at first: the packet waits for it.
    tx.advance(4);
    left.txsync();
    assertEquals(right.poll(POLLIN, 20), 0);
    tx.advance(1);
    left.txsync();
    assertEquals(right.poll(POLLIN, 1000), POLLIN);
    const rx = right.rxRings[0];
    assertEquals(rx.space(), 5);
    const got = new Uint8Array(9014);
    for (let i = 0; i < 5; i++) {
      assertEquals(rx.slotFlags(i), i < 4 ? MOREFRAG : 0);
      got.set(rx.packet(i), i * 2048);
    }
    assertEquals(got, frame);
    assertEquals(test.counters(b).rx.packets, 1);
  });

  itRequires(
    { ...NETNS_NEEDS, programs: ["ip", "tc"] },
    "waits for a slow queue without losing a frame",
    async () => {
      const [a, b] = lab().veth();
      sh(
        "tc",
        "qdisc",
        "add",
        "dev",
        a,
        "root",
        "tbf",
        "rate",
        "100mbit",
        "burst",
        "20kb",
        "limit",
        "60kb",
      );
      using test = testEngine();
      using left = test.open(a);
      using right = test.open(b);
      const frames = Array.from({ length: 500 }, (_, i) => numbered(i, 1514));
      const ring = left.txRings[0];
      assertEquals(left.send(frames), 500);
      assert(ring.txPending());
      const got: Uint8Array[] = [];
      const receiver = (async () => {
        while (got.length < 500) {
          await right.wait(POLLIN, AbortSignal.timeout(3000));
          for (const frame of right.receive()) got.push(frame.slice());
        }
      })();
      await left.drain(AbortSignal.timeout(5000));
      await receiver;
      assertEquals(got, frames);
      const { tx } = test.counters(a);
      assertEquals([tx.packets, tx.dropDevice], [500, 0]);
      // The same by poll(2).
      assertEquals(left.send(frames), 500);
      while (ring.txPending()) {
        ring.cur = ring.tail;
        assertEquals(left.poll(POLLOUT, 3000), POLLOUT);
      }
      ring.cur = ring.head;
      assertEquals(collect(right, 500).length, 500);
    },
  );
});

describe("opening a nic port", () => {
  it("names the interfaces that exist when there is none of the name", () => {
    using test = testEngine();
    const error = errorOf(() => test.open("nosuchif0"));
    assertEquals(error.code, "ENXIO");
    assertStringIncludes(error.message, "there are ");
    assertStringIncludes(error.message, "lo");
  });

  it("says which names are too long", () => {
    using test = testEngine();
    const error = errorOf(() => test.engine.getAdapter("a234567890123456", registerBody({}), true));
    assertEquals(error.code, "ENXIO");
    assertStringIncludes(error.message, "1 to 15 bytes");
  });

  it("refuses host rings, more rings than there are, and slots out of range", () => {
    using test = testEngine();
    for (
      const [name, says] of [
        ["lo^", "has none"],
        ["lo*", "has none"],
        ["lo^0", "has none"],
        ["lo@conf:rings=4", "4 tx rings as driver 'af_packet' has 1"],
        ["lo@conf:rx-slots=1", "1 slots in a rx ring"],
        ["lo@conf:tx-slots=99999", "2 to 16384"],
      ]
    ) {
      const error = errorOf(() => test.open(name));
      assertEquals(error.code, "EINVAL", name);
      assertStringIncludes(error.message, says);
    }
  });

  itRequires(NETNS_NEEDS, "takes a port from lists of ports, closes it with its last user", () => {
    const [a] = lab().veth();
    using test = testEngine();
    const first: Port = test.open(a);
    const second = test.open(a);
    assertEquals([...test.engine.ports.keys()], [a]);
    const [info] = nicPorts(test.engine);
    assertEquals([info.port, info.description, info.interface.name], [a, "af_packet", a]);
    first.close();
    second.send([numbered(1, 60)]);
    second.close();
    assertEquals(test.engine.ports.size, 0);
    assertEquals(test.engine.interrupts.size, 0);
  });

  itRequires(NETNS_NEEDS, "gives the rings and slots that are asked for", () => {
    const [a] = lab().veth();
    using test = testEngine();
    using port = test.open(`${a}@conf:tx-slots=128,rx-slots=256`);
    assertEquals([port.txRings.length, port.rxRings.length], [1, 1]);
    assertEquals([port.txRings[0].numSlots, port.rxRings[0].numSlots], [128, 256]);
  });
});

describe("interfaces()", () => {
  it("knows the loopback interface", () => {
    const lo = interfaces().find((one) => one.name === "lo");
    assertEquals(lo?.index, 1);
    assertEquals([lo?.mac, lo?.ethernet], ["00:00:00:00:00:00", true]);
  });

  itRequires(NETNS_NEEDS, "says what ip(8) says", () => {
    const [a] = lab().veth();
    sh("ip", "link", "set", a, "mtu", "1400");
    const [expected] = JSON.parse(sh("ip", "-j", "link", "show", "dev", a));
    const { name, index, mac, mtu, up, running, driver } = interfaces().find((one) =>
      one.name === a
    )!;
    assertEquals(
      { name, index, mac, mtu, up, running, driver },
      {
        name: expected.ifname,
        index: expected.ifindex,
        mac: expected.address,
        mtu: 1400,
        up: true,
        running: true,
        driver: "veth",
      },
    );
  });
});
