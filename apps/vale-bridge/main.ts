/**
 * vale-bridge: a VALE switch between interfaces, or a demonstration of one. See `HELP.md`.
 *
 * ```
 *   options.ts --> Demo or Bridge --> the switch
 *                        |
 *                        '--> counters, once a second --> a report for people, logs or programs
 * ```
 *
 * @module
 */

import {
  EOPNOTSUPP,
  type NetmapDevice,
  NetmapError,
  pickDevice,
  registerDevice,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
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
import type { Traffic } from "./traffic.ts";

const TICK_MS = 1000;

function reportFor({ switchName, duration, json }: Options, device: NetmapDevice): Report {
  const info: RunInfo = { switchName, duration, device: device.name, runtime: runtimeName() };
  const { stdout, stderr, env } = process;
  const out = (text: string): unknown => stdout.write(text);
  const err = (text: string): unknown => stderr.write(text);
  if (json) return new JsonReport(info, out, err);
  if (stdout.isTTY) return new LiveReport(info, new LiveText(stdout, usesColor(stdout, env)));
  return new PlainReport(info, out, err);
}

/** What is asked for, on the device that `NETMAP` picks. */
function trafficFor(options: Options, device: NetmapDevice, engine: Engine | null): Traffic {
  const { ports, switchName, zeroCopy } = options;
  if (engine === null && (zeroCopy || ports.length > 0)) {
    throw new NetmapError(
      EOPNOTSUPP,
      `Cannot do that on the device '${device.name}', which has neither counters nor zero-copy: ` +
        "set NETMAP=embedded",
    );
  }
  const traffic = engine !== null && ports.length > 0
    ? new Bridge(engine, switchName, ports)
    : new Demo(device, switchName, engine);
  if (engine !== null && zeroCopy) setZeroCopy(engine, switchName, true);
  return traffic;
}

/** Looks at the ports once a second while the traffic runs, and checks it all at the end. */
async function watch(traffic: Traffic, report: Report, duration?: number): Promise<boolean> {
  report.begin();
  const ticker = new Ticker(performance.now());
  using stop = stopSignal(duration);
  const timer = setInterval(
    () => report.tick(ticker.tick(traffic.totals(), performance.now())),
    TICK_MS,
  );
  try {
    await traffic.run(stop.signal);
  } finally {
    clearInterval(timer);
  }
  const seconds = ticker.seconds(performance.now());
  const ports = traffic.totals();
  const problems = traffic.problems(ports);
  const { checked } = traffic;
  report.end({ seconds, ports, addresses: traffic.addresses(), checked, problems });
  return problems.length === 0;
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  using engine = embeddedEngine({ nic: { onNotice: ({ message }) => report.notice(message) } });
  registerDevice({ scheme: "embedded", order: 30, open: () => engine.device });
  const device = pickDevice();
  const report = reportFor(options, device);
  using traffic = trafficFor(options, device, device.kind === "embedded" ? engine : null);
  return await watch(traffic, report, options.duration) ? 0 : 1;
});
