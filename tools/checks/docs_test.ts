import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkDocLint, parseDocLint } from "./doc_lint.ts";
import { checkLinks, checkReadmes } from "./docs.ts";
import type { Problem } from "./problem.ts";
import { treeWith } from "./tree_fixture.ts";

const text = (problems: readonly Problem[]): string =>
  problems.map((one) => `${one.where}: ${one.message}`).join("\n");

describe("checkReadmes()", () => {
  it("accepts a good tree", () => {
    using tree = treeWith({});
    assertEquals(text(checkReadmes(tree.root)), "");
  });

  it("asks for the README and for an example that runs", () => {
    using tree = treeWith({
      "packages/core/README.md": undefined,
      "packages/engine/README.md": "# engine\n\n```ts\nfoo();\n```\n",
    });
    const found = text(checkReadmes(tree.root));
    assertStringIncludes(found, "packages/core/README.md: The file is missing");
    assertStringIncludes(found, "packages/engine/README.md: There is no runnable example");
  });
});

describe("checkLinks()", () => {
  const links = (line: string): string => {
    using tree = treeWith({
      "docs/a.md": `# Two words\n\n${line}\n`,
      "docs/b.md": "## Some `code` here!\n",
    });
    return text(checkLinks(tree.root));
  };

  it("accepts links that lead somewhere", () => {
    for (
      const line of [
        "[b](b.md)",
        "[b](./b.md#some-code-here)",
        "[self](#two-words)",
        "[up](../packages/core/README.md)",
        "[folder](../packages)",
        "[web](https://example.org/x)",
        "`a[i](x)` is code",
        "[b]: b.md",
      ]
    ) assertEquals(links(line), "");
  });

  it("refuses links that lead nowhere", () => {
    assertStringIncludes(
      links("see [c](c.md)"),
      "docs/a.md:3: Link 'c.md' leads nowhere: there is no 'docs/c.md'",
    );
    assertStringIncludes(links("[b](b.md#other)"), "'docs/b.md' has no such heading");
    assertStringIncludes(links("[x](/etc/passwd)"), "starts at the disk's root");
    assertStringIncludes(links("![image](x.svg)"), "there is no 'docs/x.svg'");
    assertStringIncludes(links("[c]: c.md"), "there is no 'docs/c.md'");
  });
});

describe("checkDocLint()", () => {
  it("accepts a good tree", async () => {
    using tree = treeWith({});
    assertEquals(text(await checkDocLint(tree.root)), "");
  });

  it("refuses an exported symbol without a docstring", async () => {
    using tree = treeWith({ "packages/core/src/one.ts": "export const one: number = 1;\n" });
    assertStringIncludes(text(await checkDocLint(tree.root)), "packages/core/src/one.ts:1: ");
    assertStringIncludes(text(await checkDocLint(tree.root)), "(missing-jsdoc)");
  });

  it("says so when deno cannot read the tree", async () => {
    using tree = treeWith({ "packages/core/src/mod.ts": "export const = ;\n" });
    assertStringIncludes(text(await checkDocLint(tree.root)), "deno doc --lint: ");
  });

  it("reads every message of an output", () => {
    const output =
      "error[missing-jsdoc]: exported symbol is missing JSDoc documentation\n  --> /r/a/b.ts:3:14\n  |\n\n" +
      "error[private-type-ref]: public type 'f' references private type 'T'\n   --> /r/c.ts:13:1\n\nerror: Found 2\n";
    assertEquals(parseDocLint("/r", output), [
      {
        where: "a/b.ts:3",
        message: "exported symbol is missing JSDoc documentation (missing-jsdoc)",
      },
      {
        where: "c.ts:13",
        message: "public type 'f' references private type 'T' (private-type-ref)",
      },
    ]);
  });
});
