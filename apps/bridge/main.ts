/**
 * bridge: two ports, one wire. See `HELP.md`.
 *
 * ```
 *   options.ts --> bridge() of @netmap/traffic --> once a second: report.ts
 * ```
 *
 * @module
 */

import type { Port } from "@netmap/core";
import { device, open } from "@netmap/netmap";
import { bridge } from "@netmap/traffic";
import process from "node:process";
import { readHelp, runApp } from "../shared/run_app.ts";
import { stopSignal } from "../shared/stop_signal.ts";
import { pause } from "../shared/pause.ts";
import { type Options, readOptions } from "./options.ts";
import { Report } from "./report.ts";

const TICK_MS = 1000;

/** Opens both ports, gives them to `work`, and closes them whatever happens. */
async function withPorts<T>(
  { a, b }: Options,
  work: (first: Port, second: Port) => Promise<T>,
): Promise<T> {
  using first = open(a);
  if (a === b) return await work(first, first);
  using second = open(b);
  return await work(first, second);
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  return await withPorts(options, async (first, second) => {
    const { batch, zeroCopy, busyWait, waitLink, duration } = options;
    const joined = bridge(first, second, { batch, zeroCopy, busyWait });
    const report = new Report(joined, options, device().name, (text) => process.stdout.write(text));
    report.begin(first, second);
    using interrupted = stopSignal();
    await pause(waitLink, interrupted.signal);
    using stop = stopSignal(duration);
    const signal = AbortSignal.any([interrupted.signal, stop.signal]);
    report.start(performance.now());
    const timer = setInterval(() => report.tick(performance.now()), TICK_MS);
    try {
      await joined.run(signal);
    } finally {
      clearInterval(timer);
    }
    report.end(performance.now());
    return 0;
  });
});
