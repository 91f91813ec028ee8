import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NetmapError } from "@netmap/core";
import { formatMac, parseAddressRange, parseIp, parseMac } from "./address.ts";

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

describe("addresses", () => {
  it("are read as people write them", () => {
    assertEquals(formatMac(parseMac("2:0:a:0:0:FF")), "02:00:0a:00:00:ff");
    const cases: [string, string][] = [
      ["10.0.0.1", "0a000001"],
      ["::", "00".repeat(16)],
      ["::1", "00".repeat(15) + "01"],
      ["fd00::1", "fd" + "00".repeat(14) + "01"],
      ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
      ["1::8", "0001" + "0000".repeat(6) + "0008"],
      ["::ffff:192.0.2.1", "00".repeat(10) + "ffffc0000201"],
    ];
    for (const [text, bytes] of cases) assertEquals([text, hex(parseIp(text))], [text, bytes]);
  });

  it("are refused when they are none", () => {
    const ips = ["", "10.0.0", "10.0.0.256", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", ":1"];
    for (const text of [...ips, "g::1", "12345::"]) {
      assertThrows(() => parseIp(text), NetmapError, `Cannot read '${text}'`);
    }
    for (const text of ["02:00:00:00:00", "02:00:00:00:00:100", "x:0:0:0:0:0"]) {
      assertThrows(() => parseMac(text), NetmapError, "as an Ethernet address");
    }
  });

  it("go in ranges with ports", () => {
    const read = (text: string) => {
      const { first, more, firstPort, morePorts } = parseAddressRange(text);
      return [hex(first.subarray(-4)), more, firstPort, morePorts];
    };
    assertEquals(read("10.0.0.1"), ["0a000001", 0, 1234, 0]);
    assertEquals(read("10.0.0.1:53"), ["0a000001", 0, 53, 0]);
    assertEquals(read("10.0.0.1-10.0.1.0"), ["0a000001", 255, 1234, 0]);
    assertEquals(read("10.0.0.1:10-10.0.0.1:19"), ["0a000001", 0, 10, 9]);
    assertEquals(read("fd00::1-fd00::ff"), ["00000001", 254, 1234, 0]);
    assertEquals(read("[fd00::1]:5-[fd00::2]:6"), ["00000001", 1, 5, 1]);
    const wrong = [
      "10.0.0.2-10.0.0.1",
      "10.0.0.1:9-10.0.0.1:8",
      "10.0.0.1-fd00::1",
      "fd00::1-fd01::2",
      "10.0.0.1:70000",
      "1.1.1.1-2.2.2.2-3.3.3.3",
    ];
    for (const text of wrong) {
      assertThrows(() => parseAddressRange(text), NetmapError, "Cannot read");
    }
  });
});
