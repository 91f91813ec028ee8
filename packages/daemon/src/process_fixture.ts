/** Starts a script of the tests in a process of its own, on the runtime that runs them. */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A process that prints lines. */
export class Child {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];
  #rest = "";
  /** Its end: the status, or the signal. */
  readonly ended: Promise<number | string>;
  #over = false;
  stderr = "";

  constructor(file: string, ...args: string[]) {
    const isDeno = "Deno" in globalThis;
    this.#child = spawn(process.execPath, [
      ...isDeno ? ["run", "-A", "--no-check"] : ["--no-install"],
      fileURLToPath(new URL(file, import.meta.url)),
      ...args,
    ], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1" },
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop()!;
      this.#lines.push(...lines);
      this.#tell();
    });
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => this.stderr += text);
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#over = true;
        this.#tell();
        resolve(code ?? signal ?? -1);
      });
    });
  }

  /** Lines that nobody has asked for yet. */
  get unread(): readonly string[] {
    return this.#lines;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  #tell(): void {
    for (const waiting of this.#waiting.splice(0)) waiting();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    while (this.#lines.length === 0) {
      if (this.#over) throw new Error(`It ended without a line: ${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#lines.shift()!;
  }

  /** The next line, which is JSON. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.line());
  }

  /** Ends its input. */
  endInput(): void {
    this.#child.stdin!.end();
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.#over) process.kill(this.pid, signal);
    await this.ended;
  }
}
