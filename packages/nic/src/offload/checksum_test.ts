import { closeFd, createMemfd, mapMemory } from "@netmap/core";
import { assertEquals } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { completeChecksum, fold, sumOf, swap16 } from "./checksum.ts";
import * as plain from "./superframe_fixture.ts";

const fd = createMemfd("checksum-test", 1 << 17);
const memory = mapMemory(fd, 1 << 17);
closeFd(fd);

afterAll(() => memory.close());

describe("sumOf()", () => {
  it("is the sum of RFC 1071 whatever the range", () => {
    fc.assert(fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0, max: 20 }).map((half) => half * 2),
      (bytes, from) => {
        memory.u8.set(bytes, from);
        const expected = plain.fold(plain.sum(bytes, 0, bytes.length));
        assertEquals(swap16(fold(sumOf(memory, from, bytes.length))), expected);
      },
    ));
  });

  it("does not overflow where all of a superframe's bits are set", () => {
    memory.u8.fill(0xff);
    assertEquals(fold(sumOf(memory, 2, 65535)), plain.fold(32767 * 0xffff + 0x00ff));
  });
});

describe("completeChecksum()", () => {
  it("makes the sum over the range come out right", () => {
    fc.assert(fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 200 }),
      fc.integer({ min: 0, max: 4 }).map((half) => half * 2),
      (bytes, start) => {
        memory.u8.set(bytes, 64);
        assertEquals(completeChecksum(memory, 64, bytes.length, start, 6), true);
        const done = memory.u8.slice(64, 64 + bytes.length);
        const seed = bytes[start + 6] * 256 + bytes[start + 7];
        const total = plain.sum(done, start, done.length);
        // The field's old content was part of the sum.
        assertEquals(plain.fold(plain.fold(total) + seed), 0xffff);
      },
    ));
  });

  it("refuses a field that is not in the packet, and writes nothing", () => {
    memory.u8.fill(7);
    for (const [start, offset] of [[60, 0], [0, 60], [59, 1], [0xffff, 0xffff], [10, 3]]) {
      assertEquals(completeChecksum(memory, 64, 60, start, offset), false);
    }
    assertEquals(memory.u8.every((byte) => byte === 7), true);
  });

  it("never writes 0, which would mean to UDP that there is none", () => {
    memory.u8.fill(0, 64, 128);
    memory.u8.fill(0xff, 64, 66);
    completeChecksum(memory, 64, 60, 0, 6);
    assertEquals(memory.u16[(64 + 6) >> 1], 0xffff);
  });
});
