import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { POLLIN, POLLOUT } from "../device.ts";
import { EBADF, EINVAL, EPERM } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { eventfdFrom } from "./descriptor_fixture.ts";
import { F_GET_SEALS, F_GETFD, F_SEAL_SHRINK, FD_CLOEXEC } from "./linux.ts";
import { mapMemory } from "./mapping.ts";
import {
  closeFd,
  createEventfd,
  createMemfd,
  cString,
  drainEventfd,
  errno,
  isRoot,
  libc,
  pid,
  PollSet,
  signalEventfd,
  threadAlive,
  threadId,
} from "./system.ts";
import { startWorker } from "./worker_run_fixture.ts";

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // closed since the folder was read
  }
}

describe("createMemfd()", () => {
  it("has the name, the size and no heirs", () => {
    const fd = createMemfd("netmap-test", 12345);
    assertEquals(readlinkSync(`/proc/self/fd/${fd}`), "/memfd:netmap-test (deleted)");
    assertEquals(libc().lseek(fd, 0, 2), 12345);
    assertEquals(libc().fcntl(fd, F_GETFD, 0), FD_CLOEXEC);
    closeFd(fd);
  });

  it("can grow but not shrink", () => {
    const fd = createMemfd("netmap-test", 8192);
    assertEquals(libc().fcntl(fd, F_GET_SEALS, 0), F_SEAL_SHRINK);
    assertEquals(libc().ftruncate(fd, 4096), -1);
    assertEquals(errno(), EPERM);
    assertEquals(libc().ftruncate(fd, 16384), 0);
    closeFd(fd);
  });

  it("throws EINVAL for a name too long and leaves no descriptor for a size that is none", () => {
    const long = "n".repeat(300);
    assertEquals(
      assertThrows(() => createMemfd(long, 4096), NetmapError, "make memory").errno,
      EINVAL,
    );
    const error = assertThrows(() => createMemfd("negative", -1), NetmapError, "'negative'");
    assertEquals(error.errno, EINVAL);
    const kept = readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).includes("negative"));
    assertEquals(kept, []);
  });

  it("is sparse: a terabyte costs nothing", () => {
    const fd = createMemfd("huge", 2 ** 40);
    assertEquals(libc().lseek(fd, 0, 2), 2 ** 40);
    closeFd(fd);
  });
});

describe("eventfd", () => {
  it("is readable from a signal to a drain, however many of each", () => {
    const fd = createEventfd();
    const set = new PollSet();
    const at = set.add(fd, POLLIN | POLLOUT);
    const events = (): number => (set.wait(0), set.revents(at));
    assertEquals(events(), POLLOUT);
    drainEventfd(fd);
    assertEquals(events(), POLLOUT);
    for (let i = 0; i < 3; i++) signalEventfd(fd);
    assertEquals(events(), POLLIN | POLLOUT);
    drainEventfd(fd);
    assertEquals(events(), POLLOUT);
    closeFd(fd);
  });

  it("stays readable when its counter is full", () => {
    const fd = createEventfd();
    const nearlyFull = new Uint8Array(new BigUint64Array([2n ** 64n - 2n]).buffer);
    assertEquals(libc().write(fd, nearlyFull, 8), 8);
    signalEventfd(fd);
    const set = new PollSet();
    set.add(fd, POLLIN);
    assertEquals(set.wait(0), 1);
    drainEventfd(fd);
    assertEquals(set.wait(0), 0);
    closeFd(fd);
  });

  it("throws EBADF after its close", () => {
    const fd = eventfdFrom(700);
    closeFd(fd);
    assertEquals(assertThrows(() => signalEventfd(fd), NetmapError, `'${fd}'`).errno, EBADF);
    assertEquals(assertThrows(() => drainEventfd(fd), NetmapError, `'${fd}'`).errno, EBADF);
    assertEquals(assertThrows(() => closeFd(fd), NetmapError, `'${fd}'`).errno, EBADF);
  });
});

describe("threads", () => {
  it("this one has an id and is alive", () => {
    assertEquals(pid(), process.pid);
    assert(threadId() > 0);
    assertEquals(threadId(), threadId());
    assert(threadAlive(pid(), threadId()));
    assert(threadAlive(1, 1), "process 1 may not be ours, but it is there");
  });

  it("a Worker has an id of its own and is dead once it ended", async () => {
    const worker = startWorker({ act: "whoAmI" });
    const who = await worker.answer;
    assertEquals(who.pid, pid());
    assertNotEquals(who.tid, threadId());
    await worker.stop();
    const end = performance.now() + 5000;
    while (threadAlive(who.pid, who.tid) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assertEquals(threadAlive(who.pid, who.tid), false);
  });

  it("isRoot() says what the process is", () => {
    assertEquals(isRoot(), process.geteuid?.() === 0);
  });
});

describe("two Workers with one memory", () => {
  it("lose no addition and signal when they are done", async () => {
    const bytes = 1 << 16;
    const rounds = 100_000;
    const fd = createMemfd("netmap-test", bytes);
    const fd2 = createEventfd();
    using memory = mapMemory(fd, bytes);
    const workers = [1, 2].map(() => startWorker({ act: "count", fd, fd2, bytes, rounds }));
    for (let i = 0; i < rounds; i++) Atomics.add(memory.i32, 3, 1);
    assertEquals(await Promise.all(workers.map((w) => w.answer)), ["done", "done"]);
    assertEquals(Atomics.load(memory.i32, 3), 3 * rounds);
    const counter = new Uint8Array(8);
    assertEquals(libc().read(fd2, counter, 8), 8);
    assertEquals(counter[0], 2);
    await Promise.all(workers.map((w) => w.stop()));
    closeFd(fd);
    closeFd(fd2);
  });
});

describe("cString()", () => {
  it("ends in a NUL", () => assertEquals([...cString("hé")], [104, 195, 169, 0]));
});
