import { createEngine, type Engine, GLOBAL_MEM_ID } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { pipes } from "@netmap/pipes";
import { itRequires } from "@netmap/test-support";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { vale } from "@netmap/vale";
import { afterAll, afterEach, beforeEach, describe } from "@std/testing/bdd";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  device,
  deviceProgram,
  itMounts,
  removeTestFolder,
  Running,
  script,
  testFolder,
  until,
} from "./fuse_fixture.ts";
import { mountsAt } from "./mount_point.ts";
import { type FuseMount, serveFuse } from "./serve_fuse.ts";

describe("A served device file, when something goes wrong", () => {
  let engine: Engine;
  let mount: FuseMount | undefined;
  let path: string;
  let log: string[];

  const freeBuffers = (): number => engine.region(GLOBAL_MEM_ID).bufs.free;
  const serve = async (): Promise<FuseMount> =>
    mount = await serveFuse(engine, path, { log: (line) => log.push(line) });
  const failure = (): Promise<string> => serve().then(() => "served", (error) => error.message);

  beforeEach(() => {
    engine = createEngine({ features: [kloop(), pipes(), vale()] });
    path = join(testFolder(), "netmap");
    log = [];
  });

  afterEach(() => {
    mount?.close();
    mount = undefined;
    engine.close();
  });

  afterAll(removeTestFolder);

  itMounts("takes back what killed programs had, and others lose nothing", async () => {
    const served = await serve();
    const before = freeBuffers();
    deviceProgram();
    const receiver = device(path, "receive", "p}1", 200_000);
    await receiver.printed("ready");
    const sender = device(path, "send", "p{1", 200_000, "poll", 64, 100);
    await sender.printed("ready");
    for (let i = 0; i < 10; i++) {
      const victims = [
        device(path, "send", `v{${i}`, 2 ** 30, "busy"),
        device(path, "receive", `v}${i}`, 2 ** 30, i % 2 ? "poll" : "busy"),
        device(path, "send", "vale0:w", 2 ** 30, "busy"),
      ];
      await Promise.all(victims.map((one) => one.printed("ready")));
      await new Promise((resolve) => setTimeout(resolve, i * 3));
      for (const one of victims) one.kill();
      for (const one of victims) assertEquals(await one.ended, "SIGKILL");
    }
    assertStringIncludes((await sender.lines())[1], "sent 200000 ");
    assertStringIncludes((await receiver.lines())[1], "received 200000 ");
    await until(() => served.openFiles === 0);
    assertEquals([freeBuffers(), engine.descriptors.size, engine.ports.size], [before, 0, 0]);
    assertEquals(log, []);
  });

  itMounts("answers ENOTCONN once it is closed, and what is mapped stays readable", async () => {
    const served = await serve();
    deviceProgram();
    const program = device(path, "until-gone", "vale0:a");
    await program.printed("ready");
    served.close();
    await served.ended;
    assertEquals((await program.lines()).slice(1), ["sync ENOTCONN", "poll 1 1", "mapped 1"]);
    assertEquals([existsSync(path), engine.descriptors.size], [false, 0]);
  });

  itMounts("comes back at the place of a daemon that was killed", async () => {
    deviceProgram();
    for (let i = 0; i < 3; i++) {
      const daemon = new Running(script("serve_fixture.ts", path));
      await daemon.printed("serving");
      const program = device(path, "until-gone", "vale0:a");
      await program.printed("ready");
      daemon.kill();
      await daemon.ended;
      assertEquals((await program.lines())[1], "sync ENOTCONN");
    }
    assertEquals((await mountsAt(path)).length, 1);
    await serve();
    assertEquals(log, [`Took away 1 dead mounts at '${path}'`]);
    assertEquals(await mountsAt(path), ["fuse.netmap"]);
    assertStringIncludes((await device(path, "rtt", "vale0:a", 10).lines())[1], "ioctl ");
  });

  itMounts("is refused where a daemon lives, and free once that ended", async () => {
    const daemon = new Running(script("serve_fixture.ts", path));
    await daemon.printed("serving");
    assertStringIncludes(await failure(), "something is mounted there and its server lives");
    daemon.kill("SIGTERM");
    assertEquals(await daemon.ended, 0);
    assertEquals([await mountsAt(path), existsSync(path)], [[], false]);
    await serve();
    assertStringIncludes(await failure(), "something is mounted there and its server lives");
  });

  itMounts("ends when somebody else unmounts it", async () => {
    writeFileSync(path, "mine");
    const served = await serve();
    assertEquals(await new Running(["umount", path]).ended, 0);
    await served.ended;
    assertEquals((await stat(path)).size, 4);
  });

  itMounts("is refused where there is no regular file and no folder", async () => {
    mkdirSync(join(testFolder(), "folder"), { recursive: true });
    path = join(testFolder(), "folder");
    assertStringIncludes(await failure(), "something else than a regular file is there");
    path = "/dev/null";
    assertStringIncludes(await failure(), "something else than a regular file is there");
    path = join(testFolder(), "no", "folder");
    assertStringIncludes(await failure(), "its folder does not exist");
  });

  itRequires(
    { root: true, programs: ["setpriv"], files: ["/dev/fuse"] },
    "says what is missing to a user without privilege",
    async () => {
      const open = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
      const command = script("serve_fixture.ts", join(testFolder(), "denied"));
      const withoutMount = new Running([...open, ...command]);
      await withoutMount.ended;
      assertStringIncludes(withoutMount.stdout, "without CAP_SYS_ADMIN: run as root");
    },
  );
});
