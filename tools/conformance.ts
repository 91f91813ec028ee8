// `npm run conformance`: the conformance suite by hand, on this machine's netmap or on the embedded one.
// Prints a line a case and last of all `N passed, N failed, N skipped`, each skip with its reason. Ends with
// status 1 when a case failed or none passed. `npm run conformance:bundle` makes one file of it.

import { KernelDevice } from "@netmap/core";
import {
  type CaseResult,
  CONFORMANCE_CASES,
  type ConformanceTarget,
  probe,
  runCases,
  summaryOf,
} from "@netmap/core/conformance";
import { engineIoctl, settled } from "@netmap/engine/testing";
import { embeddedEngine } from "@netmap/netmap";
import process from "node:process";

const USAGE =
  `npm run conformance -- [--device kernel|kernel:PATH|embedded] [--interface NAME] [--json]
                          [--list] [TEXT...]

Tries everything that netmap's users rely on, on one device.
--device     the kernel's netmap (at PATH, /dev/netmap by default), or the embedded one, which is the default
--interface  a network interface to be tried too: it is opened and attached to a switch, nothing is sent on it
--json       a JSON object a line in place of text
--list       names the cases and runs none
TEXT         runs the cases whose area and name contain one of the texts
`;

interface Options {
  readonly device: string;
  readonly interface: string | undefined;
  readonly json: boolean;
  readonly list: boolean;
  readonly texts: readonly string[];
}

function parse(args: readonly string[]): Options {
  const values = new Map<string, string>();
  const flags = new Set<string>();
  const texts: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const match = /^--(device|interface)(?:=(.*))?$/.exec(args[i]!);
    if (match !== null) {
      const value = match[2] ?? args[++i];
      if (value === undefined) throw new Error(`Missing value of '--${match[1]}'\n\n${USAGE}`);
      values.set(match[1]!, value);
    } else if (args[i] === "--json" || args[i] === "--list") flags.add(args[i]!);
    else if (args[i]!.startsWith("-")) throw new Error(`Unknown option '${args[i]}'\n\n${USAGE}`);
    else texts.push(args[i]!);
  }
  const device = values.get("device") ?? "embedded";
  if (!/^(embedded|kernel(:.+)?)$/.test(device)) {
    throw new Error(`Unknown device '${device}': it is 'kernel', 'kernel:PATH' or 'embedded'`);
  }
  return {
    device,
    interface: values.get("interface"),
    json: flags.has("--json"),
    list: flags.has("--list"),
    texts,
  };
}

interface Opened {
  readonly target: ConformanceTarget;
  close(): void;
}

function open(options: Options): Opened {
  const given = options.interface === undefined ? {} : { interface: options.interface };
  if (options.device === "embedded") {
    const engine = embeddedEngine();
    const target = probe({ device: engine.device, rawIoctl: engineIoctl, ...given });
    return { target: { ...target, settled: settled(engine) }, close: () => engine.close() };
  }
  const device = new KernelDevice(options.device.slice("kernel:".length) || undefined);
  device.open().close(); // says what to do where there is none
  return { target: probe({ device, ...given }), close: () => {} };
}

function lineOf({ status, area, name, reason, reference, ms }: CaseResult): string {
  const mark = { passed: "ok  ", failed: "FAIL", skipped: "skip" }[status];
  const line = `${mark} ${area}: ${name}`;
  if (status === "passed") return `${line} (${ms.toFixed(1)} ms)`;
  const note = status === "failed" && reference !== "" ? `\n     netmap: ${reference}` : "";
  return `${line}\n     ${reason}${note}`;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const options = parse(args);
  const wanted = ({ area, name }: { area: string; name: string }): boolean =>
    options.texts.length === 0 || options.texts.some((text) => `${area}: ${name}`.includes(text));
  const cases = CONFORMANCE_CASES.filter(wanted);
  if (options.list) {
    for (const { area, name } of cases) console.log(`${area}: ${name}`);
    return 0;
  }
  const { target, close } = open(options);
  if (!options.json) {
    const has = [...target.capabilities].join(", ");
    console.log(`On ${target.device.name}, ${runtimeName()}, which has: ${has}`);
  }
  const results: CaseResult[] = [];
  try {
    for await (const result of runCases(cases, target)) {
      results.push(result);
      console.log(options.json ? JSON.stringify(result) : lineOf(result));
    }
  } finally {
    close();
  }
  const summary = summaryOf(results);
  console.log(options.json ? JSON.stringify({ summary, device: target.device.name }) : summary);
  const passed = results.some((one) => one.status === "passed");
  return passed && !results.some((one) => one.status === "failed") ? 0 : 1;
}

function runtimeName(): string {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  return bun !== undefined ? `Bun ${bun}` : `Deno ${deno ?? "?"}`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
