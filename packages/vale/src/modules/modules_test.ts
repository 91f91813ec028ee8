import { openPort, type Port } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { regops } from "../regops.ts";
import { switches, switchStats } from "../stats.ts";
import { vale } from "../vale.ts";
import { hashBalancer } from "./hash_balancer.ts";
import { staticTable } from "./static_table.ts";
import { vlanLearning } from "./vlan_learning.ts";

const BROADCAST_ADDRESS = [255, 255, 255, 255, 255, 255];
const address = (n: number): number[] => [2, 0, 0, 0, n >> 8, n & 255];
const text = (n: number): string =>
  address(n).map((byte) => byte.toString(16).padStart(2, "0")).join(":");

/** A frame from one address to another, with a tag when a VLAN is given. */
function frame(dst: number[], src: number[], vlan: number = -1): Uint8Array {
  const bytes = new Uint8Array(60);
  bytes.set(dst, 0);
  bytes.set(src, 6);
  bytes.set(vlan < 0 ? [8, 0] : [0x81, 0, 0x20 | vlan >> 8, vlan & 255, 8, 0], 12);
  return bytes;
}

/** A TCP, UDP or other packet of IPv4. */
function packet(
  from: [number, number],
  to: [number, number],
  protocol: number,
  more = 0,
): Uint8Array {
  const bytes = frame(address(1), address(2));
  bytes[14] = 0x45;
  bytes[20] = more;
  bytes[23] = protocol;
  bytes.set([10, 0, 0, from[0], 10, 0, 0, to[0]], 26);
  bytes.set([from[1] >> 8, from[1] & 255, to[1] >> 8, to[1] & 255], 34);
  return bytes;
}

describe("Modules", () => {
  let engine: Engine;
  let ports: Port[];
  /** Who has got how many frames. */
  const got = (): number[] => ports.map((port) => [...port.receive()].length);

  beforeEach(() => {
    engine = createEngine({ features: [vale()] });
    ports = ["a", "b", "c", "d"].map((name) =>
      openPort(engine.device, { name: `vale0:${name}`, txSlots: 256, rxSlots: 256 })
    );
  });

  afterEach(() => engine.close());

  describe("staticTable()", () => {
    it("sends each address where the table says, and floods nothing but groups", () => {
      const table: Record<string, number> = {};
      for (let n = 0; n < 300; n++) table[text(n)] = n % 3 + 1;
      regops(engine, "vale0:", staticTable(table));
      for (let n = 0; n < 300; n += 7) {
        ports[0].send([frame(address(n), address(999))]);
        assertEquals(got(), [0, 1, 2, 3].map((port) => port === n % 3 + 1 ? 1 : 0));
      }
      ports[0].send([frame(address(301), address(0))]);
      assertEquals(got(), [0, 0, 0, 0]);
      ports[0].send([frame(BROADCAST_ADDRESS, address(0))]);
      assertEquals(got(), [0, 1, 1, 1]);
      // What it says of the sender itself comes back to nobody.
      ports[1].send([frame(address(0), address(0))]);
      assertEquals(got(), [0, 0, 0, 0]);
      assertEquals(switchStats(engine, "vale0:").map((port) => port.tx.dropNoDestination), [
        1,
        1,
        0,
        0,
      ]);
    });

    it("refuses what is no address", () => {
      for (const key of ["", "02:00:00:00:00", "02-00-00-00-00-01", "02:00:00:00:00:0g"]) {
        assertThrows(() => staticTable({ [key]: 1 }), RangeError, key);
      }
    });
  });

  describe("vlanLearning()", () => {
    it("knows an address by its VLAN", () => {
      regops(engine, "vale0:", vlanLearning());
      ports[1].send([frame(BROADCAST_ADDRESS, address(7), 10)]);
      ports[2].send([frame(BROADCAST_ADDRESS, address(7), 20)]);
      got();
      ports[0].send([frame(address(7), address(1), 10)]);
      assertEquals(got(), [0, 1, 0, 0]);
      ports[0].send([frame(address(7), address(1), 20)]);
      assertEquals(got(), [0, 0, 1, 0]);
      ports[0].send([frame(address(7), address(1), 30)]);
      assertEquals(got(), [0, 1, 1, 1]);
    });

    it("takes frames without a tag for the port's VLAN", () => {
      regops(engine, "vale0:", vlanLearning({ untagged: { 1: 10 } }));
      ports[1].send([frame(BROADCAST_ADDRESS, address(7))]);
      got();
      ports[0].send([frame(address(7), address(1), 10)]);
      assertEquals(got(), [0, 1, 0, 0]);
      // In VLAN 1, that of the other ports, it is unknown.
      ports[0].send([frame(address(7), address(1))]);
      assertEquals(got(), [0, 1, 1, 1]);
    });

    it("drops what a port may not send", () => {
      regops(engine, "vale0:", vlanLearning({ members: { 1: [10, 11] } }));
      ports[1].send([frame(BROADCAST_ADDRESS, address(7), 11)]);
      assertEquals(got(), [1, 0, 1, 1]);
      ports[1].send([
        frame(BROADCAST_ADDRESS, address(7), 12),
        frame(BROADCAST_ADDRESS, address(7)),
      ]);
      assertEquals(got(), [0, 0, 0, 0]);
    });

    it("forgets who is gone", () => {
      regops(engine, "vale0:", vlanLearning());
      ports[3].send([frame(BROADCAST_ADDRESS, address(7), 10)]);
      got();
      ports.pop()!.close();
      ports[0].send([frame(address(7), address(1), 10)]);
      assertEquals(got(), [0, 1, 1]);
    });
  });

  describe("hashBalancer()", () => {
    it("keeps a flow on one port, both ways, and spreads flows", () => {
      regops(engine, "vale0:", hashBalancer(0, [1, 2, 3]));
      const total = [0, 0, 0, 0];
      for (let flow = 0; flow < 120; flow++) {
        const protocol = flow % 2 === 0 ? 6 : 17;
        const from: [number, number] = [flow % 200, 1024 + flow];
        const to: [number, number] = [201, 80];
        ports[0].send([packet(from, to, protocol), packet(to, from, protocol)]);
        const counts = got();
        assertEquals([counts[0], counts.filter((count) => count === 2).length], [0, 1]);
        counts.forEach((count, port) => total[port] += count);
      }
      assertEquals(total[0], 0);
      for (const count of total.slice(1)) assertEquals(count > 40 && count < 140, true, `${total}`);
    });

    it("keeps all pieces of a fragmented packet together", () => {
      regops(engine, "vale0:", hashBalancer(0, [1, 2, 3]));
      const pieces = Array.from({ length: 50 }, (_, i) => packet([1, i], [2, i * 7], 17, 0x20));
      ports[0].send(pieces);
      assertEquals(got().filter((count) => count === 50).length, 1);
    });

    it("sends back what the others send, and everything that is not IPv4 to the first", () => {
      regops(engine, "vale0:", hashBalancer(0, [1, 2]));
      ports[2].send([packet([1, 1], [2, 2], 6)]);
      ports[3].send([frame(BROADCAST_ADDRESS, address(1))]);
      assertEquals(got(), [2, 0, 0, 0]);
      ports[0].send([frame(BROADCAST_ADDRESS, address(1)), frame(address(5), address(1), 4)]);
      assertEquals(got(), [0, 2, 0, 0]);
      assertThrows(() => hashBalancer(0, []), RangeError);
    });
  });

  it("of less than 50 lines of their own", async () => {
    const { readFileSync } = await import("node:fs");
    for (const name of ["static_table", "vlan_learning", "hash_balancer"]) {
      const source = readFileSync(new URL(`./${name}.ts`, import.meta.url), "utf8");
      const lines = source.replace(/\/\*\*[\s\S]*?\*\//g, "").split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== "" && !line.startsWith("//"));
      assertEquals(lines.length < 50, true, `${name}: ${lines.length}`);
    }
    assertEquals(switches(engine)[0].module, false);
  });
});
