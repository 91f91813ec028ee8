import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { importsOf } from "./imports.ts";

const specifiers = (source: string): string[] => importsOf(source).map((one) => one.specifier);

describe("importsOf()", () => {
  it("finds every form", () => {
    const source = `
import "./a.ts";
import b from "./b.ts";
import { c, type d } from "./c.ts";
import * as e from './e.ts';
export * from "./f.ts";
export { g } from "./g.ts";
const h = await import("./h.ts");
type I = import("./i.ts").I;
import data from "./j.json" with { type: "json" };
`;
    assertEquals(specifiers(source), [
      "./a.ts",
      "./b.ts",
      "./c.ts",
      "./e.ts",
      "./f.ts",
      "./g.ts",
      "./h.ts",
      "./i.ts",
      "./j.json",
    ]);
  });

  it("takes no comment, string or method for an import", () => {
    const source =
      `// import "./a.ts"\nconst s = 'import "./b.ts"';\nx.import("./c.ts");\nArray.from("d");`;
    assertEquals(specifiers(source), []);
  });

  it("tells imports of types alone", () => {
    const types = `
import type { A } from "./a.ts";
import { type B, type C } from "./b.ts";
export type { D } from "./d.ts";
import { type E, f } from "./e.ts";
import type from "./g.ts";
`;
    assertEquals(importsOf(types).map((one) => one.typeOnly), [true, true, true, false, false]);
  });

  it("tells import() of a computed name", () => {
    assertEquals(
      importsOf("await import(name); await import('a' + b);").map((one) => one.specifier),
      ["", ""],
    );
  });
});
