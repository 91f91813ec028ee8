import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NetmapError } from "@netmap/core";
import fc from "fast-check";
import { foldSum, wordSum } from "./checksum.ts";
import { type PacketOptions, PacketSource } from "./packet_source.ts";

/** What a receiver checks: lengths and both checksums, by adding everything up. */
function verify(source: PacketSource, virtio = 0): void {
  const b = source.bytes;
  const ip = virtio + 14;
  const wide = b[ip] >> 4 === 6;
  const udp = ip + (wide ? 40 : 20);
  const length = source.length - udp;
  if (!wide) {
    assertEquals(foldSum(wordSum(b, ip, 20)), 0xffff);
    assertEquals(b[ip + 2] << 8 | b[ip + 3], source.length - ip);
  } else assertEquals(b[ip + 4] << 8 | b[ip + 5], length);
  assertEquals(b[udp + 4] << 8 | b[udp + 5], length);
  const addresses = wordSum(b, wide ? ip + 8 : ip + 12, wide ? 32 : 8);
  assertEquals(foldSum(addresses + 17 + length + wordSum(b, udp, length)), 0xffff);
}

const flow = ({ bytes }: PacketSource): string =>
  `${bytes.subarray(26, 30).join(".")}:${bytes[34] << 8 | bytes[35]} ${
    bytes.subarray(30, 34).join(".")
  }:${bytes[36] << 8 | bytes[37]}`;

describe("PacketSource", () => {
  it("builds one packet over and over", () => {
    const source = new PacketSource();
    assertEquals([source.length, source.varies], [60, false]);
    assertEquals(flow(source), "10.0.0.1:1234 10.1.0.1:1234");
    verify(source);
    source.advance();
    assertEquals(flow(source), "10.0.0.1:1234 10.1.0.1:1234");
  });

  it("walks through ports, then addresses, of the source, then of the target", () => {
    const source = new PacketSource({
      source: "10.0.0.1:1-10.0.0.2:2",
      target: "10.1.0.1:5-10.1.0.1:6",
    });
    const seen: string[] = [];
    for (let n = 0; n < 9; n++, source.advance()) {
      verify(source);
      seen.push(flow(source).replaceAll("10.0.0.", "").replaceAll("10.1.0.", ""));
    }
    assertEquals(seen, [
      "1:1 1:5",
      "1:2 1:5",
      "2:1 1:5",
      "2:2 1:5",
      "1:1 1:6",
      "1:2 1:6",
      "2:1 1:6",
      "2:2 1:6",
      "1:1 1:5",
    ]);
  });

  it("has right checksums whatever changes", () => {
    const options: fc.Arbitrary<PacketOptions> = fc.record({
      length: fc.integer({ min: 100, max: 1514 }),
      minLength: fc.integer({ min: 62, max: 100 }),
      randomSource: fc.boolean(),
      randomTarget: fc.boolean(),
      ipv6: fc.boolean(),
      virtioHeader: fc.constantFrom(0, 10, 12),
    });
    fc.assert(fc.property(options, (one) => {
      const source = new PacketSource(one);
      for (let n = 0; n < 20; n++, source.advance()) {
        assert(source.length >= one.minLength! && source.length <= source.maxLength);
        verify(source, one.virtioHeader);
      }
    }));
  });

  it("refuses what cannot be built", () => {
    const cases: [PacketOptions, string][] = [
      [{ length: 41 }, "'41' bytes: use 42"],
      [{ length: 61, ipv6: true }, "'61' bytes: use 62"],
      [{ length: 60, minLength: 80 }, "'60' bytes: use 80"],
      [{ length: 65536 }, "to 65535"],
      [{ source: "10.0.0.1", target: "fd00::1" }, "from IPv4 to IPv6"],
      [{ virtioHeader: 11 }, "virtio-net header of '11' bytes"],
    ];
    for (const [options, message] of cases) {
      assertThrows(() => new PacketSource(options), NetmapError, message);
    }
  });
});
