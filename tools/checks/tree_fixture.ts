import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A tree of files in a temporary folder. */
export interface Tree extends Disposable {
  readonly root: string;
}

/** Writes `files` (path to content; objects become JSON) into a temporary folder that goes with `using`. */
export function makeTree(files: Readonly<Record<string, string | object>>): Tree {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "netmap-tree-")));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(
      join(root, path),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** A small repository in which every check passes: `core` and `engine`, which uses it. */
export function goodTree(): Record<string, string | object> {
  const readme = "# x\n\n```ts run\nconsole.log(1);\n```\n";
  const deno = (name: string): object => ({
    name: `@netmap/${name}`,
    version: "1.0.0",
    license: "BSD-2-Clause",
    exports: { ".": "./src/mod.ts" },
  });
  return {
    "deno.json": { workspace: ["./packages/core", "./packages/engine"] },
    "packages/core/package.json": deno("core"),
    "packages/core/deno.json": deno("core"),
    "packages/core/README.md": readme,
    "packages/core/src/mod.ts": '/** Core.\n * @module */\nexport { one } from "./one.ts";\n',
    "packages/core/src/one.ts": "/** One. */\nexport const one: number = 1;\n",
    "packages/core/src/one_test.ts":
      'import { it } from "@std/testing/bdd";\nimport { one } from "./one.ts";\nit("is one", () => void one);\n',
    "packages/engine/package.json": {
      ...deno("engine"),
      dependencies: { "@netmap/core": "1.0.0" },
    },
    "packages/engine/deno.json": deno("engine"),
    "packages/engine/README.md": readme,
    "packages/engine/src/mod.ts": '/** Engine.\n * @module */\nexport { two } from "./two.ts";\n',
    "packages/engine/src/two.ts":
      'import { one } from "@netmap/core";\n/** Two. */\nexport const two: number = one + 1;\n',
  };
}

/** The good tree with some files added or replaced; `undefined` removes one. */
export function treeWith(changes: Readonly<Record<string, string | object | undefined>>): Tree {
  const files = goodTree();
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) delete files[path];
    else files[path] = content;
  }
  return makeTree(files);
}
