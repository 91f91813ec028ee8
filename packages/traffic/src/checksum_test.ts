import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { checksumOf, foldSum, wordSum } from "./checksum.ts";

describe("wordSum()", () => {
  it("adds as RFC 1071 says", () => {
    const bytes = Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
    assertEquals(foldSum(wordSum(bytes, 0, 8)), 0xddf2);
    assertEquals(checksumOf(wordSum(bytes, 0, 8)), 0x220d);
    assertEquals(wordSum(bytes, 1, 3), 0x01f2 + 0x0300);
  });

  it("makes a checksum that makes the whole sum zero", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (data) => {
      const padded = new Uint8Array(((data.length + 1) & ~1) + 2);
      padded.set(data);
      const sum = checksumOf(wordSum(padded, 0, padded.length));
      padded.set([sum >> 8, sum & 0xff], padded.length - 2);
      assertEquals(checksumOf(wordSum(padded, 0, padded.length)), 0);
    }));
  });
});
