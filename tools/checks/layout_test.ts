import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkLayout } from "./layout.ts";
import { treeWith } from "./tree_fixture.ts";

function problems(changes: Parameters<typeof treeWith>[0]): { text: string; warnings: number } {
  using tree = treeWith(changes);
  const found = checkLayout(tree.root);
  return {
    text: found.map((one) => `${one.where}: ${one.message}`).join("\n"),
    warnings: found.filter((one) => one.warning).length,
  };
}

describe("checkLayout()", () => {
  it("accepts a good tree", () => {
    assertEquals(problems({}), { text: "", warnings: 0 });
  });

  it("warns of a file of more than 400 lines", () => {
    const lines = (n: number): string => "// x\n".repeat(n);
    assertEquals(problems({ "packages/core/src/long.ts": lines(400) }).text, "");
    assertEquals(problems({ "packages/core/src/long.ts": lines(401) }), {
      text: "packages/core/src/long.ts: 401 lines: ask what it is two of",
      warnings: 1,
    });
  });

  it("refuses names that are not snake_case", () => {
    for (const name of ["TwoWords.ts", "two-words.ts", "_two.ts", "two__words.ts"]) {
      assertStringIncludes(
        problems({ [`packages/core/src/${name}`]: "" }).text,
        `'${name}' is not in snake_case`,
      );
    }
  });

  it("refuses code in mod.ts", () => {
    for (
      const source of [
        "export const a: number = 1;",
        'import { a } from "./a.ts";\na();',
        "export default 1;",
      ]
    ) {
      assertStringIncludes(
        problems({ "packages/core/src/mod.ts": source }).text,
        "mod.ts holds code",
      );
    }
  });

  it("accepts every form of re-export in mod.ts", () => {
    const source =
      'export * from "./a.ts";\nexport * as b from "./b.ts";\nexport { c, type D } from "./c.ts";\n' +
      'export type { E } from "./e.ts";\nimport "./f.ts";\n';
    assertEquals(problems({ "packages/core/src/mod.ts": source }).text, "");
  });
});
