// The examples of the READMEs and docstrings, each as a program of its own on the runtime that runs this test.

import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { isTestFile, listPackages } from "./checks/packages.ts";
import { docExamples, type Example, markdownBlocks, readmeExamples } from "./lib/examples.ts";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { QUIET_ENV } from "./lib/runtimes.ts";

/** Milliseconds after which an example is taken for one that does not end. */
const TIMEOUT_MS = 20_000;

async function runExample(example: Example): Promise<void> {
  // In the repository, so that the packages' names resolve; a folder each, as both runtimes may run at once.
  mkdirSync(join(ROOT, ".examples"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".examples/run-"));
  try {
    const file = join(folder, "example.ts");
    writeFileSync(file, example.code);
    const args = "Deno" in globalThis ? ["run", "-A", "--no-check", file] : ["--no-install", file];
    const ended = await run(process.execPath, args, {
      cwd: folder,
      env: QUIET_ENV,
      timeoutMs: TIMEOUT_MS,
    });
    assert(!ended.timedOut, `The example did not end by itself:\n${ended.output}`);
    assertEquals(ended.status, 0, ended.output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), "utf8") : "";
}

describe("examples", () => {
  const documents = [
    "README.md",
    ...readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md")).sort()
      .map((name) => `docs/${name}`),
    ...listPackages(ROOT).map((pack) => `${pack.folder}/README.md`),
  ];
  for (const path of documents) {
    for (const example of readmeExamples(readIfThere(path))) {
      it(`${path}:${example.line} runs`, () => runExample(example));
    }
  }
  for (const path of listPackages(ROOT).flatMap((pack) => pack.files)) {
    if (isTestFile(path)) continue;
    for (const example of docExamples(readIfThere(path))) {
      it(`${path}:${example.line} runs`, () => runExample(example));
    }
  }

  it("fail where an example throws", async () => {
    let failed = false;
    await runExample({ line: 1, info: "ts run", code: 'throw new Error("x");\n' }).catch(() =>
      failed = true
    );
    assert(failed);
  });
});

describe("markdownBlocks()", () => {
  const text =
    "a\n\n```ts run\nb();\n```\n\n- item\n  ```sh\n  c\n    d\n  ```\n\n````md\n```ts\n```\n````\n";

  it("finds fenced blocks with their lines, indented ones too", () => {
    assertEquals(markdownBlocks(text), [
      { line: 4, info: "ts run", code: "b();\n" },
      { line: 9, info: "sh", code: "c\n  d\n" },
      { line: 14, info: "md", code: "```ts\n```\n" },
    ]);
  });

  it("gives the runnable ones", () => {
    assertEquals(readmeExamples(text).map((block) => block.code), ["b();\n"]);
  });
});

describe("docExamples()", () => {
  it("finds whole programs under @example, with their lines", () => {
    const source = `const a = 1;
/**
 * Does it.
 *
 * @example
 * \`\`\`ts
 * import { x } from "@netmap/core";
 *   x();
 * \`\`\`
 */
export function f(): void {}
/**
 * @example
 * \`\`\`ts
 * part.of(it);
 * \`\`\`
 */
`;
    assertEquals(docExamples(source), [
      { line: 7, info: "ts", code: 'import { x } from "@netmap/core";\n  x();\n' },
    ]);
  });
});
