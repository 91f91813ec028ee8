import { readdirSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Folders that are never ours: what other programs put into the tree. */
const FOREIGN = new Set(["node_modules", "dist", ".git", ".turbo", ".pack", ".examples"]);

/**
 * Lists the files of a tree.
 *
 * @param root Folder to walk.
 * @param accept Decides by the path, relative to `root`, with slashes.
 * @returns The accepted paths, sorted, relative to `root`.
 */
export function listFiles(root: string, accept: (path: string) => boolean): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      // Others may be writing to the tree while we read it.
      if ((error as { code?: string }).code === "ENOENT") return;
      throw error;
    }
    for (const entry of entries) {
      if (FOREIGN.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) {
        const name = relative(root, path).split(sep).join("/");
        if (accept(name)) found.push(name);
      }
    }
  };
  walk(root);
  return found.sort();
}
