import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { NetmapError, openPort } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { regops, setZeroCopy } from "@netmap/vale";
import { readInventory } from "./inventory.ts";
import { operate } from "./operations.ts";
import { readOptions } from "./options.ts";
import { InventoryText } from "./text.ts";

let engine: Engine;

beforeEach(() => {
  engine = embeddedEngine();
});

afterEach(() => engine.close());

const run = (...args: string[]) => operate(engine.device, readOptions(args));

function frame(source: number): Uint8Array {
  const bytes = new Uint8Array(60).fill(0xff, 0, 6);
  bytes.set([2, 0, 0, 0, 0, source], 6);
  return bytes;
}

describe("operate()", () => {
  it("makes a persistent port, attaches it, finds it, detaches it and removes it", () => {
    assertEquals(run("-n", "v0", "-C", "512,256,2").answer, {
      tx_slots: 512,
      rx_slots: 256,
      tx_rings: 2,
      rx_rings: 2,
      mem_id: 1,
    });
    assertEquals(run("-g", "v0"), {
      always: true,
      answer: {
        memsize: engine.region(1).size,
        tx_slots: 512,
        rx_slots: 256,
        tx_rings: 2,
        rx_rings: 2,
        mem_id: 1,
      },
    });
    assertEquals(run("-a", "vale3:v0"), { always: false, answer: { port_index: 0 } });
    assertEquals(run("-l", "vale3:v0").answer, { bridge_idx: 0, port_idx: 0 });
    assertEquals(run("-d", "vale3:v0").answer, { port_index: 0 });
    run("-r", "v0");
    assertEquals(engine.ports.size, 0);
  });

  it("is refused by the device with its errno", () => {
    using _a = openPort(engine.device, "vale0:a");
    const cases: [string[], string][] = [
      [["-a", "vale0:no-such-if"], "EINVAL"],
      [["-d", "vale0:b"], "ENXIO"],
      [["-l", "vale0:b"], "EINVAL"],
      [["-l", "vale7:b"], "ENOENT"],
      [["-r", "v0"], "ENXIO"],
      [["-p", "vale0:a"], "EOPNOTSUPP"],
      [["-n", "v1", "-m", "9"], "EINVAL"],
    ];
    for (const [args, code] of cases) {
      const error = assertThrows(() => run(...args), NetmapError);
      assertEquals([args.join(" "), error.code], [args.join(" "), code]);
      assert(!error.message.includes("\n"));
    }
  });
});

describe("readInventory()", () => {
  it("shows switches, ports, counters, drops, addresses and memory", () => {
    using a = openPort(engine.device, "vale0:a", { slots: 64 });
    using b = openPort(engine.device, "vale0:b", { slots: 32 });
    run("-n", "v0");
    setZeroCopy(engine, "vale0:", true);
    a.send(Array.from({ length: 40 }, () => frame(1)));
    b.receive();
    b.send([frame(2)]);
    const { device, switches, ports, memory } = readInventory(engine.device, engine);
    assertEquals(device, "embedded");
    const [bridge] = switches;
    assertEquals(
      [bridge.name, bridge.index, bridge.zeroCopy, bridge.module, bridge.ports.length],
      ["vale0", 0, true, false, 2],
    );
    const [first, second] = bridge.ports;
    assertEquals([first.name, first.index, first.kind, first.open], ["vale0:a", 0, "vale", true]);
    assertEquals(first.rings?.txSlots, 64);
    assertEquals(first.tx, { packets: 40, bytes: 2400, drops: 0 });
    assertEquals(second.rx, { packets: 31, bytes: 1860, drops: 9 });
    assertEquals(second.rxRings, [{ packets: 31, bytes: 1860, drops: 9 }]);
    const known = bridge.addresses.map(({ address, port }) => `${address} ${port}`).sort();
    assertEquals(known, ["02:00:00:00:00:01 vale0:a", "02:00:00:00:00:02 vale0:b"]);
    assertEquals(ports.map(({ name, open }) => [name, open]), [["v0", false]]);
    assertEquals([memory[0].id, memory[0].pools?.buf.total], [1, 163838]);
    assertEquals(memory[0].pools!.buf.free, 163838 - 2 * 64 - 2 * 32);
  });

  it("shows modules and how often they failed", () => {
    using a = openPort(engine.device, "vale0:a");
    regops(engine, "vale0:", {
      lookup: () => {
        throw new Error("no");
      },
    });
    a.send([frame(1)]);
    const [bridge] = readInventory(engine.device, engine).switches;
    assertEquals([bridge.module, bridge.moduleErrors], [true, 1]);
  });

  it("shows names, numbers, rings and memory of a device that counts elsewhere", () => {
    using _a = openPort(engine.device, "vale0:a", { slots: 64 });
    using _b = openPort(engine.device, "vale5:b", { rings: 2 });
    const { switches, memory } = readInventory(engine.device, null);
    assertEquals(switches.map(({ name, index }) => [name, index]), [["vale0", 0], ["vale5", 1]]);
    const [port] = switches[1].ports;
    assertEquals([port.name, port.index, port.tx, port.rings?.rxRings], ["vale5:b", 0, null, 2]);
    assertEquals(memory, [{ id: 1, size: engine.region(1).size, pools: null }]);
  });
});

describe("InventoryText", () => {
  it("shows rates from the second look on, and rings when it is to say more", () => {
    using a = openPort(engine.device, "vale0:a");
    using _b = openPort(engine.device, "vale0:b");
    const text = new InventoryText(true);
    const look = (now: number): string =>
      text.lines(readInventory(engine.device, engine), now)
        .map((line) => typeof line === "string" ? line : line[0]).join("\n");
    const first = look(0);
    assert(!first.includes("pkt/s"));
    assertMatch(first, /^Device 'embedded': 1 switch, 1 memory region$/m);
    assertMatch(first, /^vale0: bridge_idx 0, copying, learning$/m);
    assertMatch(first, /^ {2}ring 0 +0 +0 +0 +0$/m);
    a.send(Array.from({ length: 500 }, () => frame(1)));
    const second = look(500);
    assertMatch(second, /^vale0:a +vale +0 +1\/1 +1024\/1024 +1 +500 +0 +0 +0 +1\.00 k +0$/m);
    assertMatch(second, /^vale0:b +vale +1 .* +0 +500 +0 +0 +0 +1\.00 k$/m);
    assertMatch(second, /^02:00:00:00:00:01 +vale0:a +0 s$/m);
  });
});
