/** What a Worker or a process of the tests was told, and how it answers. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";

/** The task: a Worker's data, or a process's argument. */
export function task<T>(): T {
  return (parentPort === null ? JSON.parse(process.argv[2]) : workerData) as T;
}

/** Sends the answer. */
export function answer(result: unknown): void {
  if (parentPort === null) process.stdout.write(JSON.stringify(result) + "\n");
  else parentPort.postMessage(result);
}
