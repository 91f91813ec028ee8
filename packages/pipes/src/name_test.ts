import { NetmapError } from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { parsePipeName, pipeName } from "./name.ts";

describe("parsePipeName()", () => {
  const names: [name: string, parent: string, role: "master" | "slave", id: string][] = [
    ["p{1", "p", "master", "1"],
    ["p}1", "p", "slave", "1"],
    ["vale0:a{left_2", "vale0:a", "master", "left_2"],
    ["vale0:a}left_2", "vale0:a", "slave", "left_2"],
    ["eth0{a{b", "eth0{a", "master", "b"],
    ["eth0}a}b", "eth0}a", "slave", "b"],
    ["eth0}a{b", "eth0}a", "master", "b"],
    // netmap looks for a '{' first.
    ["eth0{a}b", "eth0", "master", "a}b"],
    ["p{ any text/", "p", "master", " any text/"],
  ];
  for (const [name, parent, role, id] of names) {
    it(`takes '${name}' as ${role} '${id}' on '${parent}'`, () => {
      assertEquals(parsePipeName(name), { parent, role, id });
      assertEquals(pipeName(parent, id, role), name);
    });
  }

  it("says null for names of other kinds", () => {
    for (const name of ["p", "vale0:a", ""]) assertEquals(parsePipeName(name), null);
  });

  it("refuses an empty parent or id", () => {
    for (const name of ["p{", "p}", "{1", "}1", "{", "a}b{"]) {
      assertEquals(assertThrows(() => parsePipeName(name), NetmapError).code, "EINVAL");
    }
  });
});
