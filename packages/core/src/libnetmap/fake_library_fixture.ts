/**
 * Compiles the stand-in for libnetmap and gives a look behind it.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runtime } from "../runtime/pick.ts";

/** What the stand-in can be asked beside libnetmap's own functions. */
const BEHIND = {
  fake_take_log: { args: ["buf", "i32"], result: "i32" }, // into, size
  fake_size_of: { args: ["i32"], result: "i32" }, // which
  fake_blocks: { args: [], result: "i32" },
  fake_is_own_default: { args: [], result: "i32" },
} as const;

/** The stand-in. */
export interface FakeLibrary {
  /** The shared object. */
  readonly path: string;
  /** The calls since the last look, a line each. */
  takeLog(): string[];
  /** `sizeof` its port, context and region. */
  sizes(): number[];
  /** Blocks of memory that it has not been given back. */
  blocks(): number;
  /** Whether the default context is the one that it began with. */
  isOwnDefault(): boolean;
  /** Takes the file away. */
  remove(): void;
}

/**
 * Compiles it.
 *
 * @param defines names that the C code looks at
 */
export function fakeLibrary(...defines: string[]): FakeLibrary {
  const folder = mkdtempSync(join(tmpdir(), "netmap-libnetmap-"));
  const path = join(folder, "libnetmap.so");
  const source = fileURLToPath(new URL("libnetmap_fixture.c", import.meta.url));
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"];
  const done = spawnSync(
    "cc",
    [...flags, ...defines.map((name) => `-D${name}`), "-o", path, source],
    { encoding: "utf8" },
  );
  if (done.status !== 0) throw new Error(done.error?.message ?? done.stderr);
  const calls = runtime().open(path, BEHIND);
  const log = new Uint8Array(1 << 16);
  return {
    path,
    takeLog() {
      const bytes = calls.fake_take_log(log, log.length);
      return new TextDecoder().decode(log.slice(0, bytes)).split("\n").slice(0, -1);
    },
    sizes: () => [0, 1, 2].map((which) => calls.fake_size_of(which)),
    blocks: () => calls.fake_blocks(),
    isOwnDefault: () => calls.fake_is_own_default() === 1,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
