import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { isInterfaceName, isValeName, parseValeName } from "./name.ts";

describe("parseValeName()", () => {
  it("takes switch and port apart", () => {
    for (
      const [name, switchName, port] of [
        ["vale0:a", "vale0", "a"],
        ["vale:a", "vale", "a"],
        ["valeABC_09:x-y.z", "valeABC_09", "x-y.z"],
        ["vale56789012345:123456789012345", "vale56789012345", "123456789012345"],
        ["vale0:", "vale0", ""],
        ["vale0:vale1:x", "vale0", "vale1:x"],
      ]
    ) {
      assertEquals(parseValeName(name), { switchName, port });
    }
  });

  it("says what is wrong, and where", () => {
    for (
      const [name, piece] of [
        ["eth0", "begins with 'vale'"],
        ["", "begins with 'vale'"],
        ["vale0", "use 'vale0:a'"],
        ["vale 0:a", "' ' at column 5"],
        ["vale0.1:a", "'.' at column 6"],
        ["vale567890123456:a", "16 characters"],
        ["vale0:a234567890123456", "port's name is 16"],
      ]
    ) {
      const parsed = parseValeName(name);
      assertEquals(["problem" in parsed && parsed.problem.includes(piece), name], [true, name]);
    }
  });

  it("takes any text, and gives back what it was made of", () => {
    fc.assert(fc.property(fc.string(), (text) => {
      const parsed = parseValeName(text);
      if ("problem" in parsed) return;
      assertEquals(`${parsed.switchName}:${parsed.port}`, text);
      assertEquals(isValeName(text), true);
    }));
  });
});

describe("isInterfaceName()", () => {
  it("knows what Linux lets an interface be called, but for the names of ports", () => {
    for (const name of ["eth0", "enp3s0f1", "v0", "a.b-c_d", "123456789012345"]) {
      assertEquals(isInterfaceName(name), true);
    }
    for (
      const name of ["", ".", "..", "a/b", "a b", "a:b", "x{1", "x}1", "vale0", "1234567890123456"]
    ) {
      assertEquals(isInterfaceName(name), false);
    }
  });
});
