import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { plural, short, whole } from "./format.ts";

describe("short()", () => {
  it("keeps three digits and finds the prefix", () => {
    const cases: [number, string][] = [
      [0, "0"],
      [7, "7"],
      [999, "999"],
      [999.6, "1.00 k"],
      [1234, "1.23 k"],
      [45_678, "45.7 k"],
      [99_960, "100 k"],
      [999_499, "999 k"],
      [999_999, "1.00 M"],
      [12.3e9, "12.3 G"],
      [5e18, "5000 P"],
    ];
    for (const [value, text] of cases) assertEquals(short(value), text);
  });

  it("puts the unit behind the prefix", () => {
    assertEquals(short(9.87e9, "bit/s"), "9.87 Gbit/s");
    assertEquals(short(12, "pkt/s"), "12 pkt/s");
  });
});

describe("whole()", () => {
  it("puts thousands apart", () => {
    assertEquals([0, 999, 1000, 1234567, 12345678.4].map(whole), [
      "0",
      "999",
      "1,000",
      "1,234,567",
      "12,345,678",
    ]);
  });
});

describe("plural()", () => {
  it("says one or several", () => {
    assertEquals(plural(1, "frame"), "1 frame");
    assertEquals(plural(2000, "frame"), "2,000 frames");
    assertEquals(plural(0, "address", "addresses"), "0 addresses");
  });
});
