import { openPort, POLLIN } from "@netmap/core";
import { RemoteDevice } from "@netmap/daemon";
import { portKinds } from "@netmap/netmap";
import { itRequires, requires } from "@netmap/test-support";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Running, scriptCommand, start } from "../shared/spawn_fixture.ts";

const MAIN = new URL("./main.ts", import.meta.url);
const NAMESPACE = `nmd${process.pid}`;
const ip = requires({ root: true, programs: ["ip"] });

describe("netmapd", () => {
  let folder: string;
  let socket: string;
  let running: Running[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "netmapd-"));
    socket = join(folder, "sock");
    running = [];
  });

  afterEach(async () => {
    for (const one of running) await one[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function daemon(config: unknown = {}, prefix: readonly string[] = []): Promise<Running> {
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(config));
    const one = start([
      ...prefix,
      ...scriptCommand(MAIN, "--json", "--socket", socket, "--config", file),
    ]);
    running.push(one);
    await one.printed('"event":"serving"');
    return one;
  }

  async function ask(...args: string[]): Promise<string> {
    const one = start(scriptCommand(MAIN, ...args, "--socket", socket));
    const { status, stdout, stderr } = await one.ended;
    assertEquals([status, stderr], [0, ""]);
    return stdout;
  }

  it("serves ports, and tells of them", async () => {
    await daemon({ switches: [{ name: "vale3", ports: ["v0"] }], trust: { uids: [4711] } });
    using device = new RemoteDevice(socket, portKinds());
    using a = openPort(device, "vale3:a"), b = openPort(device, "vale3:b");
    assertEquals(a.send([new Uint8Array(60).fill(0xff)]), 1);
    assertEquals(b.poll(POLLIN, 1000), POLLIN);
    assertEquals(b.receive().length, 1);
    const text = await ask("status");
    assert(text.includes(`process ${process.pid} of user`), text);
    assert(/trust +users .*4711/.test(text), text);
    const ports = JSON.parse(await ask("ports", "--json"));
    const sent = ports.find((port: { name: string }) => port.name === "vale3:a");
    assertEquals([sent.kind, sent.users, sent.tx.packets], ["vale", 1, 1]);
    assert(/^v0 +vale /m.test(await ask("ports")), await ask("ports"));
    const top = start(scriptCommand(MAIN, "top", "--socket", socket, "--json"));
    running.push(top);
    await top.printed('"name":"vale3:a"');
    top.kill("SIGTERM");
    assertEquals((await top.ended).status, 0);
  });

  const [major, minor] = release().split(".").map(Number);
  const mounts = { root: true, files: ["/dev/fuse"], programs: ["stat"] };
  const isOld = major < 6 || (major === 6 && minor < 9);
  itRequires(
    isOld ? { ...mounts, files: ["Linux 6.9"] } : mounts,
    "serves a device file with --fuse, and takes it away at its end",
    async () => {
      const file = join(folder, "device");
      const one = start(scriptCommand(MAIN, "--socket", socket, "--fuse", file));
      running.push(one);
      await one.printed(" serving ");
      const seen = start(["stat", "-c", "%F %a", file]);
      assertEquals((await seen.ended).stdout, "regular file 600\n");
      one.kill("SIGTERM");
      assertEquals((await one.ended).status, 0);
      assertEquals(existsSync(file), false);
    },
  );

  it("ends with SIGTERM, and leaves no socket", async () => {
    const one = await daemon();
    one.kill("SIGTERM");
    const { status, stdout, stderr } = await one.ended;
    assertEquals([status, stderr], [0, ""]);
    assert(stdout.includes('"event":"ended"'));
    assertEquals(existsSync(socket), false);
  });

  it("takes the place of one that was killed", async () => {
    const first = await daemon();
    first.kill("SIGKILL");
    await first.ended;
    assertEquals(existsSync(socket), true);
    await daemon();
    assertEquals(JSON.parse(await ask("ports", "--json")), []);
  });

  it("reads its configuration again with SIGHUP", async () => {
    const one = await daemon();
    writeFileSync(join(folder, "config.json"), JSON.stringify({ trust: { uids: [4712] } }));
    one.kill("SIGHUP");
    await one.printed('"event":"reloaded"');
    assertEquals(JSON.parse(await ask("status", "--json")).trust.uids.at(-1), 4712);
    writeFileSync(join(folder, "config.json"), "{");
    one.kill("SIGHUP");
    await one.printed('"event":"not reloaded"');
  });

  it("gives its counters to Prometheus", async () => {
    const metrics = join(folder, "metrics");
    await daemon({ metrics });
    using device = new RemoteDevice(socket, portKinds());
    using _a = openPort(device, "vale0:a");
    const text = await new Promise<string>((resolve, reject) => {
      request({ socketPath: metrics, path: "/metrics" }, (response) => {
        let all = "";
        response.setEncoding("utf8").on("data", (part: string) => all += part);
        response.on("end", () => resolve(all));
      }).on("error", reject).end();
    });
    const line = 'netmap_port_packets_total{port="vale0:a",kind="vale",direction="tx"} 0';
    assert(text.split("\n").includes(line), text);
    assert(text.includes("netmap_clients 1"), text);
  });

  it("says in one line what it cannot do", async () => {
    const cases: readonly [args: string[], message: string][] = [
      [["stauts"], "Cannot do 'stauts'"],
      [["status", "--socket", socket], "as nobody serves it: start netmapd"],
      [["--config", join(folder, "none.json")], "ENOENT"],
      [["--socket", join(folder, "no", "sock")], "Cannot serve at"],
    ];
    for (const [args, message] of cases) {
      const { status, stderr } = await start(scriptCommand(MAIN, ...args)).ended;
      assertEquals(status, 2);
      assert(stderr.includes(message) && stderr.trim().split("\n").length === 1, stderr);
    }
  });

  (ip.skip === false ? it : it.skip)(
    `serves interfaces to clients that have no right to them${ip.skip ? ` # SKIP ${ip.skip}` : ""}`,
    async () => {
      const sh = (...words: string[]): void => {
        const { status, stderr } = spawnSync("ip", words);
        if (status !== 0) throw new Error(String(stderr));
      };
      sh("netns", "add", NAMESPACE);
      try {
        sh("-n", NAMESPACE, "link", "add", "va", "type", "veth", "peer", "name", "vb");
        for (const name of ["va", "vb"]) sh("-n", NAMESPACE, "link", "set", name, "up");
        await daemon(
          { switches: [{ name: "vale0", attach: ["va"] }] },
          ["ip", "netns", "exec", NAMESPACE],
        );
        using device = new RemoteDevice(socket, portKinds());
        using x = openPort(device, "vale0:x"), wire = openPort(device, "netmap:vb");
        const frame = (n: number): Uint8Array => {
          const bytes = new Uint8Array(60).fill(0xff, 0, 6);
          bytes.set([2, 0, 0, 0, 0, n, 0x88, 0xb5], 6);
          return bytes;
        };
        /** Frames of ours that come; the system sends some of its own. */
        const numbers = async (port: typeof x, count: number): Promise<number[]> => {
          const seen: number[] = [];
          const signal = AbortSignal.timeout(10_000);
          while (seen.length < count) {
            for (const one of port.receive()) {
              if (one[12] === 0x88 && one[13] === 0xb5) seen.push(one[11]);
            }
            if (seen.length < count) await port.wait(POLLIN, signal);
          }
          return seen;
        };
        x.send([1, 2, 3].map(frame));
        assertEquals(await numbers(wire, 3), [1, 2, 3]);
        wire.send([4, 5].map(frame));
        wire.txsync();
        assertEquals(await numbers(x, 2), [4, 5]);
      } finally {
        for (const one of running) await one[Symbol.asyncDispose]();
        spawnSync("ip", ["netns", "del", NAMESPACE]);
      }
    },
  );
});
