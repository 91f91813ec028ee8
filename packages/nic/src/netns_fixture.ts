/**
 * Network namespaces and veth pairs for tests. Their names carry our pid: what a dead run has left
 * behind is found by it and removed at the next start.
 *
 * @module
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import process from "node:process";

/** What tests with namespaces need from the machine. */
export const NETNS_NEEDS: { root: true; programs: string[] } = { root: true, programs: ["ip"] };

/** Runs a program. @returns what it printed @throws when it fails */
export function sh(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: status ${status}: ${stderr}`);
  return stdout;
}

/** How a child ended. */
export interface Ended {
  readonly status: number;
  readonly output: string;
}

const PREFIX = "nmt";
const NAME = new RegExp(`^${PREFIX}([0-9a-z]+)[nv]`);

/** Namespaces and links of one test file; `close` removes them. */
export class Lab implements Disposable {
  readonly #tag = `${PREFIX}${process.pid.toString(36)}`;
  readonly #namespaces: string[] = [];
  readonly #links: string[] = [];
  readonly #children: Set<ChildProcess> = new Set();
  #count = 0;

  constructor() {
    removeLeftovers();
  }

  /** A new namespace, without IPv6's chatter. */
  namespace(): string {
    const name = `${this.#tag}n${this.#count++}`;
    sh("ip", "netns", "add", name);
    this.#namespaces.push(name);
    sh("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
    sh("ip", "-n", name, "link", "set", "lo", "up");
    return name;
  }

  /**
   * A veth pair, both ends up.
   *
   * @param peer namespace of the second end; ours when it is left out
   * @returns the names of both ends
   */
  veth(peer?: string): [string, string] {
    const a = `${this.#tag}v${this.#count}a`;
    const b = `${this.#tag}v${this.#count++}b`;
    sh("ip", "link", "add", a, "type", "veth", "peer", "name", b);
    this.#links.push(a);
    for (const name of [a, b]) {
      const path = `/proc/sys/net/ipv6/conf/${name}/disable_ipv6`;
      if (existsSync(path)) writeFileSync(path, "1");
    }
    if (peer !== undefined) sh("ip", "link", "set", b, "netns", peer);
    sh("ip", "link", "set", a, "up");
    if (peer === undefined) sh("ip", "link", "set", b, "up");
    else sh("ip", "-n", peer, "link", "set", b, "up");
    return [a, b];
  }

  /** Starts a program in a namespace (ours when null); ended with the lab. */
  start(namespace: string | null, program: string, ...args: string[]): Promise<Ended> {
    const [file, ...rest] = namespace === null
      ? [program, ...args]
      : ["ip", "netns", "exec", namespace, program, ...args];
    const child = spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
    child.stderr.setEncoding("utf8").on("data", (text: string) => output += text);
    return new Promise((resolve) => {
      child.on("error", (error) => output += error.message);
      child.on("close", (code, signal) => {
        this.#children.delete(child);
        resolve({ status: code ?? 128, output: signal === null ? output : `${output} ${signal}` });
      });
    });
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const link of this.#links.splice(0)) {
      if (existsSync(`/sys/class/net/${link}`)) sh("ip", "link", "del", link);
    }
    for (const name of this.#namespaces.splice(0)) sh("ip", "netns", "del", name);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Arguments that start a TypeScript file with the runtime of this test. */
export function script(url: URL, ...args: string[]): [string, ...string[]] {
  const isDeno = "Deno" in globalThis;
  return [process.execPath, "run", ...(isDeno ? ["-A", "--no-check"] : []), url.pathname, ...args];
}

function removeLeftovers(): void {
  const dead = (name: string): boolean => {
    const match = NAME.exec(name);
    return match !== null && !existsSync(`/proc/${parseInt(match[1], 36)}`);
  };
  const namespaces = sh("ip", "netns", "list").split("\n").map((line) => line.split(" ")[0]);
  for (const name of namespaces.filter(dead)) spawnSync("ip", ["netns", "del", name]);
  for (const name of readdirSync("/sys/class/net").filter(dead)) {
    spawnSync("ip", ["link", "del", name]);
  }
}
