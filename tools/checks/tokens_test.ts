import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { tokenize } from "./tokens.ts";

const texts = (source: string): string[] => tokenize(source).map((token) => token.text);

describe("tokenize()", () => {
  it("leaves comments out and keeps the lines", () => {
    const tokens = tokenize("// eval\n/* eval\n */ a; // b\n");
    assertEquals(tokens.map(({ text, line }) => [text, line]), [["a", 3], [";", 3]]);
  });

  it("takes strings and templates apart from names", () => {
    const tokens = tokenize("'eval' + \"it's \\\" eval\" + `a ${eval(`b${c}`)} d`");
    assertEquals(
      tokens.filter((token) => token.kind === "name").map((token) => token.text),
      ["eval", "c"],
    );
    assertEquals(
      tokens.filter((token) => token.kind === "template").map((token) => token.text),
      ["a ", "b", "", " d"],
    );
  });

  it("knows a regular expression from a division", () => {
    assertEquals(texts("a / b / c"), ["a", "/", "b", "/", "c"]);
    assertEquals(texts("x = /[/'\"]eval/g; y"), ["x", "=", "/[/'\"]eval/g", ";", "y"]);
    assertEquals(texts("return /'/ ;"), ["return", "/'/", ";"]);
    assertEquals(texts("(a) / 2 + b[1] / 3"), [
      "(",
      "a",
      ")",
      "/",
      "2",
      "+",
      "b",
      "[",
      "1",
      "]",
      "/",
      "3",
    ]);
  });

  it("closes the right brace of a template", () => {
    assertEquals(texts("`${{ a: 1 }}` + b").at(-1), "b");
  });

  it("reads numbers, private names and a first line for the shell", () => {
    assertEquals(texts("#!/usr/bin/env bun\nthis.#eval = 0xff_ff + 1.5e3"), [
      "this",
      ".",
      "#eval",
      "=",
      "0xff_ff",
      "+",
      "1.5e3",
    ]);
  });
});
