import { assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkRestricted } from "./restricted.ts";
import { treeWith } from "./tree_fixture.ts";

function problems(path: string, source: string): string[] {
  using tree = treeWith({ [path]: source });
  return checkRestricted(tree.root).map((one) => `${one.where}: ${one.message}`);
}

const BAD: readonly (readonly [string, string])[] = [
  ["bun:ffi", 'import { dlopen } from "bun:ffi";'],
  ["bun:ffi", 'const ffi = await import("bun:ffi");'],
  ["dlopen", "const lib = Deno.dlopen(path, {});"],
  ["Unsafe pointers", "const p = Deno.UnsafePointer.of(view);"],
  ["Unsafe pointers", "new Deno.UnsafePointerView(p);"],
  ["new Function", 'const f = new Function("return 1");'],
  ["new Function", 'const f = Function("return 1");'],
  ["eval", 'eval("1");'],
  ["Float64Array", "const a: Float64Array = new Float64Array(buffer);"],
  ["BigUint64Array", "new BigUint64Array(1);"],
  ["BigInt64Array", "new BigInt64Array(1);"],
  ["DataView", "new DataView(buffer);"],
];

describe("checkRestricted()", () => {
  it("accepts a good tree", () => {
    assertEquals(
      problems(
        "packages/core/src/x.ts",
        "export const x: Function = a;\n// eval('1') in a comment\n",
      ),
      [],
    );
  });

  for (const [name, source] of BAD) {
    it(`refuses ${name} in ${source}`, () => {
      const [problem] = problems("packages/engine/src/forward.ts", `\n${source}\n`);
      assertStringIncludes(problem ?? "", "packages/engine/src/forward.ts:2: ");
      assertStringIncludes(
        problems("packages/engine/src/forward.ts", source).join("\n"),
        `'${name}' may not stand here`,
      );
    });
  }

  it("accepts the same in the folders made for it", () => {
    const all = BAD.filter(([name]) => !["eval", "Float64Array"].includes(name)).map(([, source]) =>
      source
    ).join("\n");
    assertEquals(problems("packages/core/src/runtime/bun.ts", all), []);
    assertEquals(problems("packages/core/src/abi/view.ts", "new DataView(buffer);"), []);
    assertEquals(problems("packages/engine/src/control/x.ts", "new DataView(buffer);"), []);
  });

  it("lets tests read with a DataView, but not call natively", () => {
    assertEquals(problems("packages/engine/src/x_test.ts", "new DataView(buffer);"), []);
    assertEquals(problems("packages/engine/src/x_test.ts", "Deno.dlopen(a, b);").length, 1);
  });
});
