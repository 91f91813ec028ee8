import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Pacer } from "./pacer.ts";

describe("Pacer", () => {
  it("keeps any rate to one packet, whenever it is asked", () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 20_000_000 }),
      fc.array(fc.double({ min: 0.001, max: 900, noNaN: true }), { minLength: 1, maxLength: 50 }),
      (rate, gaps) => {
        const pacer = new Pacer(rate, 1000);
        let now = 1000;
        let sent = 0;
        for (const gap of gaps) {
          now += gap;
          const due = pacer.due(now);
          pacer.sent(due);
          sent += due;
          const wanted = (now - 1000) * rate / 1000;
          assert(sent <= wanted + 1e-3 && sent > wanted - 1.001, `${sent} of ${wanted}`);
        }
      },
    ));
  });

  it("says how long until the next packet", () => {
    const pacer = new Pacer(100, 0);
    assertEquals([pacer.due(0), pacer.wait(0)], [0, 10]);
    assertEquals([pacer.due(10), pacer.wait(10)], [1, 0]);
    pacer.sent(1);
    assertEquals([pacer.due(12), pacer.wait(12)], [0, 8]);
  });

  it("does not make up for a long pause", () => {
    const pacer = new Pacer(1000, 0);
    pacer.sent(pacer.due(60_000));
    assertEquals(pacer.due(60_000), 0);
    assertEquals(pacer.due(60_010), 10);
  });
});
