// Starts programs for the tools: output captured, a bound on the time, and nothing left behind. Each child
// leads a process group of its own, so that its children end with it, also when we are interrupted.

import { spawn } from "node:child_process";
import process from "node:process";

/** How a program is started. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds after which the program and its children are killed; without it, never. */
  readonly timeoutMs?: number;
  /** Shows the output as it comes instead of returning it. */
  readonly inherit?: boolean;
}

/** How a program ended. */
export interface RunResult {
  /** Exit status; 128 + n after signal n; -1 when it could not be started. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Both outputs in the order in which they came. */
  readonly output: string;
  readonly timedOut: boolean;
  readonly seconds: number;
}

const children = new Set<number>();
let watching = false;

/** Starts `program` and waits for its end. Never rejects: what went wrong is in the result. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  watchSignals();
  const begin = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
      detached: true,
      stdio: options.inherit ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let output = "";
    let timedOut = false;
    if (child.pid !== undefined) children.add(child.pid);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      output += text;
    });
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
    }, options.timeoutMs);
    const done = (status: number): void => {
      clearTimeout(timer);
      if (child.pid !== undefined) children.delete(child.pid);
      resolve({
        status,
        stdout,
        stderr,
        output,
        timedOut,
        seconds: (performance.now() - begin) / 1000,
      });
    };
    child.on("error", (error) => {
      output += `${error.message}\n`;
      stderr += `${error.message}\n`;
      if (child.pid === undefined) done(-1);
    });
    // A grandchild may hold the pipes open for ever: what the group has left ends with its leader.
    child.on("exit", () => killGroup(child.pid));
    child.on(
      "close",
      (code, signal) => done(signal === null ? code ?? -1 : 128 + (SIGNALS[signal] ?? 0)),
    );
  });
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

function watchSignals(): void {
  if (watching) return;
  watching = true;
  for (const [signal, number] of [["SIGINT", 2], ["SIGTERM", 15], ["SIGHUP", 1]] as const) {
    process.on(signal, () => {
      for (const pid of children) killGroup(pid);
      process.exit(128 + number);
    });
  }
}
