import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkDirection } from "./checks/direction.ts";
import { checkExports } from "./checks/exports.ts";
import { goodTree, treeWith } from "./checks/tree_fixture.ts";
import { alignVersions, withVersion } from "./version.ts";

describe("alignVersions()", () => {
  it("brings every manifest to the highest version, so that the checks hold again", () => {
    const core = goodTree()["packages/core/package.json"] as Record<string, unknown>;
    using tree = treeWith({ "packages/core/package.json": { ...core, version: "1.10.0" } });
    assertEquals(checkExports(tree.root).length > 0, true);
    assertEquals(alignVersions(tree.root), "1.10.0");
    assertEquals(checkExports(tree.root), []);
    assertEquals(checkDirection(tree.root), []);
  });
});

describe("withVersion()", () => {
  it("changes the version alone", () => {
    const text = '{\n  "name": "a",\n  "version": "1.0.0",\n  "x": { "version": "2.0.0" }\n}\n';
    assertEquals(withVersion(text, "1.1.0"), text.replace("1.0.0", "1.1.0"));
  });
});
