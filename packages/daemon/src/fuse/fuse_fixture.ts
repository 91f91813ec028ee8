/**
 * What the tests of the device file share: the C program, a place for a mount, processes.
 *
 * @module
 */

import { itRequires } from "@netmap/test-support";
import { it } from "@std/testing/bdd";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [major, minor] = release().split(".").map(Number);
const hasPassthrough = major > 6 || (major === 6 && minor >= 9);

/** Registers a test that mounts: root, FUSE with passthrough, a C compiler. */
export function itMounts(name: string, fn: () => Promise<void>): void {
  if (hasPassthrough || process.env.NETMAP_NO_SKIP === "1") {
    return itRequires({ root: true, programs: ["cc"], files: ["/dev/fuse"] }, name, fn);
  }
  it.skip(`${name} # SKIP needs FUSE passthrough: Linux 6.9 or later`, fn);
}

let folder = "";

/** A folder of this test run, made at the first call. */
export function testFolder(): string {
  folder ||= mkdtempSync(join(tmpdir(), "netmap-fuse-"));
  return folder;
}

/** Takes the folder away. */
export function removeTestFolder(): void {
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
  folder = program = "";
}

let program = "";

/** The compiled C program. */
export function deviceProgram(): string {
  if (program !== "") return program;
  const source = fileURLToPath(new URL("device_program_fixture.c", import.meta.url));
  const path = join(testFolder(), "device_program");
  const flags = ["-D_GNU_SOURCE", "-std=gnu11", "-O2", "-Wall", "-Werror", "-pthread"];
  const done = spawnSync("cc", [...flags, "-o", path, source], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`Cannot compile '${source}': ${done.stderr}`);
  return program = path;
}

/** A program that runs, or ran. */
export class Running {
  /** What it printed so far. */
  stdout = "";
  /** What it complained about so far. */
  stderr = "";
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  #over = false;
  #look: () => void = () => {};

  /** Starts it. It is killed after `timeoutMs`. */
  constructor(command: readonly string[], timeoutMs: number = 30_000) {
    this.#child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    const timer = setTimeout(() => this.kill(), timeoutMs);
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#look();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        clearTimeout(timer);
        this.#over = true;
        this.#look();
        resolve(code ?? signal ?? "?");
      });
    });
  }

  /** Waits until it printed a text. @throws when it ends before */
  printed(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        if (this.stdout.includes(text)) resolve();
        else if (this.#over) {
          reject(new Error(`It ended without '${text}': ${this.stdout}${this.stderr}`));
        }
      };
      this.#look();
    });
  }

  /** Waits for its end. @returns the lines that it printed @throws when it ends with a failure */
  async lines(): Promise<string[]> {
    const code = await this.ended;
    if (code !== 0) throw new Error(`It ended with ${code}: ${this.stdout}${this.stderr}`);
    return this.stdout.trimEnd().split("\n");
  }

  /** Sends a signal. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (!this.#over) process.kill(this.#child.pid!, signal);
  }
}

/** Starts the C program on a device file. */
export function device(path: string, task: string, ...words: (string | number)[]): Running {
  return new Running([deviceProgram(), path, task, ...words.map(String)]);
}

/** The words that start a script of this folder on the runtime of the tests. */
export function script(name: string, ...args: string[]): string[] {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const run = process.versions.bun === undefined ? ["run", "-A", "--no-check"] : ["--no-install"];
  return [process.execPath, ...run, path, ...args];
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 5000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`It never came true: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
