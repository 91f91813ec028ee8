import { NetmapError, openPort, POLLIN, type Port } from "@netmap/core";
import { createEngine, type Engine, NR_RX, portCounters, registerBody } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import {
  attach,
  delif,
  detach,
  listPorts,
  newif,
  pollingDisable,
  pollingEnable,
} from "./requests.ts";
import { switchStats } from "./stats.ts";
import { vale } from "./vale.ts";
import { type Wire, wires } from "./wire_fixture.ts";

/** A broadcast frame that says who sent it, and a number. */
function frame(from: number, number: number): Uint8Array {
  const bytes = new Uint8Array(60).fill(255, 0, 6);
  bytes.set([2, 0, 0, 0, 0, from], 6);
  bytes.set([number >> 8, number & 255], 14);
  return bytes;
}

const numbers = (frames: Iterable<Uint8Array>): number[] =>
  [...frames].map((bytes) => bytes[14] << 8 | bytes[15]);

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

function free(engine: Engine): number[] {
  const { ifs, rings, bufs } = engine.region(1);
  return [ifs.free, rings.free, bufs.free];
}

describe("An interface attached to a switch", () => {
  let engine: Engine;
  let a: Port;
  const wire = (name: string): Wire => engine.ports.get(name) as Wire;

  beforeEach(() => {
    engine = createEngine({ features: [vale({ processors: 4 }), wires()] });
    a = openPort(engine.device, "vale0:a");
  });

  afterEach(() => engine.close());

  it("gives what it receives to the switch", () => {
    assertEquals(attach(engine.device, "vale0:eth0"), 1);
    wire("eth0").inject([frame(1, 7), frame(1, 8)]);
    const got = [...a.receive()].map((bytes) => bytes.slice());
    assertEquals(got, [frame(1, 7), frame(1, 8)]);
  });

  it("sends what the switch gives it, at once", () => {
    attach(engine.device, "vale0:eth0");
    a.send([frame(2, 1), frame(2, 2)]);
    assertEquals(wire("eth0").sent, [frame(2, 1), frame(2, 2)]);
  });

  it("moves many times more frames than its rings hold, in order, both ways", () => {
    attach(engine.device, "vale0:eth0");
    const out: number[] = [];
    for (let n = 0; n < 3000; n += 30) {
      assertEquals(a.send(range(n, n + 30).map((i) => frame(2, i))), 30);
      wire("eth0").inject(range(n, n + 30).map((i) => frame(1, i)));
      out.push(...numbers(a.receive()));
    }
    assertEquals(numbers(wire("eth0").sent), range(0, 3000));
    assertEquals(out, range(0, 3000));
  });

  it("joins two interfaces with no user at all", () => {
    a.close();
    attach(engine.device, "vale0:eth0");
    attach(engine.device, "vale0:eth1");
    wire("eth0").inject(range(0, 200).map((i) => frame(1, i)));
    wire("eth1").inject(range(0, 200).map((i) => frame(2, i)));
    assertEquals(numbers(wire("eth1").sent), range(0, 200));
    assertEquals(numbers(wire("eth0").sent), range(0, 200));
  });

  it("keeps frames that its wire does not take, and sends them when it does", () => {
    attach(engine.device, "vale0:eth0");
    wire("eth0").credit = 10;
    assertEquals(a.send(range(0, 100).map((i) => frame(2, i))), 100);
    assertEquals(numbers(wire("eth0").sent), range(0, 10));
    wire("eth0").credit = 1000;
    wire("eth0").sentInterrupt();
    // 63 slots hold what was not sent; what came when they were full is counted as dropped.
    const sent = numbers(wire("eth0").sent);
    assertEquals(sent, range(0, sent.length));
    const eth0 = switchStats(engine, "vale0:")[1];
    const dropped = eth0.rx.dropNoRoom + switchStats(engine, "vale0:")[0].tx.dropNoRoom;
    assertEquals([sent.length >= 63, sent.length + dropped], [true, 100]);
    a.send([frame(2, 500)]);
    assertEquals(numbers(wire("eth0").sent).at(-1), 500);
  });

  it("is held exclusively, and anybody's again once it is detached", () => {
    const before = free(engine);
    attach(engine.device, "vale0:eth0");
    const eth0 = wire("eth0");
    assertEquals([eth0.on, eth0.ownedBy, eth0.activeFds], [true, "vale0:", 0]);
    const error = assertThrows(() => openPort(engine.device, "netmap:eth0"), NetmapError);
    assertEquals(error.code, "EBUSY");
    assertEquals(detach(engine.device, "vale0:eth0"), 1);
    assertEquals([eth0.on, eth0.ownedBy, eth0.hasKrings], [false, null, false]);
    assertEquals(engine.ports.has("eth0"), false);
    assertEquals(free(engine), before);
    openPort(engine.device, "netmap:eth0").close();
    assertEquals(attach(engine.device, "vale0:eth0"), 1);
    wire("eth0").inject([frame(1, 3)]);
    assertEquals(numbers(a.receive()), [3]);
  });

  it("leaves nothing behind when its driver fails", () => {
    const before = free(engine);
    const eth0 = engine.getAdapter("eth0", registerBody({ mode: 1 }), true) as Wire;
    eth0.failure = new Error("no cable");
    assertThrows(() => attach(engine.device, "vale0:eth0"), Error, "no cable");
    assertEquals([eth0.ownedBy, eth0.refs, eth0.hasKrings], [null, 1, false]);
    assertEquals(free(engine), before);
    eth0.failure = null;
    attach(engine.device, "vale0:eth0");
    assertEquals(listPorts(engine.device).length, 2);
    eth0.drop();
  });

  it("with host rings is two ports, wire and host", () => {
    assertEquals(attach(engine.device, "vale0:eth0", { hostRings: true }), 1);
    assertEquals(listPorts(engine.device).map((port) => [port.name, port.portIndex]), [
      ["vale0:a", 0],
      ["vale0:eth0", 1],
      ["vale0:eth0^", 2],
    ]);
    const eth0 = wire("eth0");
    // From the host's stack to the wire and to the user.
    eth0.inject([frame(3, 1)], 1);
    assertEquals([eth0.sentOn, numbers(a.receive())], [[0], [1]]);
    // From the wire to the host and to the user.
    eth0.inject([frame(1, 2)], 0);
    assertEquals([eth0.sentOn, numbers(a.receive())], [[0, 1], [2]]);
    // From the user to both.
    a.send([frame(2, 3)]);
    assertEquals([...eth0.sentOn].sort(), [0, 0, 1, 1]);
    detach(engine.device, "vale0:eth0");
    assertEquals(listPorts(engine.device).map((port) => port.name), ["vale0:a"]);
  });

  it("without host rings leaves the host alone", () => {
    attach(engine.device, "vale0:eth0");
    const eth0 = wire("eth0");
    eth0.inject([frame(3, 1)], 1);
    assertEquals(numbers(a.receive()), []);
    a.send([frame(2, 3)]);
    assertEquals(eth0.sentOn, [0]);
  });

  it("with several rings keeps each ring's order", () => {
    attach(engine.device, "vale0:multi0");
    attach(engine.device, "vale0:multi1");
    // Known addresses go by the number of the ring they came in on; broadcasts all by ring 0.
    wire("multi0").inject(range(0, 50).map((i) => frame(1, i)), 0);
    wire("multi0").inject(range(50, 100).map((i) => frame(1, i)), 1);
    assertEquals(numbers(wire("multi1").sent), range(0, 100));
  });

  it("is served while somebody polls", () => {
    attach(engine.device, "vale0:eth0");
    pollingEnable(engine.device, "vale0:eth0");
    const eth0 = wire("eth0");
    assertEquals(eth0.interrupts, false);
    eth0.inject([frame(1, 4)]);
    assertEquals(a.rxRings[0].space(), 0);
    assertEquals(a.poll(POLLIN, 1000), POLLIN);
    assertEquals(numbers(a.receive()), [4]);
    pollingDisable(engine.device, "vale0:eth0");
    assertEquals(eth0.interrupts, true);
    eth0.inject([frame(1, 5)]);
    assertEquals(numbers(a.receive()), [5]);
  });

  it("is polled by engine.run() and wait() without waiting for its descriptor", async () => {
    attach(engine.device, "vale0:eth0");
    attach(engine.device, "vale0:eth1");
    pollingEnable(engine.device, "vale0:eth0");
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    wire("eth0").inject(range(0, 500).map((i) => frame(1, i)));
    for (let i = 0; i < 500 && wire("eth1").sent.length < 500; i++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      a.receive();
    }
    assertEquals(numbers(wire("eth1").sent), range(0, 500));
    stop.abort();
    await running;
    wire("eth0").inject([frame(1, 600)]);
    assertEquals(await a.wait(POLLIN), POLLIN);
    assertEquals(numbers(a.receive()), [600]);
  });

  it("polls only the rings that it was told to", () => {
    attach(engine.device, "vale0:multi0");
    pollingEnable(engine.device, "vale0:multi0", { mode: 2, firstCpu: 1, cpus: 1 });
    wire("multi0").inject([frame(1, 1)], 0);
    wire("multi0").inject([frame(1, 2)], 1);
    assertEquals(a.poll(POLLIN, 1000), POLLIN);
    assertEquals(numbers(a.receive()), [2]);
  });

  it("counts what went each way, with the port's name", () => {
    attach(engine.device, "vale0:eth0");
    wire("eth0").inject([frame(1, 1), frame(1, 2)]);
    a.receive();
    a.send([frame(2, 3)]);
    const [first, second] = switchStats(engine, "vale0:");
    assertEquals(
      [first.name, first.kind, first.tx.packets, first.rx.packets],
      ["vale0:a", "vale", 1, 2],
    );
    assertEquals(
      [second.name, second.kind, second.tx.packets, second.rx.packets, second.rxRings.length],
      ["vale0:eth0", "bwrap", 2, 1, 1],
    );
  });

  it("is given back at once, whoever else holds its port or itself: a monitor", () => {
    attach(engine.device, "vale0:eth0");
    const stopped: string[] = [];
    const [port, eth0] = ["vale0:eth0", "eth0"].map((name) => engine.ports.get(name)!.hold());
    port.followers.add({ portStops: () => stopped.push("port") });
    eth0.followers.add({ portStops: () => stopped.push("device") });
    detach(engine.device, "vale0:eth0");
    assertEquals([stopped, eth0.ownedBy, eth0.hasKrings], [["port", "device"], null, false]);
    assertEquals([...engine.ports.keys()], ["vale0:a", "eth0"]);
    attach(engine.device, "vale0:eth0");
    assertEquals(engine.ports.get("vale0:eth0") === port, false);
    port.drop();
    eth0.drop();
    assertEquals(listPorts(engine.device).length, 2);
  });

  it("is given back when the engine ends", () => {
    attach(engine.device, "vale0:eth0", { hostRings: true });
    const eth0 = wire("eth0");
    engine.close();
    assertEquals([eth0.on, eth0.refs], [false, 0]);
  });

  it("has no memory of a device's rings after it was detached in the middle of traffic", () => {
    attach(engine.device, "vale0:eth0");
    const eth0 = wire("eth0");
    eth0.hold();
    eth0.credit = 5;
    a.send(range(0, 40).map((i) => frame(2, i)));
    detach(engine.device, "vale0:eth0");
    eth0.arriving[0].push(frame(1, 9));
    assertEquals(portCounters(eth0).tx.packets, 0);
    eth0.drop();
    attach(engine.device, "vale0:eth0");
    assertEquals(wire("eth0").sent, []);
    a.send([frame(2, 1)]);
    assertEquals(numbers(wire("eth0").sent), [1]);
    assertEquals(wire("eth0").kring(NR_RX, 0) > 0, true);
  });
});

describe("A persistent port attached to two switches", () => {
  it("joins them", () => {
    using engine = createEngine({ features: [vale()] });
    using a = openPort(engine.device, "valea:a");
    using b = openPort(engine.device, "valeb:b");
    newif(engine.device, "v0");
    attach(engine.device, "valea:v0");
    attach(engine.device, "valeb:v0");
    for (let n = 0; n < 4000; n += 100) {
      a.send(range(n, n + 100).map((i) => frame(1, i)));
      b.send(range(n, n + 100).map((i) => frame(2, i)));
      assertEquals(numbers(a.receive()), range(n, n + 100));
      assertEquals(numbers(b.receive()), range(n, n + 100));
    }
    const error = assertThrows(() => openPort(engine.device, "netmap:v0"), NetmapError);
    assertEquals(error.code, "EBUSY");
    detach(engine.device, "valeb:v0");
    detach(engine.device, "valea:v0");
    delif(engine.device, "v0");
    assertEquals(listPorts(engine.device).map((port) => port.name), ["valea:a", "valeb:b"]);
  });
});
