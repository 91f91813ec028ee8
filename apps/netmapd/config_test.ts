import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readFileSync } from "node:fs";
import { UsageError } from "../shared/arguments.ts";
import { checkConfig, readConfig } from "./config.ts";

describe("checkConfig()", () => {
  it("takes what HELP.md shows", async () => {
    const help = await readFileSync(new URL("./HELP.md", import.meta.url), "utf8");
    const [example] = /^ {4}\{\n[^]*?^ {4}\}$/m.exec(help)!;
    assertEquals(checkConfig(JSON.parse(example)).switches?.[0].attach, ["eth1"]);
    assertEquals(checkConfig({}), {});
  });

  const WRONG: readonly [value: unknown, message: string][] = [
    [[], "give an object"],
    [{ sockets: "x" }, "Cannot use 'sockets' in the configuration as there is none"],
    [{ socket: 1 }, "Cannot use 1 for 'socket'"],
    [{ mode: "0888" }, "'mode'"],
    [{ trust: { uids: ["me"] } }, "'trust.uids[0]'"],
    [{ limits: { ports: 1 } }, "Cannot use 'ports' in limits"],
    [{ switches: [{ name: "br0" }] }, "'switches[0].name'"],
    [{ switches: [{}] }, "'switches[0].name' of the configuration: it is needed"],
    [{ switches: [{ name: "vale0", zeroCopy: 1 }] }, "'switches[0].zeroCopy'"],
  ];
  for (const [value, message] of WRONG) {
    it(`refuses ${JSON.stringify(value)}, and says where`, () => {
      assertThrows(() => checkConfig(value), UsageError, message);
    });
  }

  it("has the fields of the schema, and no other", () => {
    const schema = JSON.parse(
      readFileSync(new URL("./config.schema.json", import.meta.url), "utf8"),
    );
    for (const key of Object.keys(schema.properties)) {
      if (key === "$schema") continue;
      assertThrows(() => checkConfig({ [key]: null }), UsageError, `'${key}'`);
    }
  });
});

describe("readConfig()", () => {
  it("says that there is no file", () => {
    assertThrows(() => readConfig("/nowhere/netmapd.json"), UsageError, "ENOENT");
  });
});
