import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { RateMeter } from "./rates.ts";

describe("RateMeter", () => {
  it("divides by the time that really passed", () => {
    const meter = new RateMeter(["packets"], 1000);
    assertEquals(meter.measure([{ name: "a", packets: 50 }], 1500), [{ packets: 100 }]);
    assertEquals(meter.measure([{ name: "a", packets: 80 }], 3500), [{ packets: 15 }]);
    assertEquals(meter.measure([{ name: "a", packets: 80 }], 4500), [{ packets: 0 }]);
  });

  it("knows rows by their names, whatever their order", () => {
    const meter = new RateMeter(["packets", "bytes"], 0);
    const a = { name: "a", packets: 1, bytes: 10 };
    const b = { name: "b", packets: 2, bytes: 20 };
    meter.measure([a, b], 1000);
    assertEquals(
      meter.measure([b, { ...a, bytes: 40 }, { name: "c", packets: 5, bytes: 0 }], 2000),
      [
        { packets: 0, bytes: 0 },
        { packets: 0, bytes: 30 },
        { packets: 5, bytes: 0 },
      ],
    );
  });

  it("does not divide by no time at all", () => {
    const meter = new RateMeter(["packets"], 7);
    assertEquals(meter.measure([{ name: "a", packets: 3 }], 7), [{ packets: 3000 }]);
  });
});
