import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NetmapError } from "@netmap/core";
import { readPcap } from "./pcap.ts";

function capture(magic: number, little: boolean, lengths: number[], link = 1): Uint8Array {
  const bytes: number[] = [];
  const put = (value: number): void => {
    const parts = [value >>> 24, value >>> 16, value >>> 8, value].map((part) => part & 0xff);
    bytes.push(...(little ? parts.reverse() : parts));
  };
  for (const word of [magic, 0x00020004, 0, 0, 65535, link]) put(word);
  lengths.forEach((length, n) => {
    for (const word of [0, 0, length, length]) put(word);
    bytes.push(...new Array(length).fill(n + 1));
  });
  return Uint8Array.from(bytes);
}

describe("readPcap()", () => {
  it("reads both byte orders, micro- and nanoseconds", () => {
    for (const magic of [0xa1b2c3d4, 0xa1b23c4d]) {
      for (const little of [true, false]) {
        const frames = readPcap(capture(magic, little, [60, 0, 100]), "x");
        assertEquals(frames.map((frame) => [frame.length, frame[0]]), [[60, 1], [100, 3]]);
      }
    }
  });

  it("takes a capture that was cut off", () => {
    assertEquals(readPcap(capture(0xa1b2c3d4, true, [60, 60]).subarray(0, -1), "x").length, 1);
  });

  it("refuses what is none", () => {
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(3), "it has 3 bytes"],
      [new Uint8Array(24), "it is no pcap file"],
      [capture(0x0a0d0d0a, false, []), "it is a pcapng file: convert it"],
      [capture(0xa1b2c3d4, true, [60], 101), "link type 101"],
      [capture(0xa1b2c3d4, true, []), "there is no frame in it"],
    ];
    for (const [file, message] of cases) {
      assertThrows(() => readPcap(file, "x"), NetmapError, message);
    }
  });
});
