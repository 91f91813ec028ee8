// Starts a script of this repository on Bun or Deno. Plain JavaScript, because it runs on whatever
// started it: node (npm), Bun (`bun run`) or Deno (`deno task`).
//
// It takes the runtime's program straight from the platform's binary package, so it works with and
// without the install scripts of the npm packages `bun` and `deno` (npm 11 asks before it runs them).
//
//   node tools/launch.mjs bun  path/to/script.ts [argument...]
//   node tools/launch.mjs deno path/to/script.ts [argument...]    deno run -A
//   node tools/launch.mjs deno-cli fmt|lint|...                   any deno command
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { arch, platform } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { argv, env, execPath, exit, stderr } from "node:process";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Path of the program of `runtime` ("bun" or "deno"): the pinned one, else the one that runs us, else PATH's. */
export function runtimePath(runtime) {
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
  if (globalThis.Bun !== undefined && runtime === "bun") return execPath;
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, runtime + suffix);
    if (folder !== "" && existsSync(path)) return path;
  }
  throw new Error(
    `Cannot find '${runtime}' for ${platform()} ${arch()} in node_modules or on PATH: run 'npm install'`,
  );
}

function main([runtime, ...rest]) {
  let program;
  try {
    program = runtimePath(runtime === "deno-cli" ? "deno" : runtime);
  } catch (error) {
    stderr.write(`${error.message}\n`);
    exit(1);
  }
  const prefix = runtime === "deno" ? ["run", "-A"] : runtime === "bun" ? ["--no-install"] : [];
  const child = spawn(program, [...prefix, ...rest], {
    stdio: "inherit",
    env: { NO_UPDATE_NOTIFIER: "1", DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1", ...env },
  });
  // A terminal's Ctrl-C reaches the child by itself; we only must outlive it to pass its status on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    stderr.write(`Cannot start '${program}': ${error.message}\n`);
    exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal !== null) {
      exit(128 + ({ SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15, SIGABRT: 6 }[signal] ?? 1));
    }
    exit(code ?? 1);
  });
}

if (argv[1] !== undefined && fileURLToPath(import.meta.url) === argv[1]) main(argv.slice(2));
