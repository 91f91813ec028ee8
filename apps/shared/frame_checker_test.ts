import { NS_BUF_CHANGED, type Ring } from "@netmap/core";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { FrameChecker } from "./frame_checker.ts";
import { FrameGenerator } from "./frame_generator.ts";
import { type Flow, FlowTable, frameSequence } from "./sequence_frame.ts";
import { lonelyRing, turnAround } from "./lonely_ring_fixture.ts";

const A = { mac: [0x02, 0, 0, 0, 0, 0xaa], ip: [10, 0, 0, 1] };
const B = { mac: [0x02, 0, 0, 0, 0, 0xbb], ip: [10, 0, 0, 2] };
const SENT = 20;

const flows: Flow[] = [
  { source: 0, from: A, to: B, length: 60, receivers: 0b10 },
  { source: 0, from: A, to: B, length: 1514, receivers: 0b110 },
  { source: 0, from: A, to: B, length: 99, receivers: 0b100 },
];
const table = new FlowTable(flows);

/** Twenty frames for receiver 1, as they arrive. */
function arrived() {
  const { ring, memory } = lonelyRing(32);
  const generator = new FrameGenerator(table, [0, 1]);
  assertEquals(generator.fill(ring, memory.i32, SENT), SENT);
  turnAround(ring, memory);
  const checker = new FrameChecker(table, 1, "b");
  const drain = (): number => checker.drain(ring, memory.i32);
  return { ring, memory, generator, checker, drain };
}

function swapSlots(ring: Ring, a: number, b: number): void {
  const [bufA, lenA, bufB, lenB] = [ring.bufIdx(a), ring.len(a), ring.bufIdx(b), ring.len(b)];
  ring.setBufIdx(a, bufB);
  ring.setSlot(a, lenB, NS_BUF_CHANGED);
  ring.setBufIdx(b, bufA);
  ring.setSlot(b, lenA, NS_BUF_CHANGED);
}

describe("FrameGenerator", () => {
  it("fills what there is room for, and no more than was asked for", () => {
    const { ring, memory } = lonelyRing(32);
    const generator = new FrameGenerator(table, [0]);
    assertEquals(generator.fill(ring, memory.i32, 10), 10);
    assertEquals(generator.fill(ring, memory.i32, 100), 21);
    assertEquals(generator.fill(ring, memory.i32, 100), 0);
    assertEquals([generator.packets, generator.bytes], [31, 31 * 60]);
  });

  it("knows what it owes to each receiver, also in the middle of its plan", () => {
    for (let count = 0; count < 12; count++) {
      const { ring, memory } = lonelyRing(32);
      const generator = new FrameGenerator(table, [0, 1, 0, 2]);
      generator.fill(ring, memory.i32, count);
      const lengths = Array.from({ length: count }, (_, i) => ring.len(i));
      const owed = (sizes: number[]) => {
        const mine = lengths.filter((length) => sizes.includes(length));
        return { packets: mine.length, bytes: mine.reduce((sum, length) => sum + length, 0) };
      };
      assertEquals(generator.owed(0), { packets: 0, bytes: 0 });
      assertEquals(generator.owed(1), owed([60, 1514]));
      assertEquals(generator.owed(2), owed([1514, 99]));
    }
  });
});

describe("FrameChecker", () => {
  it("finds nothing wrong with frames as they were sent", () => {
    const { checker, generator, drain } = arrived();
    assertEquals(drain(), SENT);
    assertEquals(checker.faultCount, 0);
    assertEquals(checker.firstFault, "");
    assertEquals({ packets: checker.packets, bytes: checker.bytes }, generator.owed(1));
  });

  it("finds a corrupted frame", () => {
    const { ring, memory, checker, drain } = arrived();
    memory.u8[ring.bufOffset(3) + 1000] ^= 4;
    drain();
    assertEquals(checker.faults, { content: 1, receiver: 0, order: 0, duplicate: 0 });
    assertStringIncludes(
      checker.firstFault,
      "A frame on 'b' is not as it was sent: 1514 bytes, flow 1, sequence number 3",
    );
  });

  it("finds a truncated frame", () => {
    const { ring, checker, drain } = arrived();
    ring.setLen(5, 1513);
    drain();
    assertEquals(checker.faults.content, 1);
  });

  it("finds a frame that came twice", () => {
    const { ring, memory, checker, drain } = arrived();
    const [from, to] = [ring.bufOffset(6), ring.bufOffset(7)];
    memory.u8.copyWithin(to, from, from + 60);
    ring.setLen(7, 60);
    drain();
    assertEquals(checker.faults, { content: 0, receiver: 0, order: 0, duplicate: 1 });
    assertStringIncludes(checker.firstFault, "comes twice");
  });

  it("finds frames that came in the wrong order", () => {
    const { ring, checker, drain } = arrived();
    swapSlots(ring, 4, 9);
    drain();
    // 9 comes where 4 was: 5 to 8 and 4 come after it.
    assertEquals(checker.faults, { content: 0, receiver: 0, order: 5, duplicate: 0 });
  });

  it("shows a frame that was lost in the counts", () => {
    const { ring, generator, checker, drain } = arrived();
    ring.advance(1); // nobody looks at the first one
    drain();
    assertEquals(checker.faultCount, 0);
    assertEquals(generator.owed(1).packets - checker.packets, 1);
    assertEquals(generator.owed(1).bytes - checker.bytes, 60);
  });

  it("finds a frame that was meant for another port", () => {
    const { ring, memory } = arrived();
    const third = new FrameChecker(table, 2, "c");
    third.drain(ring, memory.i32);
    assertEquals(third.faults, { content: 0, receiver: SENT / 2, order: 0, duplicate: 0 });
  });

  it("goes on counting when sequence numbers go round", () => {
    const { ring, memory } = lonelyRing(8);
    const checker = new FrameChecker(table, 1, "b");
    const generator = new FrameGenerator(table, [0], 0xffff_fffd);
    generator.fill(ring, memory.i32, 7);
    turnAround(ring, memory);
    checker.drain(ring, memory.i32);
    assertEquals([checker.packets, checker.faultCount], [7, 0]);
    assertEquals(frameSequence(memory.i32, ring.bufOffset(3) >>> 2), 0);
  });
});
