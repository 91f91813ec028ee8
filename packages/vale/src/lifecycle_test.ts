import { NetmapError, openPort, type Port, portInfoRequest, registerRequest } from "@netmap/core";
import { createEngine, type Engine, K_RING, NR_TX } from "@netmap/engine";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  attach,
  delif,
  detach,
  findPort,
  listPorts,
  newif,
  portHdrGet,
  portHdrSet,
} from "./requests.ts";
import { setZeroCopy, switches } from "./stats.ts";
import { vale } from "./vale.ts";
import { wires } from "./wire_fixture.ts";

const SMALL = { txSlots: 4, rxSlots: 4 };

function free(engine: Engine): number[] {
  const { ifs, rings, bufs } = engine.region(1);
  return [ifs.free, rings.free, bufs.free];
}

/** Opens a port with few slots. */
function small(engine: Engine, name: string): Port {
  return openPort(engine.device, { name, ...SMALL });
}

const broadcast = new Uint8Array(60).fill(255);

describe("An ephemeral port", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({
      features: [vale(), wires()],
      pools: { ring: { count: 1200, size: 128 * 1024 }, if: { count: 2000, size: 1024 } },
    });
  });

  afterEach(() => engine.close());

  it("and its switch live from its first REGISTER to its last close", () => {
    const before = free(engine);
    assertEquals(listPorts(engine.device), []);
    const a = small(engine, "vale0:a");
    const again = small(engine, "vale0:a");
    assertEquals(listPorts(engine.device), [{ name: "vale0:a", switchIndex: 0, portIndex: 0 }]);
    a.close();
    assertEquals(switches(engine).map((bridge) => bridge.name), ["vale0:"]);
    again.close();
    assertEquals([listPorts(engine.device), switches(engine), free(engine)], [[], [], before]);
  });

  it("has the same rings for everybody who has it open", () => {
    using first = small(engine, "vale0:a");
    using second = openPort(engine.device, { name: "vale0:a", txRings: 7, txSlots: 99 });
    assertEquals([second.reply.txRings, second.reply.txSlots], [1, 4]);
    assertEquals(second.txRings[0].word, first.txRings[0].word);
  });

  it("takes 1 ring of 1024 slots unless it is asked for others, and 16 of 4096 at most", () => {
    using plain = openPort(engine.device, "vale0:a");
    const { txRings, rxRings, txSlots, rxSlots } = plain.reply;
    assertEquals([txRings, rxRings, txSlots, rxSlots], [1, 1, 1024, 1024]);
    using odd = openPort(engine.device, {
      name: "vale0:b",
      txRings: 3,
      rxRings: 2,
      txSlots: 100,
      rxSlots: 7,
    });
    assertEquals(
      [odd.reply.txRings, odd.reply.rxRings, odd.reply.txSlots, odd.reply.rxSlots],
      [3, 2, 100, 7],
    );
    const { request, body } = registerRequest("vale0:c", {
      txRings: 99,
      rxRings: 17,
      txSlots: 9999,
      rxSlots: 64,
    });
    using descriptor = engine.open();
    descriptor.control(request);
    assertEquals([body.txRings, body.rxRings, body.txSlots, body.rxSlots], [16, 16, 4096, 64]);
  });

  it("is made and ended again by PORT_INFO_GET", () => {
    const { request, body } = portInfoRequest("vale0:a", { txRings: 2 });
    using descriptor = engine.open();
    descriptor.control(request);
    assertEquals([body.txRings, body.rxSlots, body.memId], [2, 1024, 1]);
    assertEquals([listPorts(engine.device), switches(engine)], [[], []]);
  });

  it("may be one of 254 on its switch, and no more", () => {
    const ports: Port[] = [];
    for (let i = 0; i < 254; i++) ports.push(small(engine, `vale0:${i}`));
    const error = assertThrows(() => small(engine, "vale0:x"), NetmapError);
    assertEquals(error.code, "ENOMEM");
    assertEquals(error.message.includes("254 of at most 254 ports"), true);
    assertEquals(listPorts(engine.device).length, 254);
    for (const port of ports) port.close();
    assertEquals(switches(engine), []);
  });

  it("takes the number that was freed last", () => {
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => small(engine, `vale0:${name}`));
    b.close();
    c.close();
    small(engine, "vale0:e");
    small(engine, "vale0:f");
    small(engine, "vale0:g");
    const found = listPorts(engine.device).map((port) => [port.name, port.portIndex]);
    assertEquals(found, [
      ["vale0:a", 0],
      ["vale0:f", 1],
      ["vale0:e", 2],
      ["vale0:d", 3],
      ["vale0:g", 4],
    ]);
    assert(!a.closed && !d.closed);
  });

  it("is nobody's business to detach: that does nothing, as in netmap", () => {
    using a = small(engine, "vale0:a");
    assertEquals(detach(engine.device, "vale0:a"), 0);
    assertEquals(findPort(engine.device, "vale0:a")?.portIndex, 0);
    assertEquals(a.closed, false);
  });

  it("keeps its header's length while it lives", () => {
    using a = small(engine, "vale0:a");
    for (const bytes of [12, 0, 10]) {
      portHdrSet(engine.device, "vale0:a", bytes);
      assertEquals(portHdrGet(engine.device, "vale0:a"), bytes);
    }
    a.close();
    using again = small(engine, "vale0:a");
    assertEquals(portHdrGet(engine.device, again.name), 0);
  });

  it("may have any name behind the colon that is no interface's", () => {
    for (
      const name of ["vale0:a-b", "vale0:A.9", "vale:x", "vale0:vale1", "valeABC_9:123456789012345"]
    ) {
      small(engine, name).close();
    }
    assertEquals(switches(engine), []);
  });

  it("is in a switch of its name, exactly", () => {
    using a = small(engine, "vale0:a");
    using b = small(engine, "vale00:a");
    a.send([broadcast]);
    assertEquals([...b.receive()].length, 0);
    assertEquals(switches(engine).map((bridge) => [bridge.name, bridge.index]), [
      ["vale0:", 0],
      ["vale00:", 1],
    ]);
  });

  it("gets nothing before it is open for it, and nothing after", () => {
    using a = small(engine, "vale0:a");
    a.send([broadcast]);
    const b = small(engine, "vale0:b");
    assertEquals([...b.receive()].length, 0);
    a.send([broadcast]);
    assertEquals([...b.receive()].length, 1);
    b.close();
    a.send([broadcast]);
    using again = small(engine, "vale0:b");
    assertEquals([...again.receive()].length, 0);
  });
});

describe("The number of switches", () => {
  it("is the user's to set, and 8 else", () => {
    using eight = createEngine({ features: [vale()] });
    for (let i = 0; i < 8; i++) small(eight, `vale${i}:a`);
    assertEquals(assertThrows(() => small(eight, "vale8:a"), NetmapError).code, "ENOMEM");
    using many = createEngine({ features: [vale({ switches: 40 })] });
    for (let i = 0; i < 40; i++) small(many, `vale${i}:a`);
    assertEquals(switches(many).length, 40);
  });

  it("is free again when a switch ends", () => {
    using engine = createEngine({ features: [vale({ switches: 1 })] });
    for (let i = 0; i < 20; i++) small(engine, `vale${i}:a`).close();
    using _last = small(engine, "valez:a");
    assertEquals(switches(engine)[0].index, 0);
  });

  it("refuses options out of range", () => {
    for (
      const options of [{ switches: 0 }, { switches: 1.5 }, { addresses: 0 }, { processors: -1 }]
    ) {
      assertEquals(assertThrows(() => vale(options), NetmapError).code, "EINVAL");
    }
  });
});

describe("setZeroCopy()", () => {
  it("is the switch's, and begins as vale() says", () => {
    using engine = createEngine({ features: [vale({ zeroCopy: true })] });
    using _a = small(engine, "vale0:a");
    assertEquals(switches(engine)[0].zeroCopy, true);
    setZeroCopy(engine, "vale0:", false);
    assertEquals(switches(engine)[0].zeroCopy, false);
    const error = assertThrows(() => setZeroCopy(engine, "vale1:", true), NetmapError);
    assertEquals([error.code, error.message.includes("there are 'vale0:'")], ["ENXIO", true]);
  });
});

describe("Ports that come and go at random", () => {
  it("leave the allocator, the image and the tables as they were", () => {
    using engine = createEngine({ features: [vale({ switches: 3 }), wires()] });
    const names = ["vale0:a", "vale0:b", "vale1:a", "vale2:c", "v0", "v1", "eth0", "vale0:v0"];
    const step = fc.record({
      what: fc.constantFrom("open", "close", "attach", "detach", "newif", "delif", "send"),
      name: fc.constantFrom(...names),
      which: fc.nat(3),
    });
    const round = (steps: readonly { what: string; name: string; which: number }[]): void => {
      const open: Port[] = [];
      const on = (name: string): string =>
        name.includes(":") ? `vale0:${name.slice(6)}` : `vale${name.length % 2}:${name}`;
      for (const { what, name, which } of steps) {
        try {
          if (what === "open") open.push(small(engine, name));
          if (what === "close") open.splice(which % Math.max(1, open.length), 1)[0]?.close();
          if (what === "attach") attach(engine.device, on(name), { hostRings: which === 0 });
          if (what === "detach") detach(engine.device, on(name));
          if (what === "newif") newif(engine.device, name, SMALL);
          if (what === "delif") delif(engine.device, name);
          if (what === "send") open.at(which)?.send([broadcast, broadcast]);
        } catch (error) {
          if (!(error instanceof NetmapError)) throw error;
        }
      }
      for (const port of open) port.close();
      for (const { name } of listPorts(engine.device)) {
        if (!name.endsWith("^")) detach(engine.device, name);
      }
      for (const name of ["v0", "v1"]) if (engine.ports.has(name)) delif(engine.device, name);
    };
    const before = free(engine);
    let size = 100_000;
    /** First word that was never in use, found by asking for a record of a size nobody has. */
    const top = (): number => engine.heap.alloc(size += 32);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        round(steps);
        assertEquals([free(engine), [...engine.ports.keys()], switches(engine)], [before, [], []]);
        const at = top();
        round(steps);
        assertEquals(top() - at, Math.ceil((size - 32) / 32) * 32);
      }),
      { numRuns: 60 },
    );
  });

  it("frees the rings of a port at once", () => {
    using engine = createEngine({ features: [vale()] });
    const port = small(engine, "vale0:a");
    const adapter = engine.ports.get("vale0:a")!;
    const k = adapter.kring(NR_TX, 0);
    assert(engine.dp.state[k + K_RING] > 0);
    port.close();
    assertEquals(adapter.hasKrings, false);
  });
});
