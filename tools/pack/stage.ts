// Makes the folder that npm publishes from a package's source: compiled JavaScript and types, a package.json
// that points to them, README and LICENSE. JSR needs none of this: its source is the TypeScript itself.
//
//   packages/core/src/mod.ts  --tsc-->  packages/core/dist/mod.{js,d.ts}  --stage-->  .pack/core/dist/mod.{js,d.ts}

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { exportsOf, type Package } from "../checks/packages.ts";
import { listFiles } from "../lib/files.ts";

/**
 * Stages a package that has been built.
 *
 * @param root The repository.
 * @param pack The package.
 * @param target Folder to make; what was there goes.
 */
export function stagePackage(root: string, pack: Package, target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const source = join(root, pack.folder);
  const built = join(source, "dist");
  if (!existsSync(built)) {
    throw new Error(
      `Cannot stage '${pack.folder}' as '${built}' is not there: run 'npm run build'`,
    );
  }
  const manifest = publishedManifest(pack);
  const programs = Object.values(manifest.bin ?? {});
  for (const path of walk(built)) {
    const from = join(built, path);
    const to = join(target, "dist", path);
    if (path.endsWith(".d.ts")) write(to, withJsImports(readFileSync(from, "utf8")));
    else if (path.endsWith(".js")) {
      const text = withJsUrls(readFileSync(from, "utf8"));
      write(to, programs.includes(`./dist/${path}`) ? withShebang(text) : text);
    }
  }
  // Texts that programs read at run time lie beside their module: an application's HELP.md.
  const folder = sourceFolder(pack);
  for (const path of listFiles(join(source, folder), (name) => /(^|\/)HELP\.md$/.test(name))) {
    const to = join(target, "dist", path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(join(source, folder, path), to);
  }
  for (const file of ["README.md", "CHANGELOG.md"]) {
    if (existsSync(join(source, file))) copyFileSync(join(source, file), join(target, file));
  }
  copyFileSync(join(root, "LICENSE"), join(target, "LICENSE"));
  write(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The package.json that npm gets. */
export type PublishedManifest = Record<string, unknown> & { bin?: Record<string, string> };

/** Makes the package.json that npm gets. */
export function publishedManifest(pack: Package): PublishedManifest {
  const { name, version, description, license, engines, sideEffects, dependencies } = pack.npm;
  const compiled = (path: string): string =>
    `./dist/${relative(sourceFolder(pack), path).replace(/\.ts$/, ".js")}`;
  const exports: Record<string, unknown> = {};
  for (const [path, target] of Object.entries(exportsOf(pack.npm))) {
    const js = compiled(target);
    exports[path] = { types: js.replace(/\.js$/, ".d.ts"), default: js };
  }
  const manifest: PublishedManifest = {
    name,
    version,
    description,
    keywords: ["netmap", "vale", "packet", "networking", "bun", "deno"],
    license,
    type: "module",
    sideEffects,
    exports: { ...exports, "./package.json": "./package.json" },
    files: ["dist", "README.md", "CHANGELOG.md", "LICENSE"],
    engines,
  };
  if (pack.npm.bin !== undefined) {
    const bin = Object.entries(pack.npm.bin).map(([command, path]) => [command, compiled(path)]);
    manifest.bin = Object.fromEntries(bin);
  }
  if (dependencies !== undefined) manifest.dependencies = dependencies;
  return manifest;
}

/** Rewrites `"./x.ts"` to `"./x.js"` in the imports of a declaration file: tsc does so in JavaScript alone. */
export function withJsImports(text: string): string {
  return text.replace(
    /(\bfrom\s+|\bimport\s*\(\s*|\bimport\s+)(["'])(\.{1,2}\/[^"'\n]+)\.ts\2/g,
    "$1$2$3.js$2",
  );
}

/** Rewrites `new URL("./x.ts", import.meta.url)`, by which a Worker's file is named. */
export function withJsUrls(text: string): string {
  return text.replace(
    /(\bnew URL\(\s*)(["'])(\.{1,2}\/[^"'\n]+)\.ts\2(\s*,\s*import\.meta\.url)/g,
    "$1$2$3.js$2$4",
  );
}

/** Names the runtime of an installed command; Deno's users start it with `deno run`. */
export function withShebang(text: string): string {
  return text.startsWith("#!") ? text : `#!/usr/bin/env bun\n${text}`;
}

/** Folder of the package that the compiler takes for the root: "src", or "." of the applications. */
function sourceFolder(pack: Package): string {
  return pack.folder === "apps" ? "." : "src";
}

function* walk(folder: string, prefix = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(folder, path);
    else yield path;
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
