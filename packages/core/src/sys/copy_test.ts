import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { EFAULT } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { copyBetween, copyWithin, shortCopyLimit } from "./copy.ts";
import { mapMemory, type Mapping } from "./mapping.ts";
import { closeFd, createMemfd } from "./system.ts";

const SIZE = 16384;

function region(fill: number): Mapping {
  const fd = createMemfd("netmap-test", SIZE);
  const memory = mapMemory(fd, SIZE);
  closeFd(fd);
  for (let i = 0; i < SIZE; i++) memory.u8[i] = i * fill;
  return memory;
}

describe("copies", () => {
  let a: Mapping;
  let b: Mapping;

  beforeEach(() => {
    a = region(7);
    b = region(13);
  });

  afterEach(() => {
    a.close();
    b.close();
  });

  const bytes = fc.integer({ min: 0, max: 9000 });
  const offset = fc.integer({ min: 0, max: SIZE - 9000 });

  it("copyWithin() moves what Uint8Array.copyWithin moves, overlaps included", () => {
    fc.assert(fc.property(offset, offset, bytes, (dst, src, n) => {
      const model = a.u8.slice().copyWithin(dst, src, src + n);
      copyWithin(a, dst, src, n);
      assertEquals(a.u8.slice(), model);
    }));
  });

  it("copyBetween() writes exactly the bytes asked for, in either direction", () => {
    fc.assert(fc.property(offset, offset, bytes, fc.boolean(), (dst, src, n, turned) => {
      const [to, from] = turned ? [a, b] : [b, a];
      const [model, before] = [to.u8.slice(), from.u8.slice()];
      model.set(before.subarray(src, src + n), dst);
      copyBetween(to, dst, from, src, n);
      assertEquals(to.u8.slice(), model);
      assertEquals(from.u8.slice(), before);
    }));
  });

  it("copyBetween() of a region with itself is copyWithin()", () => {
    const model = a.u8.slice().copyWithin(100, 50, 1050);
    copyBetween(a, 100, a, 50, 1000);
    assertEquals(a.u8.slice(), model);
  });

  it("keeps bit patterns that are NaN as floating-point numbers", () => {
    new Uint32Array(a.u8.buffer).set([0x7ff00001, 0xfff80000, 0xffffffff, 0x7f800001]);
    const before = a.u8.slice(0, 16);
    copyWithin(a, 4096, 0, 16);
    copyBetween(b, 32, a, 4096, 16);
    assertEquals(a.u8.slice(4096, 4112), before);
    assertEquals(b.u8.slice(32, 48), before);
  });

  it("works for regions that come and go between copies", () => {
    for (let i = 0; i < 20; i++) {
      using c = region(3);
      using d = region(5);
      copyBetween(c, 0, a, 0, 2048);
      copyBetween(d, 0, c, 0, 2048);
      assertEquals(d.u8.slice(0, 2048), a.u8.slice(0, 2048));
      assertEquals(d.u8[2049], (5 * 2049) & 255);
    }
  });

  it("takes whole regions and nothing at all", () => {
    copyBetween(b, 0, a, 0, SIZE);
    assertEquals(b.u8.slice(), a.u8.slice());
    copyWithin(a, SIZE, SIZE, 0);
    copyBetween(b, SIZE, a, 0, 0);
    assertEquals(b.u8.slice(), a.u8.slice());
  });

  it("throws EFAULT outside a region and copies nothing", () => {
    const [beforeA, beforeB] = [a.u8.slice(), b.u8.slice()];
    const wrong = [
      [SIZE - 59, 0, 60],
      [0, SIZE - 59, 60],
      [-1, 0, 60],
      [0, -1, 60],
      [0, 0, -1],
      [0, 0, SIZE + 1],
      [NaN, 0, 60],
      [0, NaN, 60],
      [0, 0, NaN],
      [2 ** 40, 0, 1],
      [0, 2 ** 53, 1],
    ];
    for (const [dst, src, n] of wrong) {
      for (const copy of [() => copyWithin(a, dst, src, n), () => copyBetween(b, dst, a, src, n)]) {
        const error = assertThrows(copy, NetmapError, "of a region as it has 16384 bytes");
        assertEquals(error.errno, EFAULT);
      }
    }
    assertEquals([a.u8.slice(), b.u8.slice()], [beforeA, beforeB]);
  });

  it("throws EFAULT once a region is closed", () => {
    b.close();
    for (
      const copy of [
        () => copyWithin(b, 0, 0, 1),
        () => copyBetween(a, 0, b, 0, 1),
        () => copyBetween(b, 0, a, 0, 1),
      ]
    ) {
      assertEquals(assertThrows(copy, NetmapError, "it is closed").errno, EFAULT);
    }
  });

  it("shortCopyLimit() is a size that a loop unrolled by four words can take", () => {
    assert(shortCopyLimit() > 0);
    assertEquals(shortCopyLimit() % 16, 0);
  });
});
