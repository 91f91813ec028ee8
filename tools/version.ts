// The second half of `npm run version`: `changeset version` raised the versions in package.json and wrote the
// CHANGELOGs; this brings deno.json, the dependencies among our packages and the lock file after it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { listPackages } from "./checks/packages.ts";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";

/** Replaces the version in the text of a manifest, and nothing else of its layout. */
export function withVersion(text: string, version: string): string {
  return text.replace(/("version"\s*:\s*)"[^"]*"/, `$1"${version}"`);
}

/** Replaces the version of each dependency on one of our packages. */
export function withDependencies(text: string, version: string): string {
  return text.replace(/("@netmap\/[\w-]+"\s*:\s*)"[^"]*"/g, `$1"${version}"`);
}

/** Brings the manifests of the tree under `root` to one version; returns it. */
export function alignVersions(root: string): string {
  const packages = listPackages(root);
  const version = packages.map((pack) => pack.npm.version!).sort(compareVersions).at(-1)!;
  for (const pack of packages) {
    for (const name of ["package.json", "deno.json"]) {
      const path = join(root, pack.folder, name);
      if (!existsSync(path)) continue;
      const text = withVersion(readFileSync(path, "utf8"), version);
      writeFileSync(path, name === "package.json" ? withDependencies(text, version) : text);
    }
  }
  return version;
}

function compareVersions(a: string, b: string): number {
  const numbers = (text: string): number[] => text.split(/[.-]/).slice(0, 3).map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) if (left[i] !== right[i]) return left[i]! - right[i]!;
  return 0;
}

if (import.meta.main) {
  const version = alignVersions(ROOT);
  const ended = await run("npm", ["install", "--package-lock-only", "--ignore-scripts"], {
    cwd: ROOT,
  });
  console.log(ended.status === 0 ? `All packages are at ${version}` : ended.output);
  process.exitCode = ended.status;
}
