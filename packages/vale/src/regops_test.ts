import { NetmapError, openPort, type Port } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { LookupBatch, LookupView } from "./data_path/module.ts";
import { BROADCAST, NO_PORT } from "./layout.ts";
import {
  attachWithToken,
  configSwitch,
  createSwitch,
  destroySwitch,
  detachWithToken,
  moduleError,
  regops,
  updatePrivateData,
} from "./regops.ts";
import { attach, detach, listPorts, newif } from "./requests.ts";
import { forwardingTable, switches } from "./stats.ts";
import { vale } from "./vale.ts";
import { wires } from "./wire_fixture.ts";

function frame(dst: number, src: number): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set(dst < 0 ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, dst], 0);
  bytes.set([2, 0, 0, 0, 0, src], 6);
  return bytes;
}

describe("Switches of modules", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [vale({ switches: 2 }), wires()] });
  });

  afterEach(() => engine.close());

  const code = (act: () => unknown): string => assertThrows(act, NetmapError).code;
  const open = (name: string): Port => openPort(engine.device, { name, txSlots: 64, rxSlots: 64 });

  it("live from createSwitch() to destroySwitch(), also without ports", () => {
    const token = createSwitch(engine, "vale9:");
    const port = open("vale9:a");
    port.close();
    assertEquals(switches(engine).map(({ name, exclusive }) => [name, exclusive]), [
      ["vale9:", true],
    ]);
    destroySwitch(engine, "vale9:", token);
    assertEquals(switches(engine), []);
    createSwitch(engine, "vale9");
    assertEquals(switches(engine).length, 1);
  });

  it("answer what netmap answers", () => {
    const token = createSwitch(engine, "vale9:");
    assertEquals(code(() => createSwitch(engine, "vale9:")), "EEXIST");
    assertEquals(code(() => createSwitch(engine, "eth0:")), "ENOMEM");
    assertEquals(code(() => createSwitch(engine, "vale-9:")), "ENOMEM");
    assertEquals(code(() => destroySwitch(engine, "vale8:", token)), "ENXIO");
    assertEquals(code(() => destroySwitch(engine, "vale9:", null)), "EACCES");
    assertEquals(code(() => destroySwitch(engine, "vale9:", Symbol("vale9"))), "EACCES");
    const other = open("vale1:a");
    assertEquals(code(() => createSwitch(engine, "vale2:")), "ENOMEM");
    assertEquals(code(() => destroySwitch(engine, "vale1:", null)), "EINVAL");
    const port = open("vale9:a");
    assertEquals(code(() => destroySwitch(engine, "vale9:", token)), "EBUSY");
    assertEquals(code(() => regops(engine, "vale9:", {})), "EACCES");
    assertEquals(code(() => regops(engine, "vale9:", null, Symbol())), "EACCES");
    assertEquals(code(() => regops(engine, "vale8:", {}, token)), "ENXIO");
    assertEquals(code(() => updatePrivateData(engine, "vale9:", () => 1)), "EACCES");
    assertEquals(code(() => updatePrivateData(engine, "vale8:", () => 1)), "EINVAL");
    assertEquals(code(() => updatePrivateData(engine, "vale1:", () => 1)), "EINVAL");
    assertEquals(code(() => configSwitch(engine, "vale8:", 1)), "EINVAL");
    assertEquals(code(() => configSwitch(engine, "vale9:", 1)), "EINVAL");
    assertEquals(code(() => moduleError(engine, "vale8:")), "ENXIO");
    other.close();
    port.close();
    destroySwitch(engine, "vale9:", token);
  });

  it("are attached to by their token alone", () => {
    const token = createSwitch(engine, "vale9:");
    newif(engine.device, "v0");
    for (const name of ["vale9:eth0", "vale9:v0"]) {
      assertEquals(code(() => attach(engine.device, name)), "EACCES");
      attachWithToken(engine, name, token);
      assertEquals(code(() => detachWithToken(engine, name, Symbol())), "EACCES");
    }
    assertEquals(listPorts(engine.device).map((port) => port.name), ["vale9:eth0", "vale9:v0"]);
    assertEquals(code(() => destroySwitch(engine, "vale9:", token)), "EBUSY");
    assertEquals(detachWithToken(engine, "vale9:eth0", token), 0);
    assertEquals(detachWithToken(engine, "vale9:v0", token), 1);
    destroySwitch(engine, "vale9:", token);
  });
});

describe("regops()", () => {
  let engine: Engine;
  let a: Port;
  let b: Port;
  let c: Port;

  beforeEach(() => {
    engine = createEngine({ features: [vale(), wires()] });
    [a, b, c] = ["a", "b", "c"].map((name) =>
      openPort(engine.device, {
        name: `vale0:${name}`,
        txRings: 2,
        rxRings: 2,
        txSlots: 64,
        rxSlots: 64,
      })
    );
  });

  afterEach(() => engine.close());

  const count = (port: Port): number => [...port.receive()].length;

  it("has a module decide, frame by frame, and knows what it is shown", () => {
    const seen: unknown[] = [];
    const lookup = (view: LookupView): number => {
      seen.push([view.port, view.ring, view.length, view.u8[view.at + 11], view.privateData]);
      return view.u8[view.at + 5];
    };
    regops(engine, "vale0:", { lookup, privateData: "mine" });
    a.send([frame(1, 7), frame(2, 8), frame(200, 9)]);
    assertEquals(seen, [[0, 0, 60, 7, "mine"], [0, 0, 60, 8, "mine"], [0, 0, 60, 9, "mine"]]);
    assertEquals([count(a), count(b), count(c)], [0, 1, 1]);
  });

  it("has a module decide batch by batch, and choose the ring", () => {
    regops(engine, "vale0:", {
      lookupBatch(batch: LookupBatch): void {
        for (let i = 0; i < batch.count; i++) {
          batch.dst[i] = 1;
          batch.ring[i] = i & 1;
        }
      },
    });
    a.send([frame(1, 1), frame(1, 2), frame(1, 3)]);
    b.rxsync();
    assertEquals(b.rxRings.map((ring) => ring.space()), [2, 1]);
  });

  it("replaces a lookup by the other form of it, and keeps what is left out", () => {
    const gone: unknown[] = [];
    regops(engine, "vale0:", {
      lookup: () => BROADCAST,
      dtor: (index, name) => gone.push([index, name]),
      config: (request, data) => [request, data],
      privateData: 1,
    });
    regops(engine, "vale0:", { lookupBatch: (batch) => void batch.dst.fill(1, 0, batch.count) });
    a.send([frame(-1, 1)]);
    assertEquals([count(b), count(c)], [1, 0]);
    regops(engine, "vale0:", { lookup: () => NO_PORT, privateData: 3 });
    a.send([frame(-1, 1)]);
    assertEquals([count(b), count(c)], [0, 0]);
    assertEquals(configSwitch(engine, "vale0:", "ask"), ["ask", 3]);
    updatePrivateData(engine, "vale0:", (data) => [data, 4]);
    assertEquals(configSwitch(engine, "vale0:", "ask"), ["ask", [3, 4]]);
    c.close();
    assertEquals(gone, [[2, "vale0:c"]]);
  });

  it("with null is the learning bridge again, which learns anew", () => {
    b.send([frame(-1, 5)]);
    assertEquals(forwardingTable(engine, "vale0:").length, 1);
    regops(engine, "vale0:", { lookup: () => NO_PORT });
    a.send([frame(-1, 1)]);
    regops(engine, "vale0:", null);
    assertEquals(forwardingTable(engine, "vale0:"), []);
    [a, b, c].map(count);
    a.send([frame(5, 1)]);
    assertEquals([count(b), count(c)], [1, 1]);
    b.send([frame(1, 5)]);
    a.send([frame(5, 1)]);
    assertEquals([count(a), count(b), count(c)], [1, 1, 0]);
  });

  it("survives a module that throws: its frames are dropped, and it is told", () => {
    regops(engine, "vale0:", {
      lookup: () => {
        throw new RangeError("lost");
      },
      dtor: () => {
        throw new RangeError("too late");
      },
    });
    assertEquals(a.send([frame(1, 1), frame(1, 1)]), 2);
    assertEquals([count(b), switches(engine)[0].moduleErrors], [0, 2]);
    assertEquals(String(moduleError(engine, "vale0:")), "RangeError: lost");
    c.close();
    assertEquals(listPorts(engine.device).map((port) => port.name), ["vale0:a", "vale0:b"]);
    assertEquals(String(moduleError(engine, "vale0:")), "RangeError: too late");
  });

  it("refuses changes from within a lookup, and leaves all as it was", () => {
    const answers: string[] = [];
    const attempt = (act: () => unknown): void => {
      try {
        act();
        answers.push("done");
      } catch (error) {
        answers.push((error as NetmapError).code);
      }
    };
    newif(engine.device, "v0");
    newif(engine.device, "v1");
    attach(engine.device, "vale0:v0");
    attach(engine.device, "vale0:eth0");
    const listed = listPorts(engine.device);
    regops(engine, "vale0:", {
      lookup: () => {
        attempt(() => regops(engine, "vale0:", null));
        attempt(() => openPort(engine.device, "vale0:d"));
        attempt(() => attach(engine.device, "vale0:v1"));
        attempt(() => detach(engine.device, "vale0:v0"));
        attempt(() => attach(engine.device, "vale0:eth1"));
        attempt(() => detach(engine.device, "vale0:eth0"));
        return 1;
      },
    });
    using v0 = openPort(engine.device, "netmap:v0");
    v0.send([frame(1, 1)]);
    assertEquals([answers, count(b)], [Array(6).fill("EDEADLK"), 1]);
    assertEquals(listPorts(engine.device), listed);
    regops(engine, "vale0:", null);
    detach(engine.device, "vale0:v0");
    detach(engine.device, "vale0:eth0");
    attach(engine.device, "vale0:eth1");
    attach(engine.device, "vale0:v1");
    openPort(engine.device, "vale0:d");
    assertEquals(listPorts(engine.device).length, 6);
  });
});
