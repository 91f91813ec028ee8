import { NetmapError, openPort, type Port } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { F_TIME, F_WORDS, S_FDB, S_FDB_MASK, S_MAX_AGE } from "./layout.ts";
import { forwardingTable, switches, switchStats } from "./stats.ts";
import { switchTable } from "./switch_table.ts";
import { vale } from "./vale.ts";

/** A frame to everybody, or to an address, from an address. */
function frame(dst: number, src: number): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set(dst < 0 ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, dst >> 8, dst & 255], 0);
  bytes.set([2, 0, 0, 0, src >> 8, src & 255], 6);
  return bytes;
}

describe("What a switch has seen", () => {
  let engine: Engine;
  let a: Port;
  let b: Port;

  beforeEach(() => {
    engine = createEngine({ features: [vale({ addresses: 64 })] });
    [a, b] = ["a", "b"].map((name) =>
      openPort(engine.device, { name: `vale0:${name}`, txRings: 2, rxRings: 2, rxSlots: 64 })
    );
  });

  afterEach(() => engine.close());

  it("is counted for each port and each ring, drops where they happen", () => {
    assertEquals(a.send(Array.from({ length: 100 }, () => frame(-1, 1))), 100);
    b.send([frame(1, 2), new Uint8Array(13)]);
    const [first, second] = switchStats(engine, "vale0:");
    assertEquals([first.name, first.index, first.kind, first.open], ["vale0:a", 0, "vale", true]);
    assertEquals([first.tx.packets, first.tx.bytes, first.rx.packets], [100, 6000, 1]);
    assertEquals([second.rx.packets, second.rx.dropNoRoom], [63, 37]);
    assertEquals([second.tx.packets, second.tx.dropBadSlot], [1, 1]);
    assertEquals(second.rxRings.map((ring) => ring.packets), [63, 0]);
    assertEquals(second.txRings.length, 2);
    assertEquals([first.addresses, second.addresses], [1, 1]);
  });

  it("is a table of addresses with the port and the age of each", () => {
    a.send([frame(-1, 1), frame(-1, 258)]);
    b.send([frame(-1, 3)]);
    const { state } = engine.dp;
    const s = switchTable(engine).find("vale0:")!.record;
    const table = state[s + S_FDB];
    // The clock stands still for whoever looks: as if a had been silent for 20 seconds.
    for (let e = 0; e < (state[s + S_FDB_MASK] + 1) * 4; e++) {
      const at = table + e * F_WORDS;
      if ((state[at + 1] & 0xffff) === 1) state[at + F_TIME] -= 20;
    }
    const entries = forwardingTable(engine, "vale0:");
    assertEquals(entries.map((entry) => [entry.portName, entry.port, entry.age >= 20]), [
      ["vale0:b", 1, false],
      ["vale0:a", 0, true],
      ["vale0:a", 0, true],
    ]);
    assertEquals(entries.map((entry) => entry.address).sort(), [
      "02:00:00:00:00:01",
      "02:00:00:00:00:03",
      "02:00:00:00:01:02",
    ]);
  });

  it("is forgotten of a port that is gone, and not taken for that of its successor", () => {
    a.send([frame(-1, 1)]);
    b.send([frame(-1, 2)]);
    b.close();
    assertEquals(forwardingTable(engine, "vale0:").map((entry) => entry.portName), ["vale0:a"]);
    const c = openPort(engine.device, "vale0:c");
    const d = openPort(engine.device, "vale0:d");
    // c has b's number; what is sent to b's address is for everybody.
    assertEquals(switchStats(engine, "vale0:").map((port) => port.name), [
      "vale0:a",
      "vale0:c",
      "vale0:d",
    ]);
    a.send([frame(2, 1)]);
    assertEquals([[...c.receive()].length, [...d.receive()].length], [1, 1]);
    // And a new port learns an address that its predecessor sent last.
    c.send([frame(-1, 2)]);
    d.receive();
    a.receive();
    a.send([frame(2, 1)]);
    assertEquals([[...c.receive()].length, [...d.receive()].length], [1, 0]);
  });

  it("holds as many addresses as vale() says, and forgets the oldest of a bucket", () => {
    for (let n = 0; n < 500; n++) a.send([frame(-1, n)]);
    const known = forwardingTable(engine, "vale0:").length;
    assertEquals([known <= 64, known > 48], [true, true], `${known}`);
  });

  it("forgets what was silent too long", () => {
    const age = (maxAge?: number): number => {
      using other = createEngine({ features: [vale(maxAge === undefined ? {} : { maxAge })] });
      using _port = openPort(other.device, "vale0:a");
      return other.dp.state[switchTable(other).find("vale0:")!.record + S_MAX_AGE];
    };
    assertEquals([age(), age(7), age(Infinity)], [0, 7, -1]);
    assertEquals(assertThrows(() => vale({ maxAge: 0 }), NetmapError).code, "EINVAL");
  });

  it("is asked of a switch that exists, in an engine that has some", () => {
    for (const ask of [switchStats, forwardingTable]) {
      assertEquals(assertThrows(() => ask(engine, "vale7:"), NetmapError).code, "ENXIO");
    }
    using bare = createEngine();
    const error = assertThrows(() => switches(bare), NetmapError);
    assertEquals([error.code, error.message.includes("add vale()")], ["EINVAL", true]);
    assertEquals(switches(engine), [{
      name: "vale0:",
      index: 0,
      ports: 2,
      zeroCopy: false,
      exclusive: false,
      module: false,
      moduleErrors: 0,
    }]);
  });
});
