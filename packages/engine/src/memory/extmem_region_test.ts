import {
  ENOMEM,
  type NetmapError,
  NMREQ_OPT_EXTMEM,
  type NmreqPoolsInfo,
  optExtmem,
  structView,
} from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { EXTMEM_SIZES, fitPools } from "./extmem_region.ts";

const MB = 1 << 20;

describe("fitPools()", () => {
  const info = (fields: Partial<NmreqPoolsInfo>): NmreqPoolsInfo =>
    structView(NMREQ_OPT_EXTMEM, optExtmem(0, fields)).info;

  it("is netmap's choice where nothing is asked for, and all of the memory", () => {
    const sizes = fitPools(info({}), 16 * MB, 16 * MB);
    assertEquals([sizes.if, sizes.ring], [EXTMEM_SIZES.if, EXTMEM_SIZES.ring]);
    assertEquals(sizes.buf.count, (16 * MB - 4096 - 4 * 5 * 4096) / 2048);
  });

  it("never leaves the memory, and wastes less than a buffer and three pages", () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 4 * MB }),
      fc.tuple(fc.nat(20), fc.nat(3000), fc.nat(40), fc.nat(70_000), fc.nat(200), fc.nat(9000)),
      (memsize, [ifNum, ifSize, ringNum, ringSize, bufNum, bufSize]) => {
        const bytes = Math.floor(memsize / 4096) * 4096;
        const asked = info({
          ifPoolObjtotal: ifNum,
          ifPoolObjsize: ifSize,
          ringPoolObjtotal: ringNum,
          ringPoolObjsize: ringSize,
          bufPoolObjtotal: bufNum,
          bufPoolObjsize: bufSize,
        });
        let sizes;
        try {
          sizes = fitPools(asked, memsize, bytes);
        } catch (error) {
          assertEquals((error as NetmapError).errno, ENOMEM);
          return;
        }
        let end = 0;
        for (const { count, size } of [sizes.if, sizes.ring, sizes.buf]) {
          assert(Number.isInteger(count) && count > 0 && size % 64 === 0 && size > 0);
          end = Math.ceil(end / 4096) * 4096 + count * size;
        }
        assert(end <= bytes, `${end} of ${bytes}`);
        assert(bytes - end < sizes.buf.size + 3 * 4096);
      },
    ));
  });
});
