import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  type Flow,
  flowLength,
  flowReceivers,
  flowSource,
  FlowTable,
  frameFlow,
  frameSequence,
  isFrame,
  MAX_FRAME,
  MIN_FRAME,
  writeFrame,
} from "./sequence_frame.ts";

const A = { mac: [0x02, 0, 0, 0, 0, 0xaa], ip: [10, 0, 0, 1] };
const B = { mac: [0x02, 0, 0, 0, 0, 0xbb], ip: [192, 168, 255, 254] };

function flow(length: number, more: Partial<Flow> = {}): Flow {
  return { source: 0, from: A, to: B, length, receivers: 1, ...more };
}

/** A frame alone in a buffer: its bytes, and the words that the functions work on. */
function frame(table: FlowTable, number: number, sequence: number) {
  const words = new Int32Array(512).fill(-1);
  const length = writeFrame(table, number, sequence, words, 8);
  return { words, w: 8, length, bytes: new Uint8Array(words.buffer, 32, length) };
}

/** RFC 1071 by bytes, in network order: not how the module does it. */
function internetSum(bytes: Iterable<number>): number {
  let sum = 0, i = 0;
  for (const byte of bytes) sum += i++ % 2 === 0 ? byte << 8 : byte;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

const length = fc.integer({ min: MIN_FRAME, max: MAX_FRAME });
const sequence = fc.integer({ min: 0, max: 0xffff_ffff });

describe("writeFrame()", () => {
  it("writes the headers that the flow asks for", () => {
    const { bytes } = frame(new FlowTable([flow(60)]), 0, 7);
    assertEquals([...bytes.subarray(0, 6)], B.mac);
    assertEquals([...bytes.subarray(6, 12)], A.mac);
    assertEquals([...bytes.subarray(12, 14)], [0x08, 0x00]);
    assertEquals(bytes[14], 0x45);
    assertEquals([...bytes.subarray(16, 18)], [0, 46]);
    assertEquals(bytes[23], 17);
    assertEquals([...bytes.subarray(26, 30)], A.ip);
    assertEquals([...bytes.subarray(30, 34)], B.ip);
    assertEquals([...bytes.subarray(38, 40)], [0, 26]);
  });

  it("writes checksums that any receiver finds right", () => {
    fc.assert(fc.property(length, sequence, fc.nat(3), (length, sequence, before) => {
      const flows = Array.from({ length: before + 1 }, () => flow(length));
      const { bytes } = frame(new FlowTable(flows), before, sequence);
      assertEquals(internetSum(bytes.subarray(14, 34)), 0xffff);
      const udp = bytes.subarray(34);
      const pseudo = [...bytes.subarray(26, 34), 0, 17, udp.length >> 8, udp.length & 0xff];
      assertEquals(internetSum([...pseudo, ...udp]), 0xffff);
      assertNotEquals([bytes[40], bytes[41]], [0, 0], "0 would mean: no checksum (RFC 768)");
    }));
  });

  it("makes every word of the body another one for another sequence number", () => {
    const table = new FlowTable([flow(MAX_FRAME)]);
    fc.assert(fc.property(sequence, sequence, (a, b) => {
      fc.pre(a !== b);
      const one = frame(table, 0, a), two = frame(table, 0, b);
      for (let w = 11; w < MAX_FRAME >> 2; w++) {
        assertNotEquals(one.words[one.w + w], two.words[two.w + w]);
      }
    }));
  });
});

describe("isFrame()", () => {
  it("accepts what was written", () => {
    fc.assert(fc.property(length, sequence, (length, sequence) => {
      const table = new FlowTable([flow(100), flow(length)]);
      const { words, w, length: written } = frame(table, 1, sequence);
      assertEquals(written, length);
      assert(isFrame(table, words, w, length));
      assertEquals(frameFlow(words, w), 1);
      assertEquals(frameSequence(words, w) >>> 0, sequence);
    }));
  });

  it("does not look behind the frame's last byte", () => {
    const table = new FlowTable([flow(61)]);
    const { words, w, length } = frame(table, 0, 3);
    words[w + (length >> 2)] |= 0xffffff00;
    assert(isFrame(table, words, w, length));
  });

  it("finds any one bit that is wrong, wherever it is", () => {
    for (const length of [60, 61, 62, 63, 64, 65, 127, 1021, 1514]) {
      const table = new FlowTable([flow(length)]);
      const { words, w, bytes } = frame(table, 0, 0x1234_5678);
      for (let at = 0; at < length; at++) {
        for (let bit = 1; bit < 256; bit <<= 1) {
          bytes[at] ^= bit;
          assert(!isFrame(table, words, w, length), `bit ${bit} of byte ${at} of ${length}`);
          bytes[at] ^= bit;
        }
      }
      assert(isFrame(table, words, w, length));
    }
  });

  it("finds a wrong length", () => {
    const table = new FlowTable([flow(64)]);
    const { words, w } = frame(table, 0, 9);
    for (const length of [0, 63, 65, 2048]) assert(!isFrame(table, words, w, length));
  });

  it("finds a piece of another frame of the same flow", () => {
    const table = new FlowTable([flow(512)]);
    for (let cut = 48; cut < 512; cut += 4) {
      const one = frame(table, 0, 1), two = frame(table, 0, 2);
      one.bytes.set(two.bytes.subarray(cut), cut);
      assert(!isFrame(table, one.words, one.w, 512), `cut at ${cut}`);
    }
  });
});

describe("FlowTable", () => {
  it("keeps what a flow is", () => {
    const table = new FlowTable([flow(60), flow(99, { source: 5, receivers: 0b110 })]);
    assertEquals(flowLength(table, 1), 99);
    assertEquals(flowSource(table, 1), 5);
    assertEquals(flowReceivers(table, 1), 0b110);
  });

  it("refuses a frame that is no Ethernet frame", () => {
    assertThrows(() => new FlowTable([flow(59)]), RangeError, "59");
    assertThrows(() => new FlowTable([flow(1515)]), RangeError, "1515");
  });
});
