import { closeFd, createMemfd, mapMemory } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { newSuperframe, openSuperframe, segmentBytes, writeSegment } from "./segment.ts";
import { type FrameShape, hasGoodChecksums, makeFrame } from "./superframe_fixture.ts";

const SIZE = 1 << 18;
const OUT = 1 << 17;
const fd = createMemfd("segment-test", SIZE);
const memory = mapMemory(fd, SIZE);
closeFd(fd);
const sf = newSuperframe(memory);

afterAll(() => memory.close());

const shape: FrameShape = {
  v6: false,
  udp: false,
  vlans: 0,
  ipOptions: 0,
  tcpOptions: 0,
  tcpFlags: 0x18,
  id: 1,
  seq: 1,
  payload: 3000,
  mss: 1000,
  seed: 1,
};

function open(frame: Uint8Array, gsoType: number, mss: number): boolean {
  memory.u8.set(frame, 0);
  return openSuperframe(sf, memory, 0, frame.length, gsoType, mss);
}

describe("openSuperframe()", () => {
  const frame = makeFrame(shape).slice(10);
  const spoilt = (at: number, value: number): Uint8Array => {
    const copy = frame.slice();
    copy[at] = value;
    return copy;
  };

  it("takes what it can cut", () => {
    assertEquals(open(frame, 1, 1000), true);
    assertEquals([sf.segments, sf.headerBytes, sf.payload], [3, 54, 3000]);
  });

  it("refuses what is not what it is said to be", () => {
    assertEquals(open(frame, 0, 1000), false, "no superframe");
    assertEquals(open(frame, 3, 1000), false, "UDP fragmentation");
    assertEquals(open(frame, 4, 1000), false, "TCP over IPv6");
    assertEquals(open(frame, 5, 1000), false, "UDP");
    assertEquals(open(frame, 1, 0), false, "segments of nothing");
    assertEquals(open(spoilt(12, 9), 1, 1000), false, "not IP");
    assertEquals(open(spoilt(14, 0x65), 1, 1000), false, "not IPv4");
    assertEquals(open(spoilt(14, 0x44), 1, 1000), false, "IP header too short");
    assertEquals(open(spoilt(20, 0x20), 1, 1000), false, "a fragment");
    assertEquals(open(spoilt(23, 17), 1, 1000), false, "UDP in IP, as in a VXLAN tunnel");
    assertEquals(open(spoilt(23, 47), 1, 1000), false, "GRE in IP");
    assertEquals(open(spoilt(46, 0x40), 1, 1000), false, "TCP header too short");
    for (const bytes of [0, 13, 14, 33, 34, 53, 54]) {
      assertEquals(open(frame.subarray(0, bytes), 1, 1000), false, `${bytes} bytes`);
    }
  });

  it("stays within the frame and within the segments, whatever the bytes are", () => {
    const shapes = fc.record({
      v6: fc.boolean(),
      udp: fc.boolean(),
      vlans: fc.integer({ min: 0, max: 2 }),
      ipOptions: fc.integer({ min: 0, max: 3 }),
      payload: fc.integer({ min: 0, max: 4000 }),
      damage: fc.array(
        fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 255 })),
        {
          maxLength: 4,
        },
      ),
      cut: fc.integer({ min: 0, max: 4200 }),
      gsoType: fc.constantFrom(0, 1, 3, 4, 5, 0x81, 0x84, 77),
      mss: fc.integer({ min: 0, max: 3000 }),
    });
    let taken = 0;
    fc.assert(
      fc.property(shapes, ({ damage, cut, gsoType, mss, ...some }) => {
        let bytes = makeFrame({ ...shape, ...some, mss: 1 }).slice(10);
        bytes = bytes.subarray(0, cut);
        for (const [at, value] of damage) if (at < bytes.length) bytes[at] = value;
        if (!open(bytes, gsoType, mss)) return;
        taken++;
        let data = 0;
        for (let i = 0; i < sf.segments; i++) {
          const length = segmentBytes(sf, i);
          assert(length > sf.headerBytes && length <= bytes.length);
          data += length - sf.headerBytes;
          memory.u8.fill(0xa5, OUT - 64, OUT + length + 64);
          writeSegment(sf, i, memory, OUT);
          assert(memory.u8.subarray(OUT - 64, OUT).every((byte) => byte === 0xa5));
          assert(memory.u8.subarray(OUT + length, OUT + length + 64).every((b) => b === 0xa5));
        }
        assertEquals(data, bytes.length - sf.headerBytes);
      }),
      { numRuns: 500 },
    );
    assert(taken > 10, `only ${taken} were superframes`);
  });
});

describe("writeSegment()", () => {
  it("makes each segment a frame of its own", () => {
    for (const v6 of [false, true]) {
      for (const udp of [false, true]) {
        const one = { ...shape, v6, udp, payload: 2500 };
        const gsoType = udp ? 5 : v6 ? 4 : 1;
        const frame = makeFrame(one).slice(10);
        assert(open(frame, gsoType, 1000));
        const parts: number[] = [];
        for (let i = 0; i < 3; i++) {
          const length = segmentBytes(sf, i);
          writeSegment(sf, i, memory, OUT);
          const segment = memory.u8.slice(OUT, OUT + length);
          assert(hasGoodChecksums(segment, one));
          parts.push(...segment.subarray(sf.headerBytes));
        }
        assertEquals(parts, [...frame.subarray(sf.headerBytes)]);
      }
    }
  });
});
