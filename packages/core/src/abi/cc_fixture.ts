/**
 * Lets the C compiler of the machine answer what the ABI is.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function run(program: string, args: readonly string[]): string {
  const done = spawnSync(program, [...args], { encoding: "utf8" });
  if (done.status !== 0) {
    throw new Error(`Cannot run '${program}': ${done.error?.message ?? done.stderr}`);
  }
  return done.stdout;
}

/**
 * Compiles a C program, runs it and takes it away again.
 *
 * @param source the program
 * @returns the lines that it printed, each split at its blanks
 */
export function compileAndRun(source: string): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "netmap-abi-"));
  try {
    writeFileSync(join(folder, "main.c"), source);
    const program = join(folder, "main");
    run("cc", ["-std=gnu11", "-Wall", "-Werror", "-o", program, join(folder, "main.c")]);
    return run(program, []).trimEnd().split("\n").map((line) => line.split(" "));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
