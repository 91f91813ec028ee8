import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../lib/files.ts";

/** The parts of package.json and deno.json that the checks read. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly exports?: string | Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly license?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly sideEffects?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly workspace?: readonly string[];
  readonly imports?: Readonly<Record<string, string>>;
}

/** A published package of the tree. */
export interface Package {
  /** Name of the folder, which is the package's short name: "core". */
  readonly short: string;
  /** Folder relative to the root: "packages/core". */
  readonly folder: string;
  readonly npm: Manifest;
  /** deno.json; undefined when there is none. */
  readonly deno: Manifest | undefined;
  /** Its TypeScript files, relative to the root. */
  readonly files: readonly string[];
}

/** Lists the packages of a tree: packages/* and apps. */
export function listPackages(root: string): Package[] {
  const folders: string[] = [];
  const parent = join(root, "packages");
  if (existsSync(parent)) {
    for (const entry of readdirSync(parent, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(`packages/${entry.name}`);
    }
  }
  folders.push("apps");
  const packages: Package[] = [];
  for (const folder of folders.sort()) {
    const npm = readManifest(join(root, folder, "package.json"));
    if (npm === undefined) continue;
    packages.push({
      short: folder.split("/").at(-1)!,
      folder,
      npm,
      deno: readManifest(join(root, folder, "deno.json")),
      files: listFiles(join(root, folder), (path) => path.endsWith(".ts")).map((path) =>
        `${folder}/${path}`
      ),
    });
  }
  return packages;
}

/** Reads a JSON file; undefined when there is none. */
export function readManifest(path: string): Manifest | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) as Manifest : undefined;
}

/** The exports of a manifest as a map of subpaths to files. */
export function exportsOf(manifest: Manifest): Record<string, string> {
  const { exports } = manifest;
  if (exports === undefined) return {};
  if (typeof exports === "string") return { ".": exports };
  return Object.fromEntries(
    Object.entries(exports).map(([path, target]) => [path, String(target)]),
  );
}

/** Whether a file is there only for tests and benches, and so is not published. */
export function isTestFile(path: string): boolean {
  return /(_test|_fixture)\.ts$/.test(path) ||
    /(^|\/)(test_[a-z0-9_]+\.ts$|testing\/|fixtures\/|bench\/)/.test(path);
}
