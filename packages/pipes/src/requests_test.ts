import { NetmapError, NR_REG_ONE_NIC, NR_REG_SW } from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "@netmap/engine";
import { pipes } from "./pipes.ts";
import { codeOf } from "./pipes_fixture.ts";
import { openPipe } from "./requests.ts";

describe("openPipe()", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [pipes()] });
  });

  afterEach(() => engine.close());

  it("opens both ends, by number or by name, with or without 'netmap:'", () => {
    using left = openPipe(engine.device, "netmap:p", 7, "master");
    using right = openPipe(engine.device, "p", "7", "slave");
    assertEquals([left.name, right.name], ["p{7", "p}7"]);
    assertEquals(left.send([new Uint8Array(60).fill(3)]), 1);
    assertEquals(right.receive().map((frame) => frame[5]), [3]);
  });

  it("passes on what is asked for", () => {
    const options = { txRings: 2, rxRings: 3, txSlots: 16, rxSlots: 32, extraBuffers: 4 };
    using left = openPipe(engine.device, "p", "a_b", "master", options);
    using right = openPipe(engine.device, "p", "a_b", "slave", { mode: NR_REG_ONE_NIC, ringId: 2 });
    assertEquals([left.txRings.length, left.rxRings.length], [2, 3]);
    assertEquals(left.extraBuffers().length, 4);
    assertEquals([right.txRings.length, right.txRings[0].numSlots], [1, 32]);
    assertEquals(right.txRings[0].ringId, 2);
  });

  it("says what is wrong with what is asked for", () => {
    for (const [parent, id] of [["p", ""], ["", 1], ["p", "a b"], ["p q", 1]] as const) {
      assertEquals(codeOf(() => openPipe(engine.device, parent, id, "master")), "EINVAL");
    }
    const sentence = assertThrows(
      () => openPipe(engine.device, "p", 1, "slave", { mode: NR_REG_SW }),
      NetmapError,
    ).message;
    assertEquals(sentence.includes("use NR_REG_ALL_NIC or NR_REG_ONE_NIC"), true);
  });
});
