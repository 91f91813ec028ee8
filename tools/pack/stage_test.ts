import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { listPackages } from "../checks/packages.ts";
import { treeWith } from "../checks/tree_fixture.ts";
import {
  publishedManifest,
  stagePackage,
  withJsImports,
  withJsUrls,
  withShebang,
} from "./stage.ts";

const BUILT = {
  LICENSE: "license",
  "packages/core/dist/mod.js": 'new Worker(new URL("./worker.ts", import.meta.url));\n',
  "packages/core/dist/mod.d.ts": 'export { one } from "./one.ts";\n',
  "packages/core/dist/.tsbuildinfo": "{}",
  "packages/core/src/HELP.md": "help",
};

describe("stagePackage()", () => {
  it("makes what npm publishes", () => {
    using tree = treeWith(BUILT);
    const target = join(tree.root, ".pack/core");
    stagePackage(tree.root, listPackages(tree.root)[0]!, target);
    const read = (path: string): string => readFileSync(join(target, path), "utf8");
    assertEquals(read("dist/mod.js"), 'new Worker(new URL("./worker.js", import.meta.url));\n');
    assertEquals(read("dist/mod.d.ts"), 'export { one } from "./one.js";\n');
    assertEquals(read("dist/HELP.md"), "help");
    assertEquals(read("LICENSE"), "license");
    assertEquals(existsSync(join(target, "dist/.tsbuildinfo")), false);
    assertEquals(JSON.parse(read("package.json")).exports["."], {
      types: "./dist/mod.d.ts",
      default: "./dist/mod.js",
    });
  });

  it("refuses a package that is not built", () => {
    using tree = treeWith({});
    const [core] = listPackages(tree.root);
    assertThrows(
      () => stagePackage(tree.root, core!, join(tree.root, "x")),
      Error,
      "run 'npm run build'",
    );
  });
});

describe("publishedManifest()", () => {
  it("keeps dependencies, drops scripts, points programs to JavaScript", () => {
    const apps = {
      name: "@netmap/apps",
      version: "1.0.0",
      exports: { "./x": "./x/main.ts" },
      bin: { x: "./x/main.ts" },
      scripts: { build: "tsc" },
      dependencies: { "@netmap/core": "1.0.0" },
    };
    using tree = treeWith({ "apps/package.json": apps });
    const pack = listPackages(tree.root).find((one) => one.short === "apps")!;
    const manifest = publishedManifest(pack);
    assertEquals(manifest.bin, { x: "./dist/x/main.js" });
    assertEquals(manifest.dependencies, { "@netmap/core": "1.0.0" });
    assertEquals("scripts" in manifest, false);
    assertEquals((manifest.exports as Record<string, unknown>)["./x"], {
      types: "./dist/x/main.d.ts",
      default: "./dist/x/main.js",
    });
  });
});

describe("withJsImports()", () => {
  it("rewrites relative imports alone", () => {
    const text = 'import { A } from "./a.ts";\nimport "../b.ts";\ntype C = import("./c.ts").C;\n' +
      'export * from "@netmap/core";\n// see ./d.ts\nconst e = "./e.ts";\n';
    assertEquals(
      withJsImports(text),
      'import { A } from "./a.js";\nimport "../b.js";\ntype C = import("./c.js").C;\n' +
        'export * from "@netmap/core";\n// see ./d.ts\nconst e = "./e.ts";\n',
    );
  });
});

describe("withJsUrls()", () => {
  it("rewrites the URL of a module alone", () => {
    assertEquals(
      withJsUrls('new URL("./w.ts", import.meta.url)'),
      'new URL("./w.js", import.meta.url)',
    );
    assertEquals(
      withJsUrls('new URL("./HELP.md", import.meta.url)'),
      'new URL("./HELP.md", import.meta.url)',
    );
  });
});

describe("withShebang()", () => {
  it("adds one where there is none", () => {
    assertEquals(withShebang("a();\n"), "#!/usr/bin/env bun\na();\n");
    assertEquals(withShebang("#!/usr/bin/env deno\na();\n"), "#!/usr/bin/env deno\na();\n");
  });
});
