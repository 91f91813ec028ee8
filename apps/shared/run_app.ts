/**
 * The frame around every application: its exit status, and errors as one sentence.
 *
 * ```
 *   0  all is well    1  it ran, and something was not as it has to be    2  it could not run
 * ```
 *
 * @module
 */

import { NetmapError } from "@netmap/core";
import process from "node:process";
import { UsageError } from "./arguments.ts";

/**
 * Runs an application and sets the exit status. A {@linkcode UsageError} or `NetmapError` is printed as one
 * line on stderr; any other error is a fault of ours and keeps its stack trace.
 *
 * @param main gets the arguments, and resolves with the exit status
 */
export async function runApp(main: (args: readonly string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof NetmapError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/**
 * The text that `--help` prints: a file beside the application, so that it is written once.
 *
 * @param url of the file; from disk, or from a registry that serves the sources
 */
export async function readHelp(url: URL): Promise<string> {
  return await (await fetch(url)).text();
}

/** The runtime that runs us. */
export function runtimeName(): "bun" | "deno" {
  return process.versions.bun === undefined ? "deno" : "bun";
}
