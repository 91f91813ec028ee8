import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { itRequires, requires } from "@netmap/test-support";
import { readFileSync } from "node:fs";
import process from "node:process";
import { knownPackages, packageOf } from "./programs.ts";

describe("requires()", () => {
  it("lets a test run that needs nothing", () => {
    assertEquals(requires({}), { skip: false });
  });

  it("finds a program that every machine has", () => {
    assertEquals(requires({ programs: ["sh"] }), { skip: false });
  });

  it("names the missing program and its package", () => {
    const { skip } = requires({ programs: ["sh", "no-such-program"] });
    assertEquals(skip, "needs the program 'no-such-program': apt-get install no-such-program");
  });

  it("names the missing file", () => {
    assertStringIncludes(String(requires({ files: ["/no/such/file"] }).skip), "'/no/such/file'");
  });

  it("asks for root only where the user is not", () => {
    assertEquals(requires({ root: true }).skip === false, process.getuid?.() === 0);
  });
});

describe("itRequires()", () => {
  let ran = false;
  itRequires({ programs: ["sh"] }, "runs a test whose needs are met", () => {
    ran = true;
  });
  it("ran it", () => assert(ran));
});

describe("packageOf()", () => {
  it("knows which Debian package brings a program", () => {
    assertEquals(packageOf("ip"), "iproute2");
    assertEquals(packageOf("ping"), "iputils-ping");
  });

  it("agrees with the list that the install script reads", () => {
    const url = new URL("../apt_packages.txt", import.meta.url);
    const listed = readFileSync(url, "utf8").split("\n").map((line) =>
      line.replace(/#.*/, "").trim()
    )
      .filter((line) => line !== "").map((line) => line.split(/\s+/)[0]);
    for (const name of listed) assert(knownPackages().includes(name!), `'${name}' is in no table`);
    for (const name of ["iproute2", "iputils-ping", "gcc"]) {
      assert(listed.includes(name), `'${name}' is not listed`);
    }
  });
});
