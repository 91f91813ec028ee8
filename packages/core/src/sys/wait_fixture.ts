/** A child of `wait_test.ts`: waits, and ends in the way that its argument names. */

import process from "node:process";
import { POLLIN } from "../device.ts";
import { closeFd, createEventfd, libc, signalEventfd, waitFd } from "./system.ts";
import { startWorker } from "./worker_run_fixture.ts";

const act = process.argv[2];
const fd = createEventfd();

const acts: Record<string, () => unknown> = {
  async "done"() {
    signalEventfd(fd);
    await waitFd(fd, POLLIN);
    console.log(act);
  },
  async "aborted"() {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    await waitFd(fd, POLLIN, controller.signal).catch(() => console.log(act));
  },
  async "closed"() {
    setTimeout(() => closeFd(fd), 20);
    await waitFd(fd, POLLIN).catch(() => console.log(act));
  },
  async "stays"() {
    // Nothing but the wait keeps this process alive: the Worker is another isolate's business.
    const timer = setTimeout(() => signalEventfd(fd), 300);
    const handle = timer as unknown as { unref?: () => void };
    if (handle.unref !== undefined) handle.unref();
    else {
      (globalThis as unknown as { Deno: { unrefTimer(id: number): void } }).Deno
        .unrefTimer(timer as unknown as number);
    }
    await waitFd(fd, POLLIN);
    console.log(act);
  },
  "exit"() {
    void waitFd(fd, POLLIN);
    console.log(act);
    setTimeout(() => process.exit(7), 20);
  },
  async "worker-exit"() {
    await startWorker({ act: "hang", fd }).answer;
    console.log(act);
    process.exit(7);
  },
  async "worker-terminated"() {
    const worker = startWorker({ act: "hang", fd });
    await worker.answer;
    await worker.stop();
    console.log(act);
  },
  async "no-descriptors"() {
    // RLIMIT_NOFILE: 256
    libc().setrlimit(7, new BigUint64Array([256n, 256n]));
    signalEventfd(fd);
    const taken: number[] = [];
    for (let copy = 0; copy >= 0;) {
      copy = libc().dup(fd);
      if (copy >= 0) taken.push(copy);
    }
    for (let free = 0; free < 10; free++) {
      const result = await waitFd(fd, POLLIN).catch((error) => error.code);
      if (result !== POLLIN && result !== "EMFILE") throw new Error(`got ${result}`);
      if (free === 0 && result !== "EMFILE") throw new Error("there was a descriptor");
      libc().close(taken.pop()!);
    }
    if (await waitFd(fd, POLLIN) === POLLIN) console.log(act);
  },
  "error"() {
    void waitFd(fd, POLLIN);
    console.log(act);
    setTimeout(() => {
      throw new Error("on purpose");
    }, 20);
  },
};

await acts[act]();
