// npm and JSR offer the same: package.json and deno.json agree, one version for all, the files are there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { exportsOf, listPackages, type Package, readManifest } from "./packages.ts";
import type { Problem } from "./problem.ts";

/** Checks the manifests of every package of the tree. */
export function checkExports(root: string): Problem[] {
  const problems: Problem[] = [];
  const packages = listPackages(root);
  const workspace = readManifest(join(root, "deno.json"))?.workspace ?? [];
  for (const pack of packages) {
    problems.push(...checkOne(root, pack));
    if (!workspace.includes(`./${pack.folder}`)) {
      problems.push({ where: "deno.json", message: `'./${pack.folder}' is not in 'workspace'` });
    }
    if (pack.npm.version !== packages[0]!.npm.version) {
      problems.push({
        where: `${pack.folder}/package.json`,
        message: `Version '${pack.npm.version}' differs from '${packages[0]!.npm.version}' of '${
          packages[0]!.npm.name
        }'`,
      });
    }
  }
  return problems;
}

function checkOne(root: string, pack: Package): Problem[] {
  const problems: Problem[] = [];
  const npmFile = `${pack.folder}/package.json`;
  const denoFile = `${pack.folder}/deno.json`;
  const expected = `@netmap/${pack.short}`;
  if (pack.npm.name !== expected) {
    problems.push({ where: npmFile, message: `Name '${pack.npm.name}' is not '${expected}'` });
  }
  if (pack.deno === undefined) {
    return [...problems, { where: denoFile, message: "The file is missing" }];
  }
  for (const field of ["name", "version", "license"] as const) {
    if (pack.npm[field] === pack.deno[field]) continue;
    problems.push({
      where: denoFile,
      message: `${field} '${pack.deno[field]}' differs from '${pack.npm[field]}' in package.json`,
    });
  }
  const npm = exportsOf(pack.npm);
  const deno = exportsOf(pack.deno);
  if (Object.keys(npm).length === 0) {
    problems.push({ where: npmFile, message: "There are no exports" });
  }
  for (const path of new Set([...Object.keys(npm), ...Object.keys(deno)])) {
    if (npm[path] !== deno[path]) {
      problems.push({
        where: denoFile,
        message: `Export '${path}' is '${deno[path] ?? "absent"}' here and '${
          npm[path] ?? "absent"
        }' in package.json`,
      });
    }
  }
  for (const target of [...Object.values(npm), ...Object.values(pack.npm.bin ?? {})]) {
    if (!existsSync(join(root, pack.folder, target))) {
      problems.push({ where: npmFile, message: `'${target}' is exported but is not there` });
    }
  }
  return problems;
}
