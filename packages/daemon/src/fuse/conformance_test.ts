import type { CaseResult } from "@netmap/core/conformance";
import { createEngine } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { assert, assertEquals } from "@std/assert";
import { afterAll, describe } from "@std/testing/bdd";
import { join } from "node:path";
import { itMounts, removeTestFolder, Running, script, testFolder, until } from "./fuse_fixture.ts";
import { serveFuse } from "./serve_fuse.ts";

/** A switch reads such a slot in the memory of the process that syncs, which is not the program's. */
const IMPOSSIBLE = ["sends what is at the address in ptr where a slot says NS_INDIRECT"];

describe("The kernel device on a served file", () => {
  afterAll(removeTestFolder);

  itMounts("passes the conformance suite", async () => {
    using engine = createEngine({ features: [kloop(), pipes(), vale()] });
    using mount = await serveFuse(engine, join(testFolder(), "netmap"));
    const suite = new Running(script("conformance_fixture.ts", mount.path), 60_000);
    const [{ capabilities }, ...results] = (await suite.lines()).map((line) => JSON.parse(line));
    for (const one of ["null-ports", "pipes", "vale", "external-memory", "csb", "raw-ioctl"]) {
      assert(capabilities.includes(one), `the device lost '${one}'`);
    }
    const failed = (results as CaseResult[])
      .filter(({ status, name }) => status === "failed" && !IMPOSSIBLE.includes(name));
    assertEquals(failed, []);
    assert(results.filter(({ status }: CaseResult) => status === "passed").length > 350);
    await until(() => mount.openFiles === 0);
    assertEquals(engine.descriptors.size, 0);
  });
});
