/**
 * Runs a script of the tests in a process of its own, on the runtime that runs the tests: for what
 * could crash, must end by itself, or needs other permissions.
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "../runtime/pick.ts";

/** How a child ended. */
export interface ChildResult {
  /** Its exit status; null when a signal ended it. */
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: string | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
}

/** Starts `script` with `args` and waits for its end, at most `timeoutMs`. */
export function runChild(
  script: URL,
  args: string[] = [],
  { denoFlags = ["-A"], timeoutMs = 20_000 }: { denoFlags?: string[]; timeoutMs?: number } = {},
): Promise<ChildResult> {
  const flags = runtime().name === "deno" ? ["run", "--quiet", "--no-config", ...denoFlags] : [];
  const path = fileURLToPath(script);
  // The runtime's path goes through the environment: Deno looks for its own among the arguments
  // of a child and gives such a child all permissions.
  const child = spawn("sh", ["-c", 'exec "$RUNTIME" "$@"', "sh", ...flags, path, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", RUNTIME: process.execPath },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data) => stdout += data);
  child.stderr.on("data", (data) => stderr += data);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
