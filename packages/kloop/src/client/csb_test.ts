import { EBADF, EINVAL, NetmapError } from "@netmap/core";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readdirSync, readFileSync } from "node:fs";
import { createCsb, mapCsb } from "./csb.ts";

describe("createCsb()", () => {
  it("makes entries of 64 bytes, aligned to their size, atok before ktoa", () => {
    using csb = createCsb(3);
    assertEquals([csb.entries, csb.atok.length, csb.ktoa.length], [3, 48, 48]);
    assertEquals(csb.atokAddress % 64, 0);
    assertEquals(csb.ktoaAddress - csb.atokAddress, 3 * 64);
    assertEquals([...csb.atok, ...csb.ktoa].every((word) => word === 0), true);
  });

  it("takes as many entries as a port may have rings", () => {
    using csb = createCsb(65536);
    csb.ktoa[csb.ktoa.length - 1] = 7;
    assertEquals(csb.ktoa[csb.ktoa.length - 1], 7);
    for (const entries of [0, -1, 1.5, 65537, NaN]) {
      const error = assertThrows(() => createCsb(entries), NetmapError) as NetmapError;
      assertEquals(error.errno, EINVAL);
    }
  });

  it("leaves nothing to use after its close, and the memory to others", () => {
    const csb = createCsb(1);
    using same = mapCsb(csb.fd, 1);
    const { atok } = csb;
    csb.atok[2] = 7;
    csb.close();
    csb.close();
    assertEquals([atok.length, csb.atokAddress, csb.ktoaAddress], [0, 0, 0]);
    assertEquals(same.atok[2], 7);
  });

  it("mapCsb() refuses a file that is too short, and a number that is no file", () => {
    using csb = createCsb(1);
    assertEquals(
      (assertThrows(() => mapCsb(csb.fd, 100), NetmapError) as NetmapError).errno,
      EINVAL,
    );
    assertEquals((assertThrows(() => mapCsb(9999, 1), NetmapError) as NetmapError).errno, EBADF);
  });
});

describe("the client half", () => {
  it("imports core and nothing of an engine", () => {
    const folder = new URL("./", import.meta.url);
    const files = readdirSync(folder).filter((name) => !name.endsWith("_test.ts"));
    let imports = 0;
    for (const name of files) {
      const text = readFileSync(new URL(name, folder), "utf8");
      for (const [, from] of text.matchAll(/^(?:import|export|\}) .*?from "([^"]+)";$/gm)) {
        assert(from === "@netmap/core" || from.startsWith("./"), `${name} imports '${from}'`);
        imports++;
      }
    }
    assert(imports > 15, `${imports} imports`);
  });
});
