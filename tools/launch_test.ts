import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { spawn } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { makeTree } from "./checks/tree_fixture.ts";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { programOf, RUNTIMES } from "./lib/runtimes.ts";

/** The launcher's command line, on Bun: node, its usual host, may not be there. */
const HOST = programOf("bun");
const LAUNCH = ["--no-install", join(ROOT, "tools/launch.mjs")];

const SCRIPT = `
import process from "node:process";
console.log("Bun" in globalThis ? "bun" : "deno", process.argv.slice(2).join(","));
process.exit(7);
`;

const WAITER = `
import process from "node:process";
process.on("SIGINT", () => { console.log("interrupted"); process.exit(3); });
setTimeout(() => process.exit(4), 20000);
console.log("ready");
`;

describe("launch.mjs", () => {
  for (const runtime of RUNTIMES) {
    it(`runs a script on ${runtime} with its arguments and passes its status on`, async () => {
      using tree = makeTree({ "main.ts": SCRIPT });
      const args = [...LAUNCH, runtime, join(tree.root, "main.ts"), "a", "--b"];
      const ended = await run(HOST, args, { timeoutMs: 20_000 });
      assertEquals(ended.stdout, `${runtime} a,--b\n`);
      assertEquals(ended.status, 7);
    });

    it(`finds the program of ${runtime}`, () => {
      assert(existsSync(programOf(runtime)));
    });

    it(`passes an interrupt on to ${runtime}, once`, async () => {
      using tree = makeTree({ "main.ts": WAITER });
      const child = spawn(HOST, [...LAUNCH, runtime, join(tree.root, "main.ts")], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (!output.includes("ready") || output.includes("interrupted")) return;
        // Not child.kill(): after it Deno's node:child_process forgets the exit status.
        process.kill(child.pid!, "SIGINT");
        process.kill(child.pid!, "SIGINT");
      });
      const status = await new Promise((resolve) => child.on("close", resolve));
      assertEquals(output, "ready\ninterrupted\n");
      assertEquals(status, 3);
    });
  }

  it("works from a folder that is a link", async () => {
    using tree = makeTree({ "main.ts": SCRIPT });
    symlinkSync(ROOT, join(tree.root, "link"));
    const args = [
      ...LAUNCH.slice(0, -1),
      join(tree.root, "link/tools/launch.mjs"),
      "bun",
      join(tree.root, "main.ts"),
    ];
    assertEquals((await run(HOST, args, { timeoutMs: 20_000 })).status, 7);
  });

  it("says what it does not know", async () => {
    const ended = await run(HOST, [...LAUNCH, "noruntime", "x.ts"], {
      timeoutMs: 20_000,
    });
    assertEquals(ended.status, 1);
    assertStringIncludes(ended.stderr, "Unknown runtime 'noruntime'");
  });
});
