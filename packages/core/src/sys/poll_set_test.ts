import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import process from "node:process";
import { POLLERR, POLLIN, POLLOUT } from "../device.ts";
import { EINTR, EINVAL } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { eventfdFrom } from "./descriptor_fixture.ts";
import { POLLHUP, POLLNVAL } from "./linux.ts";
import {
  closeFd,
  createEventfd,
  drainEventfd,
  errno,
  libc,
  PollSet,
  signalEventfd,
  threadId,
} from "./system.ts";
import { startWorker } from "./worker_run_fixture.ts";

/** Interrupts a call only where it has a handler, and ends no process that has none. */
const SIGWINCH = 28;

describe("PollSet", () => {
  it("finds which of many descriptors are ready, also past its first size", () => {
    const fds = Array.from({ length: 40 }, createEventfd);
    const set = new PollSet();
    fds.forEach((fd, i) => assertEquals(set.add(fd, POLLIN), i));
    assertEquals(set.length, 40);
    assertEquals(set.wait(0), 0);
    for (const i of [0, 7, 8, 39]) signalEventfd(fds[i]);
    assertEquals(set.wait(-1), 4);
    const ready = fds.map((_, i) => i).filter((i) => set.revents(i) === POLLIN);
    assertEquals(ready, [0, 7, 8, 39]);
    fds.forEach(closeFd);
  });

  it("forgets what the wait before found", () => {
    const fd = createEventfd();
    const set = new PollSet();
    set.add(fd, POLLIN);
    signalEventfd(fd);
    assertEquals([set.wait(0), set.revents(0)], [1, POLLIN]);
    drainEventfd(fd);
    assertEquals([set.wait(0), set.revents(0)], [0, 0]);
    closeFd(fd);
  });

  it("can be changed, cleared and filled again", () => {
    const [a, b] = [createEventfd(), createEventfd()];
    const set = new PollSet();
    set.add(a, POLLIN);
    signalEventfd(b);
    assertEquals(set.wait(0), 0);
    set.set(0, b, POLLIN);
    assertEquals(set.wait(0), 1);
    set.set(0, -1, POLLIN);
    assertEquals(set.wait(0), 0);
    set.clear();
    assertEquals([set.length, set.wait(0), set.revents(0)], [0, 0, 0]);
    assertEquals(set.add(a, POLLOUT), 0);
    assertEquals([set.wait(0), set.revents(0)], [1, POLLOUT]);
    assertEquals(assertThrows(() => set.set(1, a, POLLIN), NetmapError, "'1'").errno, EINVAL);
    closeFd(a);
    closeFd(b);
  });

  it("reports POLLNVAL for a closed descriptor and POLLHUP for a lost peer", () => {
    const fd = eventfdFrom(700);
    const ends = new Int32Array(2);
    libc().pipe2(ends, 0);
    closeFd(fd);
    closeFd(ends[1]);
    const set = new PollSet();
    set.add(fd, POLLIN);
    set.add(ends[0], POLLIN);
    assertEquals(set.wait(0), 2);
    assertEquals(set.revents(0) & POLLNVAL, POLLNVAL);
    assertEquals(set.revents(1) & (POLLHUP | POLLERR), POLLHUP);
    closeFd(ends[0]);
  });

  it("waits as long as it is told", () => {
    const fd = createEventfd();
    const set = new PollSet();
    set.add(fd, POLLIN);
    for (const timeout of [0.2, 30]) {
      const start = performance.now();
      assertEquals(set.wait(timeout), 0);
      const took = performance.now() - start;
      assert(took >= timeout, `${timeout} ms took ${took}`);
      assert(took < timeout + 1000, `${timeout} ms took ${took}`);
    }
    closeFd(fd);
  });

  it("is woken by a Worker", async () => {
    const fd = createEventfd();
    const worker = startWorker({ act: "signal", fd, delayMs: 50 });
    const set = new PollSet();
    set.add(fd, POLLIN);
    // The Worker starts on its own thread, while this one blocks (Deno reads the Worker's modules
    // on the main thread: give it the time).
    await new Promise((resolve) => setTimeout(resolve, 20));
    let found = 0;
    for (let i = 0; i < 500 && found === 0; i++) {
      found = set.wait(10);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assertEquals([found, set.revents(0)], [1, POLLIN]);
    await worker.answer;
    await worker.stop();
    closeFd(fd);
  });

  it("goes on with the remaining time when signals interrupt it", async () => {
    const handler = (): void => {};
    process.on("SIGWINCH", handler);
    const tid = threadId();
    const worker = startWorker({
      act: "interrupt",
      tid,
      signal: SIGWINCH,
      rounds: 60,
      delayMs: 10,
    });
    const fd = createEventfd();
    try {
      // Proof that the signals reach this thread: poll itself is cut short.
      let interrupted = false;
      const words = new Int32Array([fd, POLLIN]);
      const end = performance.now() + 10_000;
      while (!interrupted && performance.now() < end) {
        interrupted = libc().poll(words, 1, 20) === -1 && errno() === EINTR;
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      assert(interrupted);
      const set = new PollSet();
      set.add(fd, POLLIN);
      const start = performance.now();
      assertEquals(set.wait(150), 0);
      const took = performance.now() - start;
      assert(took >= 150 && took < 1150, `took ${took} ms`);
      assertEquals(await worker.answer, "done");
    } finally {
      await worker.stop();
      process.off("SIGWINCH", handler);
      closeFd(fd);
    }
  });
});
