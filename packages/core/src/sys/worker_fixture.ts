/** What the Workers of the tests do: one thing, named by `workerData.act`, then they say "done". */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { POLLIN } from "../device.ts";
import { mapMemory } from "./mapping.ts";
import {
  createEventfd,
  drainEventfd,
  libc,
  pid,
  signalEventfd,
  threadId,
  waitFd,
} from "./system.ts";
import { constants } from "./constants.ts";

const { act, fd, fd2, bytes, rounds, tid, signal, delayMs } = workerData;

/** Adds to one word together with others, and signals at the end. */
function count(): void {
  using memory = mapMemory(fd, bytes);
  for (let i = 0; i < rounds; i++) Atomics.add(memory.i32, 3, 1);
  signalEventfd(fd2);
}

/** Waits for its own turn and answers with a signal, `rounds` times. */
async function pingPong(): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    await waitFd(fd, POLLIN);
    drainEventfd(fd);
    signalEventfd(fd2);
  }
}

/** Interrupts a thread again and again. */
function interrupt(): void {
  const empty = new Int32Array(2);
  for (let i = 0; i < rounds; i++) {
    libc().poll(empty, 0, delayMs);
    libc().syscall3(constants().SYS_tgkill, process.pid, tid, signal);
  }
}

const acts: Record<string, () => unknown> = {
  count,
  pingPong,
  interrupt,
  signal: () => {
    libc().poll(new Int32Array(2), 0, delayMs);
    signalEventfd(fd);
  },
  whoAmI: () => ({ pid: pid(), tid: threadId() }),
  hang: () => {
    void waitFd(fd, POLLIN);
    return "hanging";
  },
  waitForever: () => waitFd(createEventfd(), POLLIN),
};

const answer = await acts[act]();
parentPort!.postMessage(answer ?? "done");
