// Starts a script of this repository on Bun or Deno. Plain JavaScript, because it runs on whatever started
// it: node (npm), or Bun where there is no node (`bun run`). Deno's tasks start their scripts themselves.
//
// It takes the runtime's program straight from the platform's binary package, so it works with and
// without the install scripts of the npm packages `bun` and `deno` (npm 11 asks before it runs them).
//
//   node tools/launch.mjs bun  path/to/script.ts [argument...]
//   node tools/launch.mjs deno path/to/script.ts [argument...]    deno run -A
//   node tools/launch.mjs deno-cli fmt|lint|...                   any deno command
import { spawn } from "node:child_process";
import { existsSync, realpathSync, statSync } from "node:fs";
import { arch, constants, platform } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Path of the program of `runtime` ("bun" or "deno"): the pinned one, else the one that runs us, else PATH's. */
export function runtimePath(runtime) {
  if (runtime !== "bun" && runtime !== "deno") {
    throw new Error(`Unknown runtime '${runtime}': it is 'bun' or 'deno'`);
  }
  const suffix = platform() === "win32" ? ".exe" : "";
  const cpu = arch() === "arm64" && runtime === "bun" ? "aarch64" : arch();
  // Their install scripts move (bun) or copy (deno) the program; the file they replace is a small placeholder.
  const packages = runtime === "bun"
    ? [
      "bun/bin/bun.exe",
      `@oven/bun-${platform()}-${cpu}/bin/bun`,
      `@oven/bun-${platform()}-${cpu}-musl/bin/bun`,
    ]
    : [`deno/deno`, `@deno/${platform()}-${cpu}/deno`, `@deno/${platform()}-${cpu}-glibc/deno`];
  for (const name of packages) {
    const path = join(root, "node_modules", name.endsWith(".exe") ? name : name + suffix);
    if (existsSync(path) && statSync(path).size > 1 << 20) return path;
  }
  if (globalThis.Deno !== undefined && runtime === "deno") return globalThis.Deno.execPath();
  if (globalThis.Bun !== undefined && runtime === "bun") return process.execPath;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, runtime + suffix);
    if (folder !== "" && existsSync(path)) return path;
  }
  throw new Error(
    `Cannot find '${runtime}' for ${platform()} ${arch()} in node_modules or on PATH: run 'npm install'`,
  );
}

/** Milliseconds in which a second SIGINT is taken for an echo of the first: npm passes on what a terminal sent. */
const ECHO_MS = 300;

function main([runtime, ...rest]) {
  let program;
  try {
    program = runtimePath(runtime === "deno-cli" ? "deno" : runtime);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  const prefix = runtime === "deno" ? ["run", "-A"] : runtime === "bun" ? ["--no-install"] : [];
  // A terminal sends Ctrl-C to the child too, and we only must outlive it to pass its status on. Whoever
  // signals us alone (a script, a supervisor) means the child. Set before the child starts: one in 80
  // interrupts that answered the child's first line came too early otherwise (measured).
  let child = null;
  let interruptedAt = -Infinity;
  process.on("SIGINT", () => {
    if (process.stdin.isTTY || performance.now() - interruptedAt < ECHO_MS) return;
    interruptedAt = performance.now();
    child?.kill("SIGINT");
  });
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child?.kill(signal));
  child = spawn(program, [...prefix, ...rest], {
    stdio: "inherit",
    env: { NO_UPDATE_NOTIFIER: "1", DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1", ...process.env },
  });
  child.on("error", (error) => {
    process.stderr.write(`Cannot start '${program}': ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    process.exit(signal === null ? code ?? 1 : 128 + (constants.signals[signal] ?? 0));
  });
}

const started = process.argv[1];
if (
  started !== undefined && realpathSync(started) === realpathSync(fileURLToPath(import.meta.url))
) {
  main(process.argv.slice(2));
}
