// A file has one job that its name says: names in snake_case, mod.ts only re-exports, some 400 lines at most.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "../lib/files.ts";
import type { Problem } from "./problem.ts";
import { tokenize } from "./tokens.ts";

/** Lines after which a file is asked what it is two of. */
const LONG = 400;

/** Checks the TypeScript files of the tree. */
export function checkLayout(root: string): Problem[] {
  const problems: Problem[] = [];
  for (const path of listFiles(root, (name) => /\.tsx?$/.test(name) && !name.endsWith(".d.ts"))) {
    const name = path.split("/").at(-1)!;
    const source = readFileSync(join(root, path), "utf8");
    const lines = source.split("\n").length - 1;
    if (lines > LONG) {
      problems.push({
        where: path,
        message: `${lines} lines: ask what it is two of`,
        warning: true,
      });
    }
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*\.ts$/.test(name)) {
      problems.push({ where: path, message: `'${name}' is not in snake_case` });
    }
    if (/^packages\/[^/]+\/src\/(.*\/)?mod\.ts$/.test(path) && !onlyReexports(source)) {
      problems.push({ where: path, message: "mod.ts holds code: it only re-exports" });
    }
  }
  return problems;
}

/** Whether each statement is `export ... from "..."` or a plain `import "..."`. */
function onlyReexports(source: string): boolean {
  const tokens = tokenize(source);
  let at = 0;
  while (at < tokens.length) {
    if (tokens[at]!.text !== "export" && tokens[at]!.text !== "import") return false;
    let end = at + 1;
    while (end < tokens.length && tokens[end]!.kind !== "string") {
      if (tokens[end]!.kind === "sign" && !"{},*".includes(tokens[end]!.text)) return false;
      end++;
    }
    if (end === tokens.length) return false;
    at = end + 1;
    if (tokens[at]?.text === ";") at++;
  }
  return true;
}
