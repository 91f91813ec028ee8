import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkExports } from "./exports.ts";
import { goodTree, treeWith } from "./tree_fixture.ts";

function problems(changes: Parameters<typeof treeWith>[0]): string {
  using tree = treeWith(changes);
  return checkExports(tree.root).map((one) => `${one.where}: ${one.message}`).join("\n");
}

const core = goodTree()["packages/core/deno.json"] as Record<string, unknown>;

describe("checkExports()", () => {
  it("accepts a good tree", () => {
    assertEquals(problems({}), "");
  });

  it("refuses exports that differ", () => {
    const deno = { ...core, exports: { ".": "./src/mod.ts", "./one": "./src/one.ts" } };
    assertStringIncludes(
      problems({ "packages/core/deno.json": deno }),
      "packages/core/deno.json: Export './one' is './src/one.ts' here and 'absent' in package.json",
    );
  });

  it("refuses names, versions and licenses that differ", () => {
    const deno = { ...core, version: "2.0.0", name: "@netmap/kernel", license: "MIT" };
    const found = problems({ "packages/core/deno.json": deno });
    assertStringIncludes(found, "version '2.0.0' differs from '1.0.0'");
    assertStringIncludes(found, "name '@netmap/kernel' differs from '@netmap/core'");
    assertStringIncludes(found, "license 'MIT' differs from 'BSD-2-Clause'");
  });

  it("refuses two versions in one repository", () => {
    const engine = { ...core, name: "@netmap/engine", version: "1.0.1" };
    assertStringIncludes(
      problems({ "packages/engine/package.json": engine, "packages/engine/deno.json": engine }),
      "packages/engine/package.json: Version '1.0.1' differs from '1.0.0' of '@netmap/core'",
    );
  });

  it("refuses an export without its file", () => {
    assertStringIncludes(
      problems({ "packages/core/src/mod.ts": undefined }),
      "packages/core/package.json: './src/mod.ts' is exported but is not there",
    );
  });

  it("refuses a package without deno.json or outside of Deno's workspace", () => {
    assertStringIncludes(
      problems({ "packages/core/deno.json": undefined }),
      "packages/core/deno.json: The file is missing",
    );
    assertStringIncludes(
      problems({ "deno.json": { workspace: ["./packages/core"] } }),
      "'./packages/engine' is not in",
    );
  });
});
