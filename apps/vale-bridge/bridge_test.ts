import { assert, assertEquals, assertMatch } from "@std/assert";
import { afterEach, beforeEach, describe } from "@std/testing/bdd";
import { itRequires } from "@netmap/test-support";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { type Running, scriptCommand, start } from "../shared/spawn_fixture.ts";

/** 10 MB, and what both ends have to make of them. */
const BYTES = 10_000_000;

const runtime = process.execPath;
const evaluate = process.versions.bun === undefined ? ["eval", "--no-config"] : ["-e"];

/** A TCP server that takes one connection, hashes what comes, and prints the hash. */
const SERVER = `
  const { createServer } = await import("node:net");
  const { createHash } = await import("node:crypto");
  const server = createServer((socket) => {
    const hash = createHash("sha256");
    let bytes = 0;
    socket.on("data", (data) => (hash.update(data), bytes += data.length));
    socket.on("end", () => {
      console.log("got", bytes, hash.digest("hex"));
      socket.end();
      server.close();
    });
  });
  server.listen(7000, "10.99.0.2", () => console.log("listening"));
`;

/** Sends pseudo-random bytes to it and prints their hash. */
const CLIENT = `
  const { createConnection } = await import("node:net");
  const { createHash } = await import("node:crypto");
  const data = new Uint8Array(${BYTES});
  for (let i = 0, x = 1; i < data.length; i++) data[i] = (x = Math.imul(x, 48271) >>> 0) >>> 11;
  console.log("sent", data.length, createHash("sha256").update(data).digest("hex"));
  const socket = createConnection(7000, "10.99.0.2", () => socket.end(data));
`;

function command(...args: string[]): string[] {
  return scriptCommand(new URL("./main.ts", import.meta.url), ...args);
}

function sh(...words: string[]): string {
  return execFileSync(words[0], words.slice(1), { encoding: "utf8", stdio: "pipe" });
}

/**
 * Two network namespaces whose interfaces end in ours, and vale-bridge between them:
 *
 * ```
 *   ns a: va0 10.99.0.1 --- va1 [ vale-bridge ] vb1 --- vb0 10.99.0.2 :ns b
 * ```
 */
class Lab implements AsyncDisposable {
  readonly a: string;
  readonly b: string;
  readonly ports: readonly [string, string];
  readonly #running: Running[] = [];

  constructor() {
    removeLeftovers();
    // Names of this process alone: two runs at once do not meet, and those of a dead one are known.
    const id = process.pid.toString(36);
    this.a = `nmA${id}`;
    this.b = `nmB${id}`;
    this.ports = [`nma${id}`, `nmb${id}`];
    for (const [n, ns] of [this.a, this.b].entries()) {
      const inner = `nmi${n}${id}`;
      sh("ip", "netns", "add", ns);
      sh("ip", "link", "add", this.ports[n], "type", "veth", "peer", "name", inner);
      sh("ip", "link", "set", inner, "netns", ns);
      sh("ip", "link", "set", this.ports[n], "up");
      sh("ip", "-n", ns, "link", "set", inner, "name", "eth0");
      sh("ip", "-n", ns, "address", "add", `10.99.0.${n + 1}/24`, "dev", "eth0");
      sh("ip", "-n", ns, "link", "set", "eth0", "up");
    }
  }

  /** Starts a program of the lab; in a namespace when one is given. */
  start(words: readonly string[], namespace?: string): Running {
    const inside = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
    const running = start([...inside, ...words]);
    this.#running.push(running);
    return running;
  }

  /** Starts vale-bridge and waits until it is there. */
  async bridge(...args: string[]): Promise<Running> {
    const running = this.start(command("--json", ...args, ...this.ports));
    await running.printed("\n");
    return running;
  }

  async ping(): Promise<string> {
    const words = ["ping", "-c", "5", "-i", "0.2", "-W", "2", "10.99.0.2"];
    const { stdout, stderr } = await this.start(words, this.a).ended;
    return stdout + stderr;
  }

  /** Sends 10 MB from a to b. @returns the last words of sender and receiver */
  async transfer(): Promise<[string, string]> {
    const server = this.start([runtime, ...evaluate, SERVER], this.b);
    await server.printed("listening");
    const client = this.start([runtime, ...evaluate, CLIENT], this.a);
    const [sent, got] = await Promise.all([client.ended, server.ended]);
    const last = (text: string): string => text.trim().split("\n").at(-1)!;
    return [last(sent.stdout) + sent.stderr, last(got.stdout) + got.stderr];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running.reverse()) await running[Symbol.asyncDispose]();
    for (const port of this.ports) tryTo(() => sh("ip", "link", "delete", port));
    for (const ns of [this.a, this.b]) tryTo(() => sh("ip", "netns", "delete", ns));
  }
}

function tryTo(act: () => void): void {
  try {
    act();
  } catch {
    // What was not made cannot be taken away.
  }
}

/** What a run that was killed has left behind. */
function removeLeftovers(): void {
  const isDead = (name: string): boolean => {
    const id = /^nm[AB]([0-9a-z]+)$/.exec(name)?.[1];
    return id !== undefined && !existsSync(`/proc/${parseInt(id, 36)}`);
  };
  const names = sh("ip", "netns", "list").split("\n").map((line) => line.split(" ")[0]);
  // Interfaces go with the other end of their pair.
  for (const name of names.filter(isDead)) tryTo(() => sh("ip", "netns", "delete", name));
}

const NEEDS = { root: true, programs: ["ip", "ping"] } as const;

describe("vale-bridge between two network namespaces", () => {
  let lab: Lab | null = null;

  beforeEach(() => {
    lab = null;
  });

  afterEach(async () => {
    await lab?.[Symbol.asyncDispose]();
  });

  for (const flags of [[], ["--zero-copy"]]) {
    itRequires(NEEDS, ["passes ping and 10 MB of TCP", ...flags].join(" "), async () => {
      lab = new Lab();
      const bridge = await lab.bridge(...flags);
      assertMatch(await lab.ping(), /5 packets transmitted, 5 received/);
      const [sent, got] = await lab.transfer();
      assertMatch(sent, /^sent 10000000 [0-9a-f]{64}$/);
      assertEquals(got, sent.replace("sent", "got"));
      bridge.kill("SIGINT");
      const { status, stdout } = await bridge.ended;
      const final = JSON.parse(stdout.trim().split("\n").at(-1)!);
      assertEquals([status, final.verified], [0, true]);
      const [a, b] = final.ports;
      assertEquals([a.name, b.name], [...lab.ports]);
      assert(a.txBytes > BYTES && b.rxBytes > BYTES, JSON.stringify(final.ports));
    });
  }

  itRequires(NEEDS, "gives the interfaces back as they were", async () => {
    lab = new Lab();
    const features = (port: string): string =>
      sh("ip", "-d", "link", "show", port) + (hasEthtool() ? sh("ethtool", "-k", port) : "");
    const before = lab.ports.map(features);
    const bridge = await lab.bridge();
    bridge.kill("SIGTERM");
    assertEquals((await bridge.ended).status, 0);
    assertEquals(lab.ports.map(features), before);
  });

  itRequires(NEEDS, "starts again, and gives back what was, after a SIGKILL", async () => {
    lab = new Lab();
    const before = lab.ports.map((port) => hasEthtool() ? sh("ethtool", "-k", port) : "");
    const killed = await lab.bridge();
    killed.kill("SIGKILL");
    await killed.ended;
    const bridge = await lab.bridge();
    assertMatch(await lab.ping(), /5 packets transmitted, 5 received/);
    bridge.kill("SIGINT");
    assertEquals((await bridge.ended).status, 0);
    assertEquals(
      lab.ports.map((port) => hasEthtool() ? sh("ethtool", "-k", port) : ""),
      before,
    );
  });

  itRequires(NEEDS, "tells when an interface goes down, comes back and goes away", async () => {
    lab = new Lab();
    const bridge = await lab.bridge();
    const [port] = lab.ports;
    sh("ip", "link", "set", port, "down");
    await bridge.printed(`Interface '${port}' went down`);
    sh("ip", "link", "set", port, "up");
    await bridge.printed(`Interface '${port}' is up`);
    assertMatch(await lab.ping(), / [1-5] received/);
    sh("ip", "link", "delete", port);
    await bridge.printed(`Interface '${port}' was removed`);
    bridge.kill("SIGINT");
    const { status, stdout, stderr } = await bridge.ended;
    assertEquals([status, JSON.parse(stdout.trim().split("\n").at(-1)!).verified], [1, false]);
    assertMatch(stderr, new RegExp(`^Interface '${port}' went away$`, "m"));
  });

  itRequires(NEEDS, "ends by itself when it is told how long to run", async () => {
    lab = new Lab();
    const bridge = lab.start(command("--duration", "1.5", "--switch", "vale_lab", ...lab.ports));
    const { status, stdout, stderr } = await bridge.ended;
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, /^Switch 'vale_lab' on the device 'embedded', on \w+, for 1.5 s\n1\.0 s: /);
    assertMatch(stdout, /^Verified: every packet from an interface went out of another/m);
  });

  itRequires(NEEDS, "attaches no port when one of them is not there", async () => {
    lab = new Lab();
    const { status, stderr } = await lab.start(command(lab.ports[0], "no-such-if")).ended;
    assertEquals(status, 2);
    assertMatch(stderr, /^Cannot [^\n]*'no-such-if'[^\n]*\n$/);
    const bridge = await lab.bridge();
    bridge.kill("SIGINT");
    assertEquals((await bridge.ended).status, 0);
  });
});

function hasEthtool(): boolean {
  try {
    sh("ethtool", "--version");
    return true;
  } catch {
    return false;
  }
}
