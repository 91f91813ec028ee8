/** Starts Workers and processes for the tests. */

import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** A Worker or process and what it will say. */
export interface Running<A> {
  /** Its answer. */
  readonly answer: Promise<A>;
  /** Kills it. */
  kill(): Promise<void>;
}

/** Starts a script in a Worker. */
export function startWorker<A>(script: URL, workerData: unknown): Running<A> {
  const worker = new Worker(script, { workerData });
  const answer = new Promise<A>((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  });
  // Who is killed answers nothing, and nobody waits for it.
  answer.catch(() => {});
  return {
    answer,
    async kill(): Promise<void> {
      await worker.terminate();
    },
  };
}

/**
 * Starts a script in a process.
 *
 * @param script file
 * @param task its argument
 * @param fds fields of the task that are descriptors, which it inherits
 */
export function startProcess<A>(
  script: URL,
  task: object,
  fds: readonly string[],
): Running<A> {
  const told: Record<string, unknown> = { ...task };
  const inherited = fds.filter((field) => (told[field] as number) >= 0);
  const numbers = inherited.map((field) => told[field] as number);
  inherited.forEach((field, i) => told[field] = 3 + i);
  const deno = "Deno" in globalThis ? ["run", "--quiet", "-A", "--no-check"] : [];
  const child = spawn(
    process.execPath,
    [...deno, fileURLToPath(script), JSON.stringify(told)],
    { stdio: ["ignore", "pipe", "inherit", ...numbers] },
  );
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  let text = "";
  child.stdout!.on("data", (data) => text += data);
  const answer = ended.then(() => {
    if (text === "") throw new Error(`'${script}' ended without an answer`);
    return JSON.parse(text) as A;
  });
  answer.catch(() => {});
  return {
    answer,
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
