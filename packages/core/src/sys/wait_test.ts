import { assert, assertEquals, assertRejects } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { POLLIN, POLLOUT } from "../device.ts";
import { EBADF } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runChild } from "./child_fixture.ts";
import { eventfdFrom } from "./descriptor_fixture.ts";
import { O_NONBLOCK, O_RDONLY, POLLHUP } from "./linux.ts";
import {
  closeFd,
  createEventfd,
  cString,
  drainEventfd,
  libc,
  signalEventfd,
  waitFd,
} from "./system.ts";
import { startWorker } from "./worker_run_fixture.ts";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe("waitFd()", () => {
  it("resolves with the events that hold, also when they held before", async () => {
    const fd = createEventfd();
    signalEventfd(fd);
    assertEquals(await waitFd(fd, POLLIN), POLLIN);
    assertEquals(await waitFd(fd, POLLIN), POLLIN);
    assertEquals(await waitFd(fd, POLLIN | POLLOUT), POLLIN | POLLOUT);
    drainEventfd(fd);
    assertEquals(await waitFd(fd, POLLIN | POLLOUT), POLLOUT);
    closeFd(fd);
  });

  it("lets the isolate run its timers", async () => {
    const fd = createEventfd();
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 5) signalEventfd(fd);
    }, 2);
    assertEquals(await waitFd(fd, POLLIN), POLLIN);
    clearInterval(timer);
    assert(ticks >= 5);
    closeFd(fd);
  });

  it("does not starve timers when a descriptor is always ready", async () => {
    const fd = createEventfd();
    signalEventfd(fd);
    let fired = false;
    setTimeout(() => fired = true, 1);
    const end = performance.now() + 5000;
    let waits = 0;
    while (!fired && performance.now() < end) {
      await waitFd(fd, POLLIN);
      waits++;
    }
    assert(fired, `${waits} waits and no timer`);
    closeFd(fd);
  });

  it("waits for many descriptors at once and wakes only the ready ones", async () => {
    const fds = Array.from({ length: 200 }, createEventfd);
    const woken = new Set<number>();
    const all = fds.map((fd) => waitFd(fd, POLLIN).then(() => woken.add(fd)));
    await sleep(10);
    assertEquals(woken.size, 0);
    for (const i of [3, 77, 199]) signalEventfd(fds[i]);
    await Promise.all([3, 77, 199].map((i) => all[i]));
    assertEquals([...woken].sort((a, b) => a - b), [3, 77, 199].map((i) => fds[i]));
    for (const fd of fds) signalEventfd(fd);
    await Promise.all(all);
    assertEquals(woken.size, 200);
    fds.forEach(closeFd);
  });

  it("wakes two that wait for the same", async () => {
    const fd = createEventfd();
    const both = Promise.all([waitFd(fd, POLLIN), waitFd(fd, POLLIN)]);
    signalEventfd(fd);
    assertEquals(await both, [POLLIN, POLLIN]);
    closeFd(fd);
  });

  it("keeps apart two that wait for different events of one descriptor", async () => {
    const pair = new Int32Array(2);
    libc().socketpair(1, 1, 0, pair);
    const order: string[] = [];
    const reads = waitFd(pair[0], POLLIN).then((e) => order.push(`in ${e}`));
    const writes = waitFd(pair[0], POLLOUT).then((e) => order.push(`out ${e}`));
    await writes;
    await sleep(5);
    assertEquals(order, ["out 4"]);
    libc().write(pair[1], new Uint8Array(1), 1);
    await reads;
    assertEquals(order, ["out 4", "in 1"]);
    closeFd(pair[0]);
    closeFd(pair[1]);
  });

  it("reports a peer that hung up to whoever waits", async () => {
    const ends = new Int32Array(2);
    libc().pipe2(ends, 0);
    const waits = waitFd(ends[0], POLLIN);
    closeFd(ends[1]);
    assertEquals(await waits & POLLHUP, POLLHUP);
    closeFd(ends[0]);
  });

  it("rejects with the signal's reason and leaves others waiting", async () => {
    const fd = createEventfd();
    const controller = new AbortController();
    const stays = waitFd(fd, POLLIN);
    const goes = waitFd(fd, POLLIN, controller.signal);
    const reason = new Error("enough");
    setTimeout(() => controller.abort(reason), 5);
    assertEquals(await goes.catch((error) => error), reason);
    assertEquals(await waitFd(fd, POLLIN, controller.signal).catch((error) => error), reason);
    signalEventfd(fd);
    assertEquals(await stays, POLLIN);
    closeFd(fd);
  });

  it("an abort after the event changes nothing, and a signal can serve many waits", async () => {
    const fd = createEventfd();
    const controller = new AbortController();
    signalEventfd(fd);
    for (let i = 0; i < 50; i++) assertEquals(await waitFd(fd, POLLIN, controller.signal), POLLIN);
    controller.abort();
    drainEventfd(fd);
    const quiet = await Promise.race([waitFd(fd, POLLIN).then(() => "woken"), sleep(20)]);
    assertEquals(quiet, undefined);
    closeFd(fd);
  });

  it("rejects with EBADF for what is not open, and when closeFd() comes first", async () => {
    const fd = eventfdFrom(700);
    const waits = waitFd(fd, POLLIN);
    closeFd(fd);
    const closed = await assertRejects(() => waits, NetmapError, "as it was closed");
    assertEquals(closed.errno, EBADF);
    const never = await assertRejects(() => waitFd(fd, POLLIN), NetmapError, `'${fd}'`);
    assertEquals(never.errno, EBADF);
    assertEquals((await assertRejects(() => waitFd(-1, POLLIN), NetmapError)).errno, EBADF);
  });

  it("a number that is another file by now is waited for anew", async () => {
    for (let i = 0; i < 20; i++) {
      const fd = eventfdFrom(700);
      const stale = waitFd(fd, POLLIN).catch(() => "closed");
      closeFd(fd);
      const again = eventfdFrom(700);
      assertEquals(again, fd);
      const fresh = waitFd(again, POLLIN);
      signalEventfd(again);
      assertEquals([await stale, await fresh], ["closed", POLLIN]);
      closeFd(again);
    }
  });

  it("also when it was closed behind our back", async () => {
    const fd = eventfdFrom(700);
    const stale = waitFd(fd, POLLIN);
    libc().close(fd);
    const again = eventfdFrom(700);
    assertEquals(again, fd);
    const fresh = waitFd(again, POLLIN);
    signalEventfd(again);
    assertEquals(await fresh, POLLIN);
    assertEquals(await stale, POLLIN);
    closeFd(again);
  });

  it("a regular file is always ready, as poll(2) says", async () => {
    const fd = libc().open(cString("/proc/self/exe"), O_RDONLY | O_NONBLOCK, 0);
    assertEquals(await waitFd(fd, POLLIN), POLLIN);
    closeFd(fd);
  });

  it("plays ping-pong with a Worker that waits as well", async () => {
    const [there, back] = [createEventfd(), createEventfd()];
    const rounds = 300;
    const worker = startWorker({ act: "pingPong", fd: there, fd2: back, rounds });
    for (let i = 0; i < rounds; i++) {
      signalEventfd(there);
      await waitFd(back, POLLIN);
      drainEventfd(back);
    }
    assertEquals(await worker.answer, "done");
    await worker.stop();
    closeFd(there);
    closeFd(back);
  });

  it("survives the end of a Worker that waits", async () => {
    const fd = createEventfd();
    const worker = startWorker({ act: "hang", fd });
    assertEquals(await worker.answer, "hanging");
    const own = waitFd(fd, POLLIN);
    await worker.stop();
    signalEventfd(fd);
    assertEquals(await own, POLLIN);
    closeFd(fd);
  });
});

describe("a process that waits", () => {
  const script = new URL("./wait_fixture.ts", import.meta.url);
  const cases: [string, string, number][] = [
    ["ends by itself when nothing waits any more", "done", 0],
    ["ends by itself when its last wait is aborted", "aborted", 0],
    ["ends by itself when a descriptor is closed under its wait", "closed", 0],
    ["stays as long as something waits", "stays", 0],
    ["ends by exit() while it waits", "exit", 7],
    ["ends by exit() while a Worker waits", "worker-exit", 7],
    ["ends by itself after a Worker that waited was terminated", "worker-terminated", 0],
    ["is told EMFILE without descriptors and goes on once there are some", "no-descriptors", 0],
    ["ends by an error while it waits", "error", 1],
  ];
  for (const [name, act, status] of cases) {
    it(name, async () => {
      const start = performance.now();
      const { code, signal, stdout, stderr } = await runChild(script, [act]);
      assertEquals(
        { code, signal, stdout },
        { code: status, signal: null, stdout: `${act}\n` },
        stderr,
      );
      assert(performance.now() - start < 10_000, "it ended late");
    });
  }
});
