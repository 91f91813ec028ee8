import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Pool } from "./pool.ts";

describe("Pool", () => {
  it("hands out each object once, in order, and never a reserved one", () => {
    const pool = new Pool("buf", 4096, 2048, 5, 2);
    assertEquals([pool.alloc(), pool.alloc(), pool.alloc(), pool.alloc()], [2, 3, 4, -1]);
    assertEquals(pool.free, 0);
  });

  it("takes an object back once only", () => {
    const pool = new Pool("buf", 0, 64, 40, 2);
    const index = pool.alloc();
    assertEquals(pool.release(index), true);
    assertEquals(pool.release(index), false);
    assertEquals(pool.free, 38);
  });

  it("refuses what was never an object", () => {
    const pool = new Pool("buf", 0, 64, 40, 2);
    for (const index of [0, 1, 40, -1, 1.5, NaN, 1e9]) assertEquals(pool.release(index), false);
    assertEquals(pool.free, 38);
  });

  it("keeps count through any order of takes and returns", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: -1, max: 99 }), { maxLength: 400 }), (ops) => {
      const pool = new Pool("ring", 0, 64, 70, 0);
      const taken = new Set<number>();
      for (const op of ops) {
        if (op < 0) {
          const index = pool.alloc();
          assertEquals(index === -1, taken.size === 70);
          assertEquals(taken.has(index), false);
          if (index >= 0) taken.add(index);
        } else {
          assertEquals(pool.release(op), taken.delete(op));
        }
        assertEquals(pool.free, 70 - taken.size);
      }
    }));
  });
});
