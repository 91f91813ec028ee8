/**
 * vale-bridge: a VALE switch between interfaces, or a demonstration of one. See `HELP.md`.
 *
 * ```
 *   options.ts --> Demo or Bridge --> the switch --> totals.ts --> a report, once a second
 * ```
 *
 * @module
 */

import { NetmapError } from "@netmap/core";
import { EOPNOTSUPP } from "@netmap/core";
import { device, sharedEngine } from "@netmap/netmap";
import { setZeroCopy } from "@netmap/vale";
import process from "node:process";
import { LiveText, usesColor } from "../shared/live_text.ts";
import { readHelp, runApp, runtimeName } from "../shared/run_app.ts";
import { stopSignal } from "../shared/stop_signal.ts";
import { Bridge } from "./bridge.ts";
import { Demo } from "./demo.ts";
import { JsonReport } from "./json_report.ts";
import { type Options, readOptions } from "./options.ts";
import { type Report, type RunInfo, Ticker } from "./report.ts";
import { LiveReport, PlainReport } from "./text_report.ts";
import { knownAddresses, switchTotals } from "./totals.ts";

const TICK_MS = 1000;

function reportFor(options: Options): Report {
  const { switchName, duration, json } = options;
  const info: RunInfo = { switchName, duration, device: device().name, runtime: runtimeName() };
  const { stdout, stderr, env } = process;
  if (json) return new JsonReport(info, (text) => stdout.write(text), (text) => stderr.write(text));
  if (stdout.isTTY) return new LiveReport(info, new LiveText(stdout, usesColor(stdout, env)));
  return new PlainReport(info, (text) => stdout.write(text));
}

/** Looks at the ports once a second while the traffic runs, and at last checks it all. */
async function run(options: Options): Promise<boolean> {
  const engine = sharedEngine();
  const { switchName, ports, duration, zeroCopy } = options;
  using traffic = ports.length > 0
    ? new Bridge(engine, switchName, ports)
    : new Demo(engine.device, switchName);
  if (zeroCopy) setZeroCopy(engine, switchName, true);
  using stop = stopSignal(duration);
  const report = reportFor(options);
  report.begin();
  const ticker = new Ticker(performance.now());
  const timer = setInterval(
    () => report.tick(ticker.tick(switchTotals(engine, switchName), performance.now())),
    TICK_MS,
  );
  try {
    await traffic.run(stop.signal);
  } finally {
    clearInterval(timer);
  }
  const totals = switchTotals(engine, switchName);
  const problems = traffic.problems(totals);
  report.end({
    seconds: ticker.seconds(performance.now()),
    ports: totals,
    addresses: knownAddresses(engine, switchName),
    checked: traffic.checked,
    problems,
  });
  return problems.length === 0;
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  if (device().kind !== "embedded") {
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot count packets on the device '${device().name}', which has no counters: ` +
        "set NETMAP=embedded",
    );
  }
  return await run(options) ? 0 : 1;
});
