// Uses a packed package as a stranger would: an empty folder, the tarball and those it depends on, the
// example of its README on both runtimes, the types from a compiler.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Package } from "../checks/packages.ts";
import { readmeExamples } from "../lib/examples.ts";
import { run, type RunResult } from "../lib/process.ts";
import { programOf, QUIET_ENV, RUNTIMES } from "../lib/runtimes.ts";

/** One thing that was tried, and how it ended. */
export interface Trial {
  readonly name: string;
  /** "" when it went well, else what the program printed. */
  readonly problem: string;
  readonly seconds: number;
}

/** Arguments with which an installed program is tried, beside `--help`. */
const PROGRAM_ARGS: Readonly<Record<string, readonly string[]>> = {
  "vale-bridge": ["--demo", "--duration", "1", "--json"],
};

/**
 * Installs tarballs into an empty folder and tries what they bring.
 *
 * @param root The repository, for its compiler.
 * @param pack The package to try.
 * @param tarballs Tarball of the package and of each package that it needs.
 * @param folder An empty folder outside of the repository.
 */
export async function tryPackage(
  root: string,
  pack: Package,
  tarballs: readonly string[],
  folder: string,
): Promise<Trial[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const options = { cwd: folder, env: QUIET_ENV, timeoutMs: 60_000 };
  const trials: Trial[] = [];
  const attempt = async (
    name: string,
    program: string,
    args: readonly string[],
  ): Promise<RunResult> => {
    const ended = await run(program, args, options);
    const problem = ended.status === 0 ? "" : ended.output.trim() || `status ${ended.status}`;
    trials.push({ name: `${pack.npm.name}: ${name}`, problem, seconds: ended.seconds });
    return ended;
  };
  const installed = await attempt("installs", "npm", [
    "install",
    "--offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...tarballs,
  ]);
  if (installed.status !== 0) return trials;

  const readme = join(folder, "node_modules", pack.npm.name!, "README.md");
  const examples = existsSync(readme) ? readmeExamples(readFileSync(readme, "utf8")) : [];
  if (examples.length === 0 && pack.npm.bin === undefined) {
    const problem = "There is no README with an example that runs: mark a block with '```ts run'";
    trials.push({ name: `${pack.npm.name}: README example`, problem, seconds: 0 });
  }
  for (const [i, example] of examples.entries()) {
    const file = `example_${i + 1}.ts`;
    writeFileSync(join(folder, file), example.code);
    const name = `README example ${i + 1} (line ${example.line})`;
    await attempt(`${name} on bun`, programOf("bun"), ["--no-install", file]);
    await attempt(`${name} on deno`, programOf("deno"), [
      "run",
      "-A",
      "--node-modules-dir=manual",
      file,
    ]);
  }
  await tryTypes(root, pack, folder, examples.length, attempt);
  await tryPrograms(pack, folder, attempt);
  return trials;
}

type Attempt = (name: string, program: string, args: readonly string[]) => Promise<RunResult>;

async function tryTypes(
  root: string,
  pack: Package,
  folder: string,
  examples: number,
  attempt: Attempt,
): Promise<void> {
  // Every declaration is read, so that one that leads nowhere shows: no `skipLibCheck`.
  const entries = Object.keys(pack.npm.exports ?? {}).filter(() => pack.npm.bin === undefined);
  const lines = entries.map((path, i) =>
    `import * as e${i} from "${pack.npm.name}${
      path.slice(1)
    }";\nexport const k${i}: string[] = Object.keys(e${i});\n`
  );
  if (lines.length === 0) return;
  writeFileSync(join(folder, "entries.ts"), lines.join(""));
  const files = [
    "entries.ts",
    ...Array.from({ length: examples }, (_, i) => `example_${i + 1}.ts`),
  ];
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "esnext",
        lib: ["esnext", "dom"],
        types: [],
        module: "nodenext",
        moduleDetection: "force",
        skipLibCheck: false,
      },
      files,
    }),
  );
  await attempt("types for tsc", join(root, "node_modules/.bin/tsc"), ["-p", "."]);
  await attempt("types for deno", programOf("deno"), [
    "check",
    "--node-modules-dir=manual",
    ...files,
  ]);
}

async function tryPrograms(pack: Package, folder: string, attempt: Attempt): Promise<void> {
  // As an installed command it finds `bun` on PATH, where ours has another name.
  const path = join(folder, "path");
  mkdirSync(path);
  symlinkSync(programOf("bun"), join(path, "bun"));
  for (const command of Object.keys(pack.npm.bin ?? {})) {
    const script = join(folder, "node_modules/.bin", command);
    await attempt(`${command} --help as a command`, "env", [
      `PATH=${path}:/usr/bin:/bin`,
      script,
      "--help",
    ]);
    for (const runtime of RUNTIMES) {
      const prefix = runtime === "deno"
        ? ["run", "-A", "--node-modules-dir=manual"]
        : ["--no-install"];
      for (const args of [["--help"], PROGRAM_ARGS[command]]) {
        if (args === undefined) continue;
        await attempt(`${command} ${args.join(" ")} on ${runtime}`, programOf(runtime), [
          ...prefix,
          script,
          ...args,
        ]);
      }
    }
  }
}
