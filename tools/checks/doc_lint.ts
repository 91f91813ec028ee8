// Every exported symbol is documented and typed: `deno doc --lint` over the entry points of all packages at
// once, so that a type which another package exports counts as public.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lib/process.ts";
import { programOf, QUIET_ENV } from "../lib/runtimes.ts";
import { exportsOf, listPackages } from "./packages.ts";
import type { Problem } from "./problem.ts";

/** Checks the docstrings of every package of the tree. */
export async function checkDocLint(root: string): Promise<Problem[]> {
  const entries: string[] = [];
  for (const pack of listPackages(root)) {
    // An application's exports are programs.
    if (pack.npm.bin !== undefined) continue;
    for (const target of Object.values(exportsOf(pack.npm))) {
      const path = `${pack.folder}/${target.replace(/^\.\//, "")}`;
      if (existsSync(join(root, path))) entries.push(path);
    }
  }
  if (entries.length === 0) return [];
  const ended = await run(programOf("deno"), ["doc", "--quiet", "--lint", ...entries], {
    cwd: root,
    env: { ...QUIET_ENV, NO_COLOR: "1" },
    timeoutMs: 120_000,
  });
  const problems = parseDocLint(root, ended.output);
  if (ended.status !== 0 && problems.length === 0) {
    problems.push({ where: "deno doc --lint", message: ended.output.trim() });
  }
  return problems;
}

/** Reads the messages of `deno doc --lint`. */
export function parseDocLint(root: string, output: string): Problem[] {
  const problems: Problem[] = [];
  for (const match of output.matchAll(/^error\[([\w-]+)\]: (.*)\n\s*--> (.*):(\d+):\d+$/gm)) {
    const [, rule, message, path, line] = match;
    const where = path!.startsWith(`${root}/`) ? path!.slice(root.length + 1) : path!;
    problems.push({ where: `${where}:${line}`, message: `${message} (${rule})` });
  }
  return problems;
}
