import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parseArguments, parseSeconds, UsageError } from "./arguments.ts";

const KINDS = { switch: "value", json: "flag", help: "flag" } as const;

describe("parseArguments()", () => {
  it("tells options from the rest", () => {
    const { options, rest } = parseArguments(["a", "--switch", "x", "--json", "b"], KINDS);
    assertEquals(options.switch, "x");
    assertEquals(options.json, true);
    assertEquals(options.help, undefined);
    assertEquals(rest, ["a", "b"]);
  });

  it("takes '--name=value', '-h', and everything behind '--' as the rest", () => {
    const { options, rest } = parseArguments(["--switch=-x", "-h", "--", "--json"], KINDS);
    assertEquals(options, { switch: "-x", help: true });
    assertEquals(rest, ["--json"]);
  });

  it("lets the last one win", () => {
    assertEquals(parseArguments(["--switch", "a", "--switch", "b"], KINDS).options.switch, "b");
  });

  it("says what is wrong in one sentence", () => {
    const cases: [string[], string][] = [
      [
        ["--jsn"],
        "Cannot use option '--jsn' as there is none: there are --switch, --json, --help",
      ],
      [["-x"], "Cannot use option '-x' as there is none: there are --switch, --json, --help"],
      [["--json=1"], "Cannot give '--json' the value '1' as it takes none"],
      [["--switch"], "Cannot use '--switch' without a value: write '--switch VALUE'"],
      [["--switch", "--json"], "Cannot use '--switch' without a value: write '--switch VALUE'"],
      [["--switch="], "Cannot use '--switch' without a value: write '--switch VALUE'"],
      [["--constructor"], "Cannot use option '--constructor' as there is none: "],
    ];
    for (const [args, message] of cases) {
      assertThrows(() => parseArguments(args, KINDS), UsageError, message);
    }
  });
});

describe("parseSeconds()", () => {
  it("takes whole and broken seconds", () => {
    assertEquals(["1", "0.5", ".25", "2147483"].map((text) => parseSeconds(text, "duration")), [
      1,
      0.5,
      0.25,
      2147483,
    ]);
  });

  it("refuses everything else", () => {
    for (const text of ["0", "-1", "1e3", "ten", "1s", "", " 1", "Infinity", "2147484", "1."]) {
      assertThrows(() => parseSeconds(text, "duration"), UsageError, `Cannot use '${text}' for`);
    }
  });
});
