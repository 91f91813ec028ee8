import {
  NetmapError,
  openPort,
  type Port,
  registerRequest,
  valeAttachRequest,
  valeListRequest,
  valeNewifRequest,
} from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { attach, delif, detach, findPort, newif } from "./requests.ts";
import { switches, switchStats } from "./stats.ts";
import { vale } from "./vale.ts";
import { wires } from "./wire_fixture.ts";

function free(engine: Engine): number[] {
  const { ifs, rings, bufs } = engine.region(1);
  return [ifs.free, rings.free, bufs.free];
}

/** Opens a port with few slots. */
function small(engine: Engine, name: string): Port {
  return openPort(engine.device, { name, txSlots: 4, rxSlots: 4 });
}

const broadcast = new Uint8Array(60).fill(255);

describe("A persistent port", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [vale(), wires()] });
  });

  afterEach(() => engine.close());

  it("tells what it has got, and lives until DELIF", () => {
    const before = free(engine);
    assertEquals(newif(engine.device, "v0", { txRings: 2, rxRings: 99, txSlots: 64 }), {
      txRings: 2,
      rxRings: 16,
      txSlots: 64,
      rxSlots: 1024,
      memId: 1,
    });
    using port = openPort(engine.device, "netmap:v0");
    assertEquals(port.reply.txRings, 2);
    port.close();
    assertEquals(engine.ports.has("v0"), true);
    delif(engine.device, "v0");
    assertEquals([engine.ports.has("v0"), free(engine)], [false, before]);
    newif(engine.device, "v0");
  });

  it("is described by a NEWIF that finds it there", () => {
    newif(engine.device, "v0", { txRings: 3 });
    const { request, body } = valeNewifRequest("v0", { txRings: 9 });
    using descriptor = engine.open();
    assertEquals(assertThrows(() => descriptor.control(request), NetmapError).code, "EEXIST");
    assertEquals([body.txRings, body.txSlots, body.memId], [3, 1024, 1]);
  });

  it("is a port of its switch while it is attached, under both names", () => {
    newif(engine.device, "v0");
    using a = openPort(engine.device, "vale0:a");
    assertEquals(attach(engine.device, "vale0:v0"), 1);
    using plain = openPort(engine.device, "netmap:v0");
    using switched = openPort(engine.device, "vale0:v0");
    assertEquals(plain.rxRings[0].word, switched.rxRings[0].word);
    a.send([broadcast]);
    assertEquals([...plain.receive()].length, 1);
    plain.send([broadcast]);
    assertEquals([...a.receive()].length, 1);
  });

  it("may be detached while it is open: its frames go nowhere then, and work again later", () => {
    newif(engine.device, "v0");
    using a = openPort(engine.device, "vale0:a");
    attach(engine.device, "vale0:v0");
    using port = openPort(engine.device, "netmap:v0");
    assertEquals(detach(engine.device, "vale0:v0"), 1);
    assertEquals(port.send([broadcast]), 1);
    a.send([broadcast]);
    assertEquals([[...a.receive()].length, [...port.receive()].length], [0, 0]);
    const error = assertThrows(() => attach(engine.device, "vale0:v0"), NetmapError);
    assertEquals(error.code, "EBUSY");
    port.close();
    attach(engine.device, "vale0:v0");
    using again = openPort(engine.device, "netmap:v0");
    a.send([broadcast]);
    assertEquals([...again.receive()].length, 1);
  });

  it("keeps its switch alive, and is held by it", () => {
    newif(engine.device, "v0");
    attach(engine.device, "vale0:v0");
    assertEquals(switches(engine).map((bridge) => [bridge.name, bridge.ports]), [["vale0:", 1]]);
    assertEquals(switchStats(engine, "vale0:").map((port) => [port.name, port.open]), [
      ["vale0:v0", false],
    ]);
    detach(engine.device, "vale0:v0");
    assertEquals(switches(engine), []);
    delif(engine.device, "v0");
  });

  it("attaches in any mode: it has no host rings that could be left out", () => {
    newif(engine.device, "v0");
    using descriptor = engine.open();
    const { request, body } = valeAttachRequest("vale0:v0", { mode: 3 });
    descriptor.control(request);
    assertEquals(body.portIndex, 0);
  });

  it("that was made for pipes ends with the last who holds it", () => {
    const body = registerRequest("p").body;
    const port = engine.createPersistent!("p", body).hold();
    using opened = openPort(engine.device, "netmap:p");
    assertEquals(opened.reply.txSlots, 1024);
    port.drop();
    assertEquals(engine.ports.has("p"), true);
    opened.close();
    assertEquals(engine.ports.has("p"), false);
  });
});

describe("VALE_LIST", () => {
  it("names the place of a port, and says 255 for one that is not there", () => {
    using engine = createEngine({ features: [vale()] });
    using _a = small(engine, "valea:a");
    using _b = small(engine, "valeb:b");
    using descriptor = engine.open();
    const known = valeListRequest("valeb:b");
    descriptor.control(known.request);
    assertEquals([known.body.bridgeIdx, known.body.portIdx], [1, 0]);
    const unknown = valeListRequest("valeb:zzz");
    descriptor.control(unknown.request);
    assertEquals([unknown.body.bridgeIdx, unknown.body.portIdx], [1, 255]);
    assertEquals(findPort(engine.device, "valeb:zzz"), null);
  });

  it("goes on from a place in the middle of a switch, and tells where it ended", () => {
    using engine = createEngine({ features: [vale()] });
    for (const name of ["valea:1", "valea:2", "valeb:3"]) small(engine, name);
    using descriptor = engine.open();
    const next = valeListRequest("", { bridgeIdx: 0, portIdx: 2 });
    descriptor.control(next.request);
    assertEquals([next.body.bridgeIdx, next.body.portIdx], [1, 0]);
    const end = valeListRequest("", { bridgeIdx: 1, portIdx: 1 });
    assertThrows(() => descriptor.control(end.request), NetmapError);
    assertEquals([end.body.bridgeIdx, end.body.portIdx], [8, 0]);
  });
});
