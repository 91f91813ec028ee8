import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { foreignImports } from "./conformance_bundle.ts";
import { run, type RunResult } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { programOf, QUIET_ENV } from "./lib/runtimes.ts";

const isDeno = "Deno" in globalThis;

/** Runs a script with the runtime of this test. */
function start(script: string, args: readonly string[], cwd: string): Promise<RunResult> {
  const prefix = isDeno ? ["run", "-A", "--no-check"] : ["--no-install"];
  return run(process.execPath, [...prefix, script, ...args], {
    cwd,
    env: { ...QUIET_ENV, NO_COLOR: "1" },
    timeoutMs: 100_000,
  });
}

function conformance(...args: string[]): Promise<RunResult> {
  return start(join(ROOT, "tools/conformance.ts"), args, ROOT);
}

describe("npm run conformance", () => {
  it("prints a line a case, the reason of each skip, and the sums", async () => {
    const { status, output } = await conformance("sync:", "attaches an interface");
    assertEquals(status, 0, output);
    assertStringIncludes(output, "On embedded, ");
    assertStringIncludes(output, "ok   sync: carry what was written");
    assertStringIncludes(
      output,
      "skip switch control: attaches an interface and detaches it\n     the",
    );
    assert(/^\d+ passed, 0 failed, 2 skipped$/m.test(output), output);
  });

  it("prints JSON", async () => {
    const { status, output } = await conformance("--json", "exclusivity: is refused");
    assertEquals(status, 0, output);
    const [result, last] = output.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals([result.area, result.status, result.reason], ["exclusivity", "passed", ""]);
    assertEquals(last, { summary: "1 passed, 0 failed, 0 skipped", device: "embedded" });
  });

  it("fails when nothing was tried", async () => {
    const { status, output } = await conformance("no case has such a name");
    assertEquals([status, output.trim().split("\n").at(-1)], [1, "0 passed, 0 failed, 0 skipped"]);
  });

  it("says what to do where there is no netmap in the kernel", async () => {
    const { status, output } = await conformance("--device", "kernel:/dev/absent-netmap");
    assertEquals(status, 2, output);
    assertStringIncludes(output, "load the netmap module");
  });

  it("names what it does not know", async () => {
    for (const args of [["--device", "toaster"], ["--devise", "kernel"], ["--interface"]]) {
      const { status, output } = await conformance(...args);
      assertEquals(status, 2, output);
      assert(/^(Unknown|Missing)/.test(output), output);
    }
  });
});

describe("npm run conformance:bundle", () => {
  let folder = "";
  let made: RunResult | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "netmap-conformance-"));
    const args = ["--no-install", join(ROOT, "tools/conformance_bundle.ts"), "conformance.js"];
    const env = { ...QUIET_ENV, INIT_CWD: folder };
    made = await run(programOf("bun"), args, { cwd: ROOT, env, timeoutMs: 60_000 });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes one file that imports nothing but what runtimes bring", () => {
    assertEquals(made!.status, 0, made!.output);
    assertEquals(readdirSync(folder), ["conformance.js"]);
    assertEquals(foreignImports(readFileSync(join(folder, "conformance.js"), "utf8")), []);
  });

  it("runs from an empty folder, and passes on the embedded device", async () => {
    const { status, output } = await start("./conformance.js", ["--device", "embedded"], folder);
    assertEquals(status, 0, output);
    assert(/^\d{3} passed, 0 failed, \d+ skipped$/m.test(output), output);
  });

  it("runs from an empty folder on the kernel's device, as far as there is one", async () => {
    const args = ["--device", "kernel:/dev/absent-netmap"];
    const { status, output } = await start("./conformance.js", args, folder);
    assertEquals(status, 2, output);
    assertStringIncludes(output, "Cannot open '/dev/absent-netmap'");
  });
});

describe("foreignImports()", () => {
  it("finds what a runtime does not bring, however it is imported", () => {
    const text = [
      'import fs from "node:fs";',
      'import { a } from "@netmap/core";',
      'export * from "./x.js";',
      'const b = await import("left-pad");',
      'const c = require("bun:ffi");',
    ].join("\n");
    assertEquals(foreignImports(text), ["@netmap/core", "./x.js", "left-pad"]);
  });
});
