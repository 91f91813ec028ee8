import {
  CSB_ENTRY_WORDS,
  NetmapError,
  POLLIN,
  PollSet,
  RING_HEAD,
  RING_SLOTS,
  SLOT_WORDS,
} from "@netmap/core";
import {
  D_WAKE,
  K_BUSY,
  K_HWCUR,
  K_HWTAIL,
  K_RHEAD,
  K_RTAIL,
  KR_STOPPED,
  resumeRing,
  ringCounters,
  stopRing,
  WAKE_NONE,
} from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import type { CsbPort } from "../client/csb_port.ts";
import { type MappedCsb, mapRecordedCsb } from "../csb_area.ts";
import { CsbBench } from "../kloop_fixture.ts";
import { kloopCounters } from "./counters.ts";
import {
  askForKicks,
  BUSY,
  GONE,
  type KloopRings,
  openRings,
  refuseKicks,
  type RingError,
  syncEntry,
  syncRound,
  WORK,
} from "./rings.ts";

const SLOTS = 16;
/** Entries of a port with two rings each way. */
const TX0 = 0;
const TX1 = 1;
const RX0 = 2;
const RX1 = 3;

describe("the loop's half", () => {
  let bench: CsbBench;
  let port: CsbPort;
  let entries: MappedCsb;
  let rings: KloopRings;
  let errors: RingError[];
  let state: Int32Array;

  beforeEach(() => {
    bench = new CsbBench("netmap:echo0", { rings: 2, slots: SLOTS, eventfds: "each" });
    state = bench.engine.dp.state;
    port = bench.opened.port();
    entries = mapRecordedCsb(bench.engine.dp, bench.descriptor.word);
    errors = [];
    rings = openRings(bench.engine.dp, bench.descriptor.word, entries, {
      eventfds: bench.opened.eventfds.pairs,
      onRingError: (error) => errors.push(error),
    });
  });

  afterEach(async () => {
    for (let i = 0; i < 4; i++) assertEquals(state[rings.k[i] + K_BUSY], 0);
    entries.close();
    port.close();
    const { before, after } = await bench.close();
    assertEquals(after, before);
  });

  const told = (i: number): number[] => [...entries.ktoa.subarray(i * 16, i * 16 + 3)];
  const publish = (i: number, head: number, cur: number): void => {
    entries.atok[i * CSB_ENTRY_WORDS + 1] = cur;
    entries.atok[i * CSB_ENTRY_WORDS] = head;
  };
  const needsKick = (i: number, needed: number): void => {
    entries.atok[i * CSB_ENTRY_WORDS + 2] = needed;
  };
  const kicked = (i: number): boolean => {
    const set = new PollSet();
    set.add(bench.opened.eventfds.pairs[i].irqfd, POLLIN);
    return set.wait(0) === 1;
  };
  /** Everything of the krings that an application could harm. */
  const whole = (i: number): void => {
    const k = rings.k[i];
    for (const field of [K_HWCUR, K_HWTAIL, K_RHEAD, K_RTAIL]) {
      assert(state[k + field] >= 0 && state[k + field] < SLOTS);
    }
  };

  it("finds its rings: transmit first, then receive, two of each", () => {
    assertEquals([rings.txCount, rings.count], [2, 4]);
    assertEquals([...rings.irqfd], bench.opened.eventfds.pairs.map(({ irqfd }) => irqfd));
  });

  it("CSB_ENABLE tells where the rings stand, and asks for kicks", () => {
    for (const i of [TX0, TX1]) assertEquals(told(i), [0, SLOTS - 1, 1]);
    for (const i of [RX0, RX1]) assertEquals(told(i), [0, 0, 1]);
  });

  it("sends what was published, and tells how far it is", () => {
    syncRound(rings);
    publish(TX0, 3, 3);
    assertEquals(syncEntry(rings, TX0), WORK);
    assertEquals(told(TX0), [3, 2, 1]);
    assertEquals(syncEntry(rings, TX0), 0);
    assertEquals(syncEntry(rings, RX0), WORK);
    assertEquals(told(RX0), [0, 3, 1]);
    assertEquals(told(TX1), [0, SLOTS - 1, 1]);
  });

  it("takes back what was given back", () => {
    publish(TX0, 5, 5);
    syncRound(rings);
    syncRound(rings);
    publish(RX0, 4, 5);
    assertEquals(syncEntry(rings, RX0), WORK);
    assertEquals(told(RX0), [4, 5, 1]);
  });

  it("goes by the entries and never looks at head and cur of the ring itself", () => {
    syncRound(rings);
    const { i32 } = port.memory;
    const r = port.txRings[0].word;
    i32[r + RING_HEAD] = 7;
    i32[r + RING_HEAD + 1] = 9999;
    assertEquals(syncEntry(rings, TX0), 0);
    assertEquals(told(TX0), [0, SLOTS - 1, 1]);
  });

  it("counts no batch for a look that found nothing to send", () => {
    syncRound(rings);
    for (let i = 0; i < 5; i++) syncEntry(rings, TX0);
    assertEquals(ringCounters(bench.engine.dp, rings.k[TX0]).batches, 0);
    publish(TX0, 1, 1);
    for (let i = 0; i < 5; i++) syncEntry(rings, TX0);
    assertEquals(ringCounters(bench.engine.dp, rings.k[TX0]).batches, 1);
  });

  it("kicks for news only, and only who asked", () => {
    for (let i = 0; i < 4; i++) needsKick(i, 0);
    syncRound(rings);
    publish(TX0, 2, 2);
    syncRound(rings);
    assertEquals([0, 1, 2, 3].map(kicked), [false, false, false, false]);
    needsKick(RX0, 1);
    syncRound(rings);
    assertEquals(kicked(RX0), false);
    publish(TX0, 4, 4);
    syncRound(rings);
    syncRound(rings);
    assertEquals([0, 1, 2, 3].map(kicked), [false, false, true, false]);
    assertEquals(kloopCounters(bench.engine.dp, bench.descriptor.word).kicks, 1);
  });

  it("tells and kicks everybody in its first round: the one before it may have died", () => {
    for (let i = 0; i < 4; i++) needsKick(i, 1);
    entries.ktoa.fill(0);
    assertEquals(syncRound(rings), WORK);
    assertEquals([0, 1, 2, 3].map(kicked), [true, true, true, true]);
    assertEquals([told(TX0).slice(0, 2), told(RX0).slice(0, 2)], [[0, SLOTS - 1], [0, 0]]);
  });

  it("writes its words again where an application wrote over them", () => {
    syncRound(rings);
    entries.ktoa[TX0 * 16] = 77;
    entries.ktoa[TX0 * 16 + 1] = -5;
    syncRound(rings);
    assertEquals(told(TX0).slice(0, 2), [0, SLOTS - 1]);
  });

  describe("pointers that make no sense", () => {
    const bad: [string, number, number, number][] = [
      ["a head beyond the ring", TX0, SLOTS, SLOTS],
      ["a negative head", TX0, -1, 0],
      ["the largest head", RX0, 0x7fffffff, 0],
      ["a cur beyond the ring", TX0, 1, SLOTS],
      ["a cur behind head", TX0, 5, 4],
      ["a head behind what was sent", TX0, 1, 3],
      ["a head beyond the tail of a receive ring", RX0, 4, 4],
      ["a cur beyond the tail of a receive ring", RX0, 2, 4],
    ];
    for (const [what, i, head, cur] of bad) {
      it(`${what} stops the ring, is reported, and harms no other`, () => {
        publish(TX0, 3, 3);
        publish(TX1, 3, 3);
        syncRound(rings);
        syncRound(rings);
        publish(i, head, cur);
        publish(TX1, 5, 5);
        syncRound(rings);
        syncRound(rings);
        assertEquals(errors.map(({ entry }) => entry), [i]);
        const { error } = errors[0];
        assert(error instanceof NetmapError && error.code === "EINVAL");
        assert(/^Cannot sync CSB entry .*[^.]$/.test(error.message), error.message);
        assertEquals(kloopCounters(bench.engine.dp, bench.descriptor.word).ringErrors, 1);
        assertEquals(ringCounters(bench.engine.dp, rings.k[i]).reinits, 1);
        whole(i);
        assertEquals([told(TX1).slice(0, 2), told(RX1).slice(0, 2)], [[5, 4], [0, 5]]);
      });
    }

    it("once reported the ring stands still, also for pointers that would be good", () => {
      publish(TX0, 99, 99);
      syncRound(rings);
      publish(TX0, 2, 2);
      assertEquals(syncEntry(rings, TX0), 0);
      assertEquals([told(TX0)[0], errors.length], [0, 1]);
    });

    it("it goes on when head and cur are back at hwcur", () => {
      publish(TX0, 4, 4);
      syncRound(rings);
      publish(TX0, 99, 99);
      syncRound(rings);
      publish(TX0, 4, 4);
      syncRound(rings);
      publish(TX0, 6, 6);
      assertEquals(syncEntry(rings, TX0), WORK);
      assertEquals([told(TX0)[0], errors.length], [6, 1]);
    });

    it("a client is brought back by what the reset writes into its ring", () => {
      syncRound(rings);
      port.txRings[0].advance(3);
      port.txsync();
      publish(TX0, 99, 99);
      syncRound(rings);
      // The client's next sync publishes where the ring was reset to.
      port.txsync();
      syncRound(rings);
      port.txRings[0].advance(2);
      port.txsync();
      syncRound(rings);
      assertEquals(told(TX0)[0], 2);
    });
  });

  it("a kind that throws stops its ring alone, and is not asked again", () => {
    syncRound(rings);
    const kind = bench.engine.dp.kinds[31];
    let calls = 0;
    bench.engine.dp.kinds[31] = {
      ...kind,
      txsync(dp, k) {
        if (k === rings.k[TX0]) {
          calls++;
          throw new RangeError("broken");
        }
        kind.txsync(dp, k);
      },
    };
    publish(TX0, 2, 2);
    publish(TX1, 2, 2);
    syncRound(rings);
    publish(TX0, 0, 0);
    syncRound(rings);
    bench.engine.dp.kinds[31] = kind;
    assertEquals(calls, 1);
    assertEquals(errors.map(({ entry, error }) => [entry, error.message]), [[TX0, "broken"]]);
    assertEquals(told(TX1)[0], 2);
  });

  it("a kind that the thread does not have is said in a sentence", () => {
    const { kinds } = bench.engine.dp;
    const kind = kinds[31];
    delete kinds[31];
    syncRound(rings);
    kinds[31] = kind;
    assertEquals(errors.length, 4);
    assert(/has no code for ports of kind 31/.test(errors[0].error.message));
  });

  it("slots that lead out of the region are replaced at the reset", () => {
    const { i32 } = port.memory;
    const slot = port.txRings[0].word + RING_SLOTS + 5 * SLOT_WORDS;
    i32[slot] = -1;
    publish(TX0, 99, 99);
    syncRound(rings);
    assertEquals(i32[slot], 0);
    assertEquals(ringCounters(bench.engine.dp, rings.k[TX0]).badBuffers, 1);
    // A buffer for the slot again, so that none is missing at the end.
    i32[slot] = i32[port.txRings[0].word + RING_SLOTS + 4 * SLOT_WORDS] + 1;
  });

  it("a ring that another thread syncs is BUSY, one of a stopped port is GONE", () => {
    syncRound(rings);
    state[rings.k[TX0] + K_BUSY] = bench.engine.dp.owner;
    assertEquals(syncEntry(rings, TX0), BUSY);
    state[rings.k[TX0] + K_BUSY] = 0;
    stopRing(bench.engine.dp, rings.k[TX1], KR_STOPPED);
    assertEquals(syncRound(rings), GONE);
    resumeRing(bench.engine.dp, rings.k[TX1]);
  });

  describe("asking for kicks", () => {
    const asked = (): number[] => [TX0, TX1, RX0, RX1].map((i) => told(i)[2]);

    it("wants none while it runs", () => {
      refuseKicks(rings);
      assertEquals(asked(), [0, 0, 0, 0]);
    });

    it("wants them for transmit rings, and for receive rings that are more than half full", () => {
      syncRound(rings);
      askForKicks(rings);
      assertEquals(asked(), [1, 1, 0, 0]);
      publish(TX0, SLOTS / 2 + 1, SLOTS / 2 + 1);
      syncRound(rings);
      syncRound(rings);
      askForKicks(rings);
      assertEquals(asked(), [1, 1, 1, 0]);
      publish(RX0, SLOTS / 2, SLOTS / 2);
      syncRound(rings);
      askForKicks(rings);
      assertEquals(asked(), [1, 1, 0, 0]);
    });

    it("wants them for a ring that is stopped, and always in direct mode", () => {
      publish(RX1, 99, 99);
      syncRound(rings);
      askForKicks(rings);
      assertEquals(asked(), [1, 1, 0, 1]);
      const direct = openRings(bench.engine.dp, bench.descriptor.word, entries, { direct: 2 });
      refuseKicks(direct);
      assertEquals(asked(), [0, 0, 1, 1]);
    });
  });

  it("leaves the descriptor's wake-up word as it was", () => {
    assertEquals(state[bench.descriptor.word + D_WAKE], WAKE_NONE);
  });
});
