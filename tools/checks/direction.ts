// Packages import only downwards, declare what they import, and nothing leaves its package by a path.
//
//   core <- engine <- pipes vale monitor kloop ptnet nic traffic <- daemon <- netmap <- apps

import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Import, importsOf } from "./imports.ts";
import { isTestFile, listPackages, type Package } from "./packages.ts";
import type { Problem } from "./problem.ts";

/** Floor of each package; a package imports only from lower floors. */
const FLOORS: Readonly<Record<string, number>> = {
  core: 0,
  engine: 1,
  pipes: 2,
  vale: 2,
  monitor: 2,
  kloop: 2,
  ptnet: 2,
  nic: 2,
  traffic: 2,
  daemon: 3,
  netmap: 4,
  apps: 5,
};

/** Imports on one floor that the design allows: importer, imported. */
const SIDEWAYS: readonly (readonly [string, string])[] = [["ptnet", "kloop"]];

/** What tests and benches may import beside packages; the root's package.json and workspaces bring it. */
const FOR_TESTS = new Set([
  "@std/assert",
  "@std/testing/bdd",
  "@netmap/test-support",
  "fast-check",
]);

/** Modules that a runtime brings itself; where `bun:ffi` may stand is for the check of restricted names. */
const BUILTIN = /^(node|bun):/;

/** Checks the imports of every package of the tree. */
export function checkDirection(root: string): Problem[] {
  const problems: Problem[] = [];
  const packages = listPackages(root);
  for (const pack of packages) {
    if (FLOORS[pack.short] === undefined) {
      problems.push({
        where: pack.folder,
        message: `Unknown package: give it a floor in tools/checks/direction.ts`,
      });
    }
    const used = new Set<string>();
    const graph = new Map<string, string[]>();
    for (const path of pack.files) {
      for (const one of importsOf(readFileSync(join(root, path), "utf8"))) {
        const message = problemWith(one, path, pack, packages, used);
        if (message !== "") problems.push({ where: `${path}:${one.line}`, message });
        if (one.specifier.startsWith(".") && !one.typeOnly && !one.dynamic) {
          const target = posix.join(posix.dirname(path), one.specifier);
          graph.set(path, [...graph.get(path) ?? [], target]);
        }
      }
    }
    problems.push(...undeclared(pack, packages, used), ...cycles(graph));
  }
  return problems;
}

function problemWith(
  one: Import,
  path: string,
  pack: Package,
  packages: readonly Package[],
  used: Set<string>,
): string {
  const { specifier } = one;
  if (specifier === "" || BUILTIN.test(specifier)) return "";
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(path), specifier);
    if (!target.startsWith(`${pack.folder}/`)) {
      return `'${specifier}' leaves the package: import the other package by its name`;
    }
    const sourceFile = /\.(js|jsx|mjs|cjs|tsx)$/.test(specifier) || !/\.\w+$/.test(specifier);
    return sourceFile ? `'${specifier}' must end in '.ts'` : "";
  }
  const match = /^@netmap\/([^/]+)(\/.*)?$/.exec(specifier);
  const target = match === null
    ? undefined
    : packages.find((other) => other.npm.name === `@netmap/${match[1]}`);
  if (target === undefined) {
    if (FOR_TESTS.has(specifier)) {
      return isTestFile(path) ? "" : `'${specifier}' is for tests only`;
    }
    return match === null
      ? `'${specifier}' is not one of our packages: there are no dependencies outside of them`
      : `'${specifier}' is no package of this repository`;
  }
  if (target.short === pack.short) {
    // A bench stands outside of src and uses the package as others do.
    return isTestFile(path) ? "" : `'${specifier}' is the package itself: import by path`;
  }
  used.add(target.short);
  return isBelow(pack.short, target.short)
    ? ""
    : `'${specifier}' is not below '${pack.npm.name}': dependencies point one way, see DESIGN`;
}

function isBelow(importer: string, imported: string): boolean {
  if (SIDEWAYS.some(([a, b]) => a === importer && b === imported)) return true;
  return (FLOORS[imported] ?? Infinity) < (FLOORS[importer] ?? -1);
}

function undeclared(
  pack: Package,
  packages: readonly Package[],
  used: ReadonlySet<string>,
): Problem[] {
  const problems: Problem[] = [];
  const where = `${pack.folder}/package.json`;
  const declared = { ...pack.npm.dependencies };
  for (const field of ["devDependencies", "peerDependencies", "optionalDependencies"] as const) {
    for (const name of Object.keys(pack.npm[field] ?? {})) {
      problems.push({
        where,
        message:
          `'${name}' in '${field}': development needs are the root's, others go to 'dependencies'`,
      });
    }
  }
  for (const short of used) {
    const target = packages.find((other) => other.short === short)!;
    const version = declared[target.npm.name!];
    if (version === undefined) {
      problems.push({
        where,
        message: `'${target.npm.name}' is imported but not in 'dependencies'`,
      });
    }
  }
  for (const [name, version] of Object.entries(declared)) {
    const target = packages.find((other) => other.npm.name === name);
    if (target === undefined) {
      problems.push({ where, message: `'${name}' is not one of our packages` });
    } else if (version !== target.npm.version) {
      problems.push({
        where,
        message: `'${name}' is asked for as '${version}' but is '${target.npm.version}'`,
      });
    } else if (!isBelow(pack.short, target.short)) {
      problems.push({ where, message: `'${name}' is not below '${pack.npm.name}'` });
    } else if (pack.files.length > 0 && !used.has(target.short)) {
      problems.push({ where, message: `'${name}' is in 'dependencies' but nothing imports it` });
    }
  }
  return problems;
}

/** Cycles of files that load one another, each once. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const from = trail.indexOf(path);
    if (from >= 0) {
      const names = [...trail.slice(from), path].map((name) => posix.basename(name));
      problems.push({ where: path, message: `Import cycle: ${names.join(" -> ")}` });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return problems;
}
