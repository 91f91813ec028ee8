/**
 * netmapd: an engine served to other processes, and questions to one that runs. See `HELP.md`.
 *
 * @module
 */

import { isRoot, NetmapError } from "@netmap/core";
import { askStatus, type DaemonStatus } from "@netmap/daemon";
import process from "node:process";
import { UsageError } from "../shared/arguments.ts";
import { readHelp, runApp, runtimeName } from "../shared/run_app.ts";
import { stopSignal } from "../shared/stop_signal.ts";
import { type Config, readConfig } from "./config.ts";
import { Daemon, type Log } from "./daemon.ts";
import { type Options, readOptions, usualSocket } from "./options.ts";
import { portsText, rates, statusText, topText } from "./report.ts";

const TICK_MS = 1000;

function logger(json: boolean): Log {
  return (event, fields = {}) => {
    const time = new Date().toISOString();
    process.stdout.write(
      json
        ? `${JSON.stringify({ time, event, ...fields })}\n`
        : `${time} ${event}${
          Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join("")
        }\n`,
    );
  };
}

async function serve(options: Options): Promise<void> {
  const load = (): Config => options.config === undefined ? {} : readConfig(options.config);
  const config = load();
  const log = logger(options.json);
  const daemon = new Daemon(
    options.socket ?? config.socket ?? usualSocket(isRoot()),
    config,
    log,
  );
  if (options.fuse !== undefined) {
    try {
      await daemon.serveFile(options.fuse);
    } catch (error) {
      await daemon.close();
      throw error;
    }
  }
  const reload = (): void => {
    try {
      daemon.reload(load());
      log("reloaded", { config: options.config ?? null });
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof NetmapError)) throw error;
      log("not reloaded", { why: error.message });
    }
  };
  process.on("SIGHUP", reload);
  using stop = stopSignal();
  log("serving", { socket: daemon.socket, pid: process.pid, runtime: runtimeName() });
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  process.off("SIGHUP", reload);
  await daemon.close();
  log("ended");
}

async function top(ask: () => DaemonStatus, json: boolean): Promise<void> {
  using stop = stopSignal();
  let before = ask();
  while (!stop.signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, TICK_MS);
      stop.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    });
    if (stop.signal.aborted) return;
    const after = ask();
    const list = rates(before, after);
    const clear = process.stdout.isTTY ? "\x1b[H\x1b[2J" : "";
    process.stdout.write(json ? `${JSON.stringify(list)}\n` : `${clear}${topText(list)}`);
    before = after;
  }
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  if (options.command === "serve") {
    await serve(options);
    return 0;
  }
  const ask = (): DaemonStatus => askStatus(options.socket ?? usualSocket(isRoot()));
  if (options.command === "top") {
    await top(ask, options.json);
    return 0;
  }
  const status = ask();
  const shown = options.command === "ports" ? status.ports : status;
  const text = options.command === "ports" ? portsText(status) : statusText(status);
  process.stdout.write(options.json ? `${JSON.stringify(shown)}\n` : text);
  return 0;
});
