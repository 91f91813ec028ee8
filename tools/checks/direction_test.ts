import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkDirection } from "./direction.ts";
import { treeWith } from "./tree_fixture.ts";

/** The problems of the good tree with these changes, as one text. */
function problems(changes: Parameters<typeof treeWith>[0]): string {
  using tree = treeWith(changes);
  return checkDirection(tree.root).map((one) => `${one.where}: ${one.message}`).join("\n");
}

const manifest = (name: string, more: object): object => ({
  name: `@netmap/${name}`,
  version: "1.0.0",
  ...more,
});

describe("checkDirection()", () => {
  it("accepts a good tree", () => {
    assertEquals(problems({}), "");
  });

  it("refuses an import upwards", () => {
    const found = problems({
      "packages/core/src/one.ts": 'import { two } from "@netmap/engine";\n',
    });
    assertStringIncludes(
      found,
      "packages/core/src/one.ts:1: '@netmap/engine' is not below '@netmap/core'",
    );
  });

  it("refuses a feature that imports another, in types and in import() too", () => {
    for (
      const source of ['import type { V } from "@netmap/vale";', 'await import("@netmap/vale");']
    ) {
      const found = problems({
        "packages/pipes/package.json": manifest("pipes", {
          dependencies: { "@netmap/vale": "1.0.0" },
        }),
        "packages/pipes/src/mod.ts": source,
        "packages/vale/package.json": manifest("vale", {}),
      });
      assertStringIncludes(found, "packages/pipes/src/mod.ts:1: '@netmap/vale' is not below");
      assertStringIncludes(found, "packages/pipes/package.json: '@netmap/vale' is not below");
    }
  });

  it("refuses what is imported but not declared, and declared but not imported", () => {
    assertStringIncludes(
      problems({ "packages/engine/package.json": manifest("engine", {}) }),
      "packages/engine/package.json: '@netmap/core' is imported but not in 'dependencies'",
    );
    assertStringIncludes(
      problems({ "packages/engine/src/two.ts": "export const two: number = 2;\n" }),
      "'@netmap/core' is in 'dependencies' but nothing imports it",
    );
  });

  it("refuses another version", () => {
    const found = problems({
      "packages/engine/package.json": manifest("engine", {
        dependencies: { "@netmap/core": "^0.9.0" },
      }),
    });
    assertStringIncludes(found, "'@netmap/core' is asked for as '^0.9.0' but is '1.0.0'");
  });

  it("refuses a path that leaves the package", () => {
    const found = problems({
      "packages/engine/src/two.ts": 'import "@netmap/core";\nimport "../../core/src/one.ts";\n',
    });
    assertStringIncludes(
      found,
      "packages/engine/src/two.ts:2: '../../core/src/one.ts' leaves the package",
    );
  });

  it("refuses packages from elsewhere, and test helpers outside of tests", () => {
    assertStringIncludes(
      problems({ "packages/core/src/one.ts": 'import "left-pad";\n' }),
      "'left-pad' is not one of",
    );
    assertStringIncludes(
      problems({ "packages/core/src/one.ts": 'import fc from "fast-check";\n' }),
      "'fast-check' is for tests only",
    );
  });

  it("refuses an import without its suffix", () => {
    assertStringIncludes(
      problems({ "packages/core/src/mod.ts": 'export * from "./one";\n' }),
      "must end in '.ts'",
    );
  });

  it("finds a cycle of files, but not one of types", () => {
    const cycle = (kind: string): string =>
      problems({
        "packages/core/src/one.ts":
          `import ${kind} { three } from "./three.ts";\nexport const one: number = 1;\n`,
        "packages/core/src/three.ts":
          'import { one } from "./one.ts";\nexport const three: number = one;\n',
      });
    assertStringIncludes(cycle(""), "Import cycle: one.ts -> three.ts -> one.ts");
    assertEquals(cycle("type"), "");
  });

  it("asks for the floor of a new package", () => {
    assertStringIncludes(
      problems({ "packages/extra/package.json": manifest("extra", {}) }),
      "packages/extra: Unknown package",
    );
  });
});
