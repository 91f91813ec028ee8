import { openPort } from "@netmap/core";
import { createEngine, type Engine, GLOBAL_MEM_ID } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { pipes } from "@netmap/pipes";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, afterEach, beforeEach, describe } from "@std/testing/bdd";
import { vale } from "@netmap/vale";
import { join } from "node:path";
import {
  device,
  deviceProgram,
  itMounts,
  removeTestFolder,
  Running,
  testFolder,
  until,
} from "./fuse_fixture.ts";
import { type FuseMount, serveFuse } from "./serve_fuse.ts";

describe("serveFuse()", () => {
  let engine: Engine;
  let mount: FuseMount;
  let path: string;
  let log: string[];
  let buffers: number;

  const freeBuffers = (): number => engine.region(GLOBAL_MEM_ID).bufs.free;

  beforeEach(() => {
    engine = createEngine({ features: [kloop(), pipes(), vale()] });
    buffers = freeBuffers();
    log = [];
  });

  afterEach(() => {
    mount?.close();
    engine.close();
  });

  afterAll(removeTestFolder);

  async function serve(): Promise<void> {
    deviceProgram();
    path = join(testFolder(), "netmap");
    mount = await serveFuse(engine, path, { log: (line) => log.push(line) });
  }

  itMounts("shows a file of the size of the memory that programs map", async () => {
    await serve();
    // By other programs: a call of this isolate that waits for the file waits for itself.
    const { size } = engine.region(GLOBAL_MEM_ID);
    const look = (): Promise<string[]> => new Running(["stat", "-c", "%s %a %U", path]).lines();
    assertEquals(await look(), [`${size} 600 root`]);
    assertEquals(await new Running(["chmod", "660", path]).ended, 0);
    assertEquals(await new Running(["truncate", "-s", "0", path]).ended, 0);
    assertEquals(await look(), [`${size} 660 root`]);
    assertEquals(await new Running(["stat", "-f", path]).ended, 0);
  });

  for (const how of ["poll", "select", "epoll", "edge", "busy"]) {
    itMounts(`moves frames from one program to another that waits by ${how}`, async () => {
      await serve();
      const receiver = device(path, "receive", "p}1", 20000, how);
      await receiver.printed("ready");
      const sender = device(path, "send", "p{1", 20000, "poll", 100);
      assertStringIncludes((await sender.lines())[1], "sent 20000 ");
      assertStringIncludes((await receiver.lines())[1], "received 20000 ");
      await until(() => mount.openFiles === 0);
      assertEquals([freeBuffers(), engine.descriptors.size], [buffers, 0]);
      if (how !== "busy") assert(mount.counters.wakeups > 0);
      assertEquals(log, []);
    });
  }

  itMounts("moves frames through a switch", async () => {
    await serve();
    const receiver = device(path, "receive", "vale0:r", 2000);
    await receiver.printed("ready");
    // Less than a ring at a time, then a pause: nothing is dropped.
    const sender = device(path, "send", "vale0:s", 2000, "poll", 200, 5000);
    await sender.lines();
    assertStringIncludes((await receiver.lines())[1], "received 2000 ");
  });

  itMounts("wakes a program for frames that this process sends", async () => {
    await serve();
    const receiver = device(path, "receive", "vale0:r", 1);
    await receiver.printed("ready");
    await until(() => mount.counters.polls > 0);
    // Time to fall asleep on both sides: the wake-up goes by the eventfd.
    await new Promise((resolve) => setTimeout(resolve, 50));
    using port = openPort(engine.device, "vale0:s");
    const frame = new Uint8Array(60).fill(0xff, 0, 6);
    assertEquals(port.send([frame]), 1);
    assertStringIncludes((await receiver.lines())[1], "received 1 ");
  });

  itMounts("lets a program sleep until its time is over, and others go on meanwhile", async () => {
    await serve();
    const sleepers = ["poll", "select", "epoll"].map((how, i) =>
      device(path, "nothing", `q}${i}`, 700, how)
    );
    await Promise.all(sleepers.map((one) => one.printed("ready")));
    const receiver = device(path, "receive", "p}1", 5000);
    await receiver.printed("ready");
    await device(path, "send", "p{1", 5000).lines();
    await receiver.lines();
    assert(sleepers.every((one) => !one.stdout.includes("nothing")), "they still sleep");
    for (const one of sleepers) assertEquals((await one.lines())[1], "nothing 0");
  });

  itMounts("answers requests that are wrong as netmap does", async () => {
    await serve();
    assertEquals(await device(path, "bad").lines(), [
      "txsync-unbound ENXIO",
      "body-nowhere EFAULT",
      "options-nowhere EFAULT",
      "options-endless EMSGSIZE",
      "argument-nowhere EFAULT",
      "body-missing EINVAL",
      "name-bad ENXIO",
      "command-unknown EOPNOTSUPP",
      "memory-other EINVAL",
      "poll-unbound 1 8",
      "version-bad EINVAL",
      "body-readonly EFAULT",
      "legacy-version EINVAL",
      "truncate ok",
      `size ${engine.region(GLOBAL_MEM_ID).size}`,
    ]);
    await until(() => mount.openFiles === 0);
    assertEquals([freeBuffers(), engine.ports.size], [buffers, 0]);
    assertStringIncludes(log[0], "register one first");
    assertEquals(log.length, mount.counters.failures);
  });

  itMounts("takes requests of the interface before API 14", async () => {
    await serve();
    assertEquals(await device(path, "legacy", "vale1:l").lines(), [
      "info ok",
      "memory 1",
      "register ok",
      "rings 1 1 slots 1024 region 1",
    ]);
  });

  itMounts("makes a port in memory of the program's own where that is shared memory", async () => {
    await serve();
    const lines = await device(path, "external", "vale1:x").lines();
    assertEquals([...lines.slice(0, 2), ...lines.slice(3)], [
      "shared ok",
      "region 1 slots 64",
      "private EFAULT",
      "status 14",
    ]);
    assertStringIncludes(lines[2], "sent 10 ");
    await until(() => mount.openFiles === 0);
    assertEquals([...engine.regions].map(({ id }) => id), [GLOBAL_MEM_ID]);
  });

  itMounts("refuses a port in memory that the file does not show", async () => {
    engine.close();
    engine = createEngine({ features: [kloop(), pipes(), vale()], privateMemory: true });
    await serve();
    const program = device(path, "hold", "vale1:a");
    assertEquals(await program.ended, 1);
    assertStringIncludes(program.stdout, "register: Operation not supported");
    assertStringIncludes(log[0], "Cannot register 'vale1:a' over FUSE as it is in memory region 2");
    await until(() => mount.openFiles === 0);
    assertEquals([...engine.regions].map(({ id }) => id), [GLOBAL_MEM_ID]);
  });
});
