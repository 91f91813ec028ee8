/**
 * Starts an application in a process of its own, on the runtime that runs the test.
 *
 * @module
 */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** How a process ended. */
export interface Ended {
  /** Exit status; null when a signal ended it. */
  readonly status: number | null;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained about. */
  readonly stderr: string;
  /** How long it lived, in milliseconds. */
  readonly ms: number;
}

/** A process that runs. */
export interface Running extends AsyncDisposable {
  /** Its output, for those who break the pipe. */
  readonly stdout: Readable;
  /** Its end. */
  readonly ended: Promise<Ended>;
  /** Waits until a text is in what it prints or complains about, and fails when it ends without. */
  printed(text: string): Promise<void>;
  /** Sends a signal. Deno's own `kill` sends no second one. */
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGHUP"): void;
}

/** The program and arguments that start a script: what `script` or `ip netns exec` is given too. */
export function scriptCommand(url: URL, ...args: string[]): string[] {
  const { bun } = process.versions;
  const run = bun === undefined ? ["run", "-A", "--no-check"] : ["--no-install"];
  return [process.execPath, ...run, fileURLToPath(url), ...args];
}

/** Starts a program. It is killed when the test is over, however that ends. */
export function start(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Running {
  const begin = performance.now();
  const child = spawn(words[0], words.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DENO_NO_UPDATE_CHECK: "1", NETMAP: undefined, ...env },
  });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text, notify()));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text, notify()));
  let over = false;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      over = true;
      notify();
      resolve({ status, stdout, stderr, ms: performance.now() - begin });
    });
  });
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout.includes(text) || stderr.includes(text);
        if (!found && !over) return;
        listeners.delete(look);
        if (found) resolve();
        else reject(new Error(`It ended without '${text}':\n${stdout}${stderr}`));
      };
      listeners.add(look);
      look();
    });
  const kill = (signal: NodeJS.Signals): void => {
    if (!over) process.kill(child.pid!, signal);
  };
  return {
    stdout: child.stdout,
    ended,
    printed,
    kill,
    async [Symbol.asyncDispose](): Promise<void> {
      kill("SIGKILL");
      await ended;
    },
  };
}
