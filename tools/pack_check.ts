// `npm run pack:check`: whether each package can be installed and used alone. Builds, packs, installs each tarball
// with what it depends on into an empty folder, runs its README's example there on Bun and on Deno, and asks
// `deno publish --dry-run` and `deno doc --lint` about the same package for JSR.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkDocLint } from "./checks/doc_lint.ts";
import { listPackages, type Package } from "./checks/packages.ts";
import { formatProblem } from "./checks/problem.ts";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { programOf, QUIET_ENV } from "./lib/runtimes.ts";
import { paint, plain } from "./lib/terminal.ts";
import { stagePackage } from "./pack/stage.ts";
import { type Trial, tryPackage } from "./pack/try_package.ts";

const STAGE = join(ROOT, ".pack");

/** The packages that `pack` needs, itself first, each once. */
export function closureOf(pack: Package, packages: readonly Package[]): Package[] {
  const found = new Set<Package>();
  const add = (one: Package): void => {
    if (found.has(one)) return;
    found.add(one);
    for (const name of Object.keys(one.npm.dependencies ?? {})) {
      const next = packages.find((other) => other.npm.name === name);
      if (next !== undefined) add(next);
    }
  };
  add(pack);
  return [...found];
}

let failures = 0;

function report(trial: Trial): void {
  const ok = trial.problem === "";
  if (!ok) failures++;
  console.log(
    `${ok ? paint(32, "ok  ") : paint(31, "FAIL")} ${trial.name} (${trial.seconds.toFixed(1)} s)`,
  );
  if (!ok) console.log(plain(trial.problem).replace(/^/gm, "     "));
}

async function step(
  name: string,
  program: string,
  args: readonly string[],
  cwd = ROOT,
): Promise<boolean> {
  const ended = await run(program, args, { cwd, env: QUIET_ENV, timeoutMs: 300_000 });
  report({ name, problem: ended.status === 0 ? "" : ended.output.trim(), seconds: ended.seconds });
  return ended.status === 0;
}

async function main(names: readonly string[]): Promise<number> {
  const packages = listPackages(ROOT);
  const chosen = packages.filter((pack) => names.length === 0 || names.includes(pack.short));
  if (chosen.length === 0) {
    throw new Error(`Unknown package '${names.join(" ")}': give folders' names, as 'core'`);
  }
  const needed = packages.filter((pack) =>
    chosen.some((one) => closureOf(one, packages).includes(pack))
  );
  const turbo = join(ROOT, "node_modules/.bin/turbo");
  const filters = needed.map((pack) => `--filter=${pack.npm.name}`);
  if (!await step("build", turbo, ["run", "build", "--output-logs=errors-only", ...filters])) {
    return 1;
  }

  mkdirSync(STAGE, { recursive: true });
  const tarballs = new Map<Package, string>();
  for (const pack of needed) {
    stagePackage(ROOT, pack, join(STAGE, pack.short));
    const packed = await step(`${pack.npm.name}: packs`, "npm", [
      "pack",
      "--silent",
      `./${pack.short}`,
    ], STAGE);
    if (!packed) return 1;
    tarballs.set(pack, join(STAGE, `netmap-${pack.short}-${pack.npm.version}.tgz`));
  }
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), "netmap-pack-")));
  try {
    for (const pack of chosen) {
      const own = closureOf(pack, packages).map((one) => tarballs.get(one)!);
      for (const trial of await tryPackage(ROOT, pack, own, join(temporary, pack.short))) {
        report(trial);
      }
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  for (const pack of chosen) {
    const args = ["publish", "--dry-run", "--allow-dirty", "--quiet"];
    await step(
      `${pack.npm.name}: deno publish --dry-run`,
      programOf("deno"),
      args,
      join(ROOT, pack.folder),
    );
  }
  const begin = performance.now();
  const problems = await checkDocLint(ROOT);
  report({
    name: "deno doc --lint",
    problem: problems.map(formatProblem).join("\n"),
    seconds: (performance.now() - begin) / 1000,
  });
  console.log(failures === 0 ? "Every package installs and works alone" : `${failures} failed`);
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2).filter((arg) => !arg.startsWith("-")));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}
