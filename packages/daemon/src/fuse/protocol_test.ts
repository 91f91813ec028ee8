import type { AnyLayout } from "@netmap/core";
import { itRequires } from "@netmap/test-support";
import { assertEquals } from "@std/assert";
import { afterAll, describe, it } from "@std/testing/bdd";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseMapping } from "./caller_memory.ts";
import { removeTestFolder, testFolder } from "./fuse_fixture.ts";
import * as protocol from "./protocol.ts";

/** Members that protocol 7.40 added: a header that is older lacks them. */
const NEWER = ["fuse_init_out.max_stack_depth", "fuse_open_out.backing_id"];
const NEWER_STRUCTS = ["fuse_backing_map"];

const LAYOUTS = (Object.values(protocol) as unknown[])
  .filter((one): one is AnyLayout => typeof one === "object" && one !== null && "fields" in one)
  .filter(({ name }) => !NEWER_STRUCTS.includes(name));

describe("The tables of FUSE's protocol", () => {
  afterAll(removeTestFolder);

  itRequires(
    { programs: ["cc"], files: ["/usr/include/linux/fuse.h"] },
    "agree with the compiler about the system's own header",
    () => {
      const asked: [what: string, expected: number][] = [];
      for (const { name, size, fields } of LAYOUTS) {
        asked.push([`sizeof(struct ${name})`, size]);
        for (const { cName, offset, isReserved } of Object.values(fields)) {
          if (isReserved || NEWER.includes(`${name}.${cName}`)) continue;
          asked.push([`offsetof(struct ${name}, ${cName})`, offset]);
        }
      }
      for (
        const name of ["FUSE_OPEN", "FUSE_IOCTL", "FUSE_POLL", "FUSE_RELEASE", "FUSE_INTERRUPT"]
      ) {
        asked.push([name, (protocol as unknown as Record<string, number>)[name]]);
      }
      const lines = asked.map(([what]) => `printf("%ld\\n", (long)${what});`).join("\n");
      const source = join(testFolder(), "layout.c");
      writeFileSync(
        source,
        `#include <stddef.h>\n#include <stdio.h>\n#include <linux/fuse.h>\nint main(void) {\n${lines}\n}\n`,
      );
      const built = spawnSync("cc", ["-o", `${source}.out`, source], { encoding: "utf8" });
      assertEquals(built.stderr, "");
      const answers = spawnSync(`${source}.out`, { encoding: "utf8" }).stdout.trim().split("\n");
      assertEquals(asked.map(([what], i) => [what, Number(answers[i])]), asked);
    },
  );
});

describe("parseMapping()", () => {
  it("reads a line of /proc/PID/maps", () => {
    const line = "7f6c831a4000-7f6c831a6000 rw-s 00003000 00:01 2061   /memfd:x (deleted)";
    assertEquals(parseMapping(line), {
      start: 0x7f6c831a4000,
      end: 0x7f6c831a6000,
      flags: "rw-s",
      offset: 0x3000,
    });
  });

  it("passes over what is no such line", () => {
    assertEquals([parseMapping(""), parseMapping("no mapping")], [null, null]);
  });
});
