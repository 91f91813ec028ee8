import { CSB_ENTRY_WORDS } from "@netmap/core";
import {
  C_PACKETS,
  K_BUSY,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_SLOTS,
  K_RCUR,
  K_RHEAD,
  K_RTAIL,
} from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { mapRecordedCsb } from "../csb_area.ts";
import { CsbBench } from "../kloop_fixture.ts";
import { type KloopRings, openRings, syncRound } from "./rings.ts";

const SLOTS = 8;
const word = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -1, max: SLOTS }) },
  { weight: 1, arbitrary: fc.integer({ min: -0x80000000, max: 0x7fffffff }) },
);
/** A store into the entries: which of the two arrays, where, what. */
const store = fc.record({
  ktoa: fc.boolean(),
  at: fc.integer({ min: 0, max: 3 }).chain((field) =>
    fc.constantFrom(0, 2).map((entry) => entry * CSB_ENTRY_WORDS + field)
  ),
  value: word,
});

describe("whatever an application writes into its CSB entries", () => {
  let bench: CsbBench;

  beforeEach(() => {
    bench = new CsbBench("netmap:echo0", { rings: 2, slots: SLOTS, eventfds: "none" });
  });

  afterEach(async () => {
    const { before, after } = await bench.close();
    assertEquals(after, before);
  });

  function checkKrings(state: Int32Array, rings: KloopRings): void {
    for (let i = 0; i < rings.count; i++) {
      const k = rings.k[i];
      const n = state[k + K_NUM_SLOTS];
      const at = (field: number): number => state[k + field];
      for (const field of [K_HWCUR, K_HWTAIL, K_RHEAD, K_RCUR, K_RTAIL]) {
        assert(at(field) >= 0 && at(field) < n);
      }
      const distance = (from: number, to: number): number => (to - from + n) % n;
      // hwcur <= rhead <= rcur <= rtail, around the ring
      const first = at(K_HWCUR);
      assert(distance(first, at(K_RHEAD)) <= distance(first, at(K_RCUR)));
      assert(distance(first, at(K_RCUR)) <= distance(first, at(K_RTAIL)));
      assertEquals(at(K_BUSY), 0);
    }
  }

  it("the loop does not throw, its rings stay whole, and those of others move on", () => {
    const { dp } = bench.engine;
    using entries = mapRecordedCsb(dp, bench.descriptor.word);
    const { atok } = entries;
    const rings = openRings(dp, bench.descriptor.word, entries, {});
    /** Packets of the well-behaved ring, the second one. */
    let sent = 0;
    const property = fc.property(fc.array(fc.array(store, { maxLength: 6 }), { maxLength: 30 }), (
      rounds,
    ) => {
      for (const stores of rounds) {
        for (const { ktoa, at, value } of stores) (ktoa ? entries.ktoa : atok)[at] = value;
        // The other ring sends one packet a round and gives the one before it back.
        atok[CSB_ENTRY_WORDS] = atok[CSB_ENTRY_WORDS + 1] = ++sent % SLOTS;
        syncRound(rings);
        syncRound(rings);
        checkKrings(dp.state, rings);
        assertEquals(entries.ktoa[CSB_ENTRY_WORDS], sent % SLOTS);
        assertEquals(entries.ktoa[3 * CSB_ENTRY_WORDS + 1], sent % SLOTS);
        atok[3 * CSB_ENTRY_WORDS] = atok[3 * CSB_ENTRY_WORDS + 1] = sent % SLOTS;
        syncRound(rings);
      }
    });
    fc.assert(property, { numRuns: 500 });
    assertEquals(dp.counters[(rings.k[1] >> 1) + C_PACKETS], sent);
  });
});
