import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UsageError } from "./arguments.ts";
import { parseLetters, wholeNumber } from "./letters.ts";

const LETTERS = {
  flags: "vc",
  values: "ib",
  optional: "l",
  words: ["json"],
  wordValues: ["watch"],
};

const given = (...args: string[]): string[] =>
  parseLetters(args, LETTERS).given.map(({ name, value }) => `${name}=${value}`);

describe("parseLetters()", () => {
  it("takes letters as getopt does", () => {
    assertEquals(given("-v", "-i", "a", "-ib", "-vb64"), ["v=", "i=a", "i=b", "v=", "b=64"]);
    assertEquals(given("-i", "-v"), ["i=-v"]);
  });

  it("takes words, with a value where they have one", () => {
    assertEquals(given("--json", "--watch", "--watch=2"), ["json=", "watch=", "watch=2"]);
  });

  it("takes a letter whose value may be left out", () => {
    assertEquals(given("-l"), ["l="]);
    assertEquals(given("-l", "-v"), ["l=", "v="]);
    assertEquals(given("-l", "vale0:a"), ["l=vale0:a"]);
  });

  it("gives the rest in order", () => {
    const { rest } = parseLetters(["a", "-v", "b", "--", "-c"], LETTERS);
    assertEquals(rest, ["a", "b", "-c"]);
  });

  it("refuses what there is not", () => {
    const cases: [string[], string][] = [
      [["-x"], "Cannot use option '-x' as there is none: there are -b -c -i -l -v --json"],
      [["-vx"], "Cannot use option '-x' as there is none"],
      [["--fast"], "Cannot use option '--fast' as there is none"],
      [["--json=1"], "Cannot give '--json' the value '1' as it takes none"],
      [["-i"], "Cannot use '-i' without a value: write '-i VALUE'"],
      [["-i", ""], "Cannot use '-i' without a value"],
    ];
    for (const [args, message] of cases) {
      assertThrows(() => parseLetters(args, LETTERS), UsageError, message);
    }
  });
});

describe("wholeNumber()", () => {
  it("takes whole numbers in their range", () => {
    assertEquals([wholeNumber("0", "-b", 0), wholeNumber("64", "-b", 1, 64)], [0, 64]);
    for (const text of ["", "-1", "1.5", "1e3", "0x10", "65", "many"]) {
      assertThrows(() => wholeNumber(text, "-b", 1, 64), UsageError, "a whole number from 1 to 64");
    }
  });
});
