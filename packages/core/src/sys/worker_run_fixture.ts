/** Starts Workers for the tests. */

import { Worker } from "node:worker_threads";

/** A running Worker and the message it ends in. */
export interface RunningWorker {
  /** Its first message. */
  // deno-lint-ignore no-explicit-any
  readonly answer: Promise<any>;
  /** Ends it. */
  stop(): Promise<unknown>;
}

/** Starts `worker_fixture.ts`. */
export function startWorker(data: Record<string, unknown>): RunningWorker {
  const worker = new Worker(new URL("./worker_fixture.ts", import.meta.url), { workerData: data });
  const answer = new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  });
  return { answer, stop: () => worker.terminate() };
}
