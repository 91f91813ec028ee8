import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { serve } from "@netmap/daemon";
import {
  type Engine,
  K_HWCUR,
  K_HWTAIL,
  NR_RX,
  portCounters,
  type RingCounters,
} from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Running, scriptCommand, start } from "../shared/spawn_fixture.ts";

/** Runs `work` with a daemon's engine, in this process, and the environment that reaches it. */
async function withDaemon(
  work: (env: Record<string, string>, engine: Engine) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "pkt-gen-"));
  const socket = join(folder, "netmap.sock");
  using engine = embeddedEngine();
  try {
    await using _server = serve(engine, { socket });
    await work({ NETMAP: `unix:${socket}` }, engine);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const app = (name: string, line: string, env: Record<string, string>): Running =>
  start(scriptCommand(new URL(`../${name}/main.ts`, import.meta.url), ...line.split(" ")), env);

/** Counters of a port once its user has taken all that came. */
async function readAll(engine: Engine, name: string): Promise<RingCounters> {
  const port = engine.ports.get(name)!;
  const { state } = engine.dp;
  const k = port.kring(NR_RX, 0);
  for (let tries = 0; tries < 500; tries++) {
    if (Atomics.load(state, k + K_HWCUR) === Atomics.load(state, k + K_HWTAIL)) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  return portCounters(port).rx;
}

const final = ({ stdout }: Ended) => JSON.parse(stdout.trim().split("\n").at(-1)!);

describe("pkt-gen in two processes, over a daemon", () => {
  it("sends from one to the other, and what is not received the switch has counted", async () => {
    await withDaemon(async (env, engine) => {
      await using rx = app("pkt-gen", "-i vale0:b -f rx --json -T 100", env);
      await rx.printed("\n");
      await using tx = app("pkt-gen", "-i vale0:a -f tx -n 20000 -R 40000 --json", env);
      const sent = await tx.ended;
      const { packets, dropNoRoom } = await readAll(engine, "vale0:b");
      rx.kill("SIGINT");
      const received = await rx.ended;
      assertEquals([sent.status, sent.stderr, received.stderr], [0, "", ""]);
      assertEquals([final(sent).packets, final(sent).device], [20000, env.NETMAP]);
      assertEquals(packets + dropNoRoom, 20000);
      assertEquals([final(received).packets, final(received).bytes], [packets, packets * 60]);
    });
  });

  it("pings, and vale-ctl sees who is there", async () => {
    await withDaemon(async (env) => {
      await using pong = app("pkt-gen", "-i vale0:b -f pong --json -T 100", env);
      await pong.printed("\n");
      const list = await app("vale-ctl", "--json", env).ended;
      const { switches } = JSON.parse(list.stdout);
      assertEquals(switches[0].ports.map(({ name }: { name: string }) => name), ["vale0:b"]);
      await using ping = app("pkt-gen", "-i vale0:a -f ping -n 200", env);
      const { status, stdout } = await ping.ended;
      assertEquals(status, 0);
      assertMatch(stdout, /^Answered 200 packets/m);
      assertMatch(stdout, /^min \d+\.\d, mean .* p50 .* p99 .* p99\.99 .* max .* us$/m);
      pong.kill("SIGTERM");
      assert(final(await pong.ended).packets >= 200);
    });
  });
});
