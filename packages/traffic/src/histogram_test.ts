import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

describe("Histogram", () => {
  it("has quantiles of at most 1/64 more than the value", () => {
    const values = fc.array(fc.nat(0x7fffffff), { minLength: 1, maxLength: 200 });
    fc.assert(fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
      const histogram = new Histogram();
      for (const value of all) histogram.record(value);
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil(share * all.length) - 1)];
      const got = histogram.quantile(share);
      assert(got >= exact && got <= exact + exact / 64, `${got} for ${exact}`);
      assertEquals([histogram.min, histogram.max], [sorted[0], sorted.at(-1)]);
      assertEquals(histogram.count, all.length);
      const ranges = histogram.ranges(10);
      assertEquals(ranges.reduce((sum, { count }) => sum + count, 0), all.length);
      assert(ranges.length <= 10);
    }));
  });

  it("is empty at first, and counts what is too large as the largest", () => {
    const histogram = new Histogram();
    assertEquals([histogram.quantile(0.5), histogram.mean, histogram.ranges(5)], [0, 0, []]);
    histogram.record(1e12);
    histogram.record(0.7);
    assertEquals([histogram.min, histogram.max, histogram.quantile(0)], [0, 0x7fffffff, 0]);
  });
});
