import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EINVAL } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { statFd } from "./file_stat.ts";
import { findMapping } from "./live_mappings.ts";
import { mapMemory } from "./mapping.ts";
import { closeFd, createMemfd } from "./system.ts";

const SIZE = 1 << 16;

describe("findMapping()", () => {
  it("finds the mapping that has all the bytes, as long as it is open", () => {
    const fd = createMemfd("netmap-test", 2 * SIZE);
    const low = mapMemory(fd, SIZE);
    const high = mapMemory(fd, SIZE, { offset: SIZE });
    closeFd(fd);
    for (const mapping of [low, high]) {
      const { address } = mapping;
      assertEquals(findMapping(address, SIZE), mapping);
      assertEquals(findMapping(address + 4096, 1), mapping);
      assertEquals(findMapping(address + SIZE - 1, 1), mapping);
      assertNotEquals(findMapping(address + SIZE, 1), mapping);
      assertEquals(findMapping(address + 4096, SIZE), null);
      assertEquals(findMapping(address, SIZE + 1), null);
      assertNotEquals(findMapping(address - 1, 2), mapping);
      mapping.close();
      assertEquals(findMapping(address, SIZE), null);
    }
  });

  it("finds nothing at 0, in the middle of nowhere and beyond all numbers", () => {
    for (const address of [0, 4096, 2 ** 47, 2 ** 60, NaN]) {
      assertEquals(findMapping(address, 4096), null);
    }
  });
});

describe("mapMemory() with keepFd", () => {
  it("keeps a descriptor of its own until it is closed, and says where it begins", () => {
    const fd = createMemfd("netmap-test", 2 * SIZE);
    const { id } = statFd(fd);
    const mapping = mapMemory(fd, SIZE, { keepFd: true, offset: SIZE });
    closeFd(fd);
    const kept = mapping.fd;
    assertEquals([mapping.offset, statFd(kept).id], [SIZE, id]);
    {
      using again = mapMemory(kept, SIZE, { offset: mapping.offset });
      mapping.i32[7] = 9;
      assertEquals(again.i32[7], 9);
    }
    mapping.close();
    assertEquals(mapping.fd, -1);
    assertThrows(() => statFd(kept), NetmapError);
  });

  it("keeps none where it is not asked to", () => {
    const fd = createMemfd("netmap-test", SIZE);
    using mapping = mapMemory(fd, SIZE);
    assertEquals([mapping.fd, mapping.offset], [-1, 0]);
    closeFd(fd);
  });

  it("refuses a private mapping, whose stores nobody would see", () => {
    const fd = createMemfd("netmap-test", SIZE);
    const error = assertThrows(
      () => mapMemory(fd, SIZE, { keepFd: true, readOnly: true }),
      NetmapError,
      "leave one of them out",
    );
    assertEquals(error.errno, EINVAL);
    closeFd(fd);
  });
});
