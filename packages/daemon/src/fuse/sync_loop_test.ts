import { createEngine, D_KLOOP, type Engine, GLOBAL_MEM_ID } from "@netmap/engine";
import { kloop } from "@netmap/kloop";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, afterEach, beforeEach, describe } from "@std/testing/bdd";
import { join } from "node:path";
import {
  device,
  deviceProgram,
  itMounts,
  removeTestFolder,
  testFolder,
  until,
} from "./fuse_fixture.ts";
import { type FuseMount, serveFuse } from "./serve_fuse.ts";

describe("A sync loop over a device file", () => {
  let engine: Engine;
  let mount: FuseMount | undefined;
  let path: string;
  let buffers: number;

  beforeEach(() => {
    engine = createEngine({ features: [kloop(), pipes(), vale()] });
    buffers = engine.region(GLOBAL_MEM_ID).bufs.free;
  });

  afterEach(() => {
    mount?.close();
    mount = undefined;
    engine.close();
  });

  afterAll(removeTestFolder);

  async function serve(): Promise<FuseMount> {
    deviceProgram();
    path = join(testFolder(), "netmap");
    return mount = await serveFuse(engine, path);
  }

  for (const [how, ...kicks] of [["looks at the rings by itself"], ["is kicked", "kicks"]]) {
    itMounts(`serves a program and ${how}, until another thread stops it`, async () => {
      const served = await serve();
      const receiver = device(path, "receive", "p}1", 5000);
      await receiver.printed("ready");
      const sender = device(path, "loop", "p{1", 5000, ...kicks);
      assertEquals(
        await sender.lines(),
        [
          "register ok",
          "txsync EBUSY",
          "sent 5000",
          "loop ok",
          "stop ok",
        ].toSorted((a, b) => sender.stdout.indexOf(a) - sender.stdout.indexOf(b)),
      );
      assertStringIncludes((await receiver.lines())[1], "received 5000 ");
      await until(() => served.openFiles === 0);
      assertEquals(engine.region(GLOBAL_MEM_ID).bufs.free, buffers);
    });
  }

  itMounts("ends with its program, however that ends", async () => {
    const served = await serve();
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const sender = device(path, "loop", "k{1", 0, "kicks");
      await sender.printed("sent 0");
      const { word } = [...engine.descriptors.values()][0];
      await until(() => engine.dp.state[word + D_KLOOP] !== 0);
      sender.kill(signal);
      assertEquals(await sender.ended, signal);
      await until(() => served.openFiles === 0);
      assertEquals(engine.region(GLOBAL_MEM_ID).bufs.free, buffers);
    }
  });
});
