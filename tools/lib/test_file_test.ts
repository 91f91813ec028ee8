import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeTree } from "../checks/tree_fixture.ts";
import { ROOT } from "./root.ts";
import { RUNTIMES } from "./runtimes.ts";
import { summaryOf, tallyOf } from "./tally.ts";
import { type FileResult, runTestFile } from "./test_file.ts";

const BDD = pathToFileURL(join(ROOT, "tools/std/testing/bdd.ts")).href;
const OUTCOMES = "tools/std/testing/fixtures/outcomes.ts";

/** Runs a test file with this content, in a temporary folder from which `@std` resolves to the adapter. */
async function runSource(
  runtime: "bun" | "deno",
  source: string,
  timeoutMs = 30_000,
): Promise<FileResult> {
  using tree = makeTree({
    "case_test.ts": `import { describe, it } from "@std/testing/bdd";\n${source}`,
    "deno.json": { nodeModulesDir: "manual", imports: { "@std/testing/bdd": BDD } },
    "node_modules/@std/.keep": "",
  });
  symlinkSync(join(ROOT, "tools/std/testing"), join(tree.root, "node_modules/@std/testing"));
  return await runTestFile(runtime, "case_test.ts", { root: tree.root, timeoutMs });
}

for (const runtime of RUNTIMES) {
  describe(`runTestFile() on ${runtime}`, () => {
    it("reads every outcome, alike on both runtimes", async () => {
      const result = await runTestFile(runtime, OUTCOMES, { root: ROOT, timeoutMs: 30_000 });
      assertEquals(result.problem, "");
      assertStringIncludes(result.output, "afterAll ran");
      const tests = [...result.tests].sort((a, b) => a.name < b.name ? -1 : 1);
      const none = "no reason given";
      assertEquals(tests, [
        {
          name: "outcomes > a suite whose afterEach fails > fails the test",
          status: "failed",
          reason: "",
        },
        {
          name: "outcomes > a suite whose hook fails > fails each test",
          status: "failed",
          reason: "",
        },
        { name: "outcomes > fails", status: "failed", reason: "" },
        { name: "outcomes > fails later", status: "failed", reason: "" },
        {
          name: "outcomes > needs <something>",
          status: "skipped",
          reason: "needs the program 'x': apt-get install x",
        },
        { name: "outcomes > passes", status: "passed", reason: "" },
        { name: "outcomes > passes later", status: "passed", reason: "" },
        { name: "outcomes > skipped by an option", status: "skipped", reason: none },
        { name: "outcomes > skipped by ignore", status: "skipped", reason: none },
        { name: "outcomes > skipped by skip", status: "skipped", reason: none },
        {
          name: "outcomes > skipped suite > and what is in it > does not run either",
          status: "skipped",
          reason: none,
        },
        { name: "outcomes > skipped suite > does not run", status: "skipped", reason: none },
      ]);
    });

    it("kills a file that hangs and counts it as failed", async () => {
      const result = await runSource(runtime, 'it("hangs", () => { for (;;); });', 1_500);
      assertEquals(result.problem, "still ran after 1.5 s and was killed");
      assertLess(result.seconds, 5);
      assertEquals(tallyOf([result]).failed, 1);
    });

    it("counts a file that dies as failed", async () => {
      const result = await runSource(
        runtime,
        'it("dies", () => process.kill(process.pid, "SIGKILL"));',
      );
      assertEquals(result.problem, "ended with status 137 before it wrote a report");
      assertEquals(tallyOf([result]), { passed: 0, failed: 1, skipped: 0 });
    });

    it("counts a file that does not load as failed", async () => {
      const result = await runSource(
        runtime,
        'import "./absent.ts";\nit("is not reached", () => {});',
      );
      assert(tallyOf([result]).failed > 0, result.output);
      assertStringIncludes(result.output, "absent.ts");
    });

    it("counts a file without tests as failed", async () => {
      const result = await runSource(runtime, "void describe, it;");
      assertEquals(tallyOf([result]).failed, 1);
      assert(result.problem !== "");
    });

    it("counts a hook that fails after the last test", async () => {
      const source =
        'describe({ name: "s", afterAll: () => { throw new Error("afterAll failure"); }, fn: () => it("a", () => {}) });';
      const result = await runSource(runtime, source);
      assertEquals(tallyOf([result]).failed, 1);
      assertStringIncludes(result.output, "afterAll failure");
    });
  });
}

describe("summaryOf()", () => {
  it("lists skipped and failed tests and ends in the sum of both runtimes", () => {
    const file = (runtime: "bun" | "deno", problem: string): FileResult => ({
      runtime,
      path: "a_test.ts",
      tests: [
        { name: "good", status: "passed", reason: "" },
        { name: "bad", status: "failed", reason: "" },
        { name: "other", status: "skipped", reason: "needs root" },
      ],
      problem,
      output: "",
      seconds: 1,
    });
    const lines = summaryOf([file("bun", ""), file("deno", "hung")], ["bun", "deno"]).split("\n");
    assertEquals(lines, [
      "",
      "Skipped:",
      "  bun  a_test.ts: other: needs root",
      "  deno a_test.ts: other: needs root",
      "",
      "Failed:",
      "  bun  a_test.ts: bad",
      "  deno a_test.ts: bad",
      "  deno a_test.ts hung",
      "",
      "bun : 1 passed, 1 failed, 1 skipped in 1 files, 1.0 s",
      "deno: 1 passed, 2 failed, 1 skipped in 1 files, 1.0 s",
      "2 passed, 3 failed, 2 skipped",
    ]);
  });
});
