/**
 * vale-ctl: switches and their ports, made, changed and looked at. See `HELP.md`.
 *
 * ```
 *   options.ts --> operations.ts --> one control request
 *             '--> inventory.ts  --> text.ts, or JSON
 * ```
 *
 * @module
 */

import type { NetmapDevice } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { device as pickedDevice, sharedEngine } from "@netmap/netmap";
import process from "node:process";
import { LiveText, usesColor } from "../shared/live_text.ts";
import { readHelp, runApp } from "../shared/run_app.ts";
import { stopSignal } from "../shared/stop_signal.ts";
import { readInventory } from "./inventory.ts";
import { operate } from "./operations.ts";
import { type Options, readOptions } from "./options.ts";
import { InventoryText } from "./text.ts";

const print = (text: string): unknown => process.stdout.write(`${text}\n`);

function runOperation(device: NetmapDevice, options: Options): void {
  const { operation, name, json, verbose } = options;
  const { answer, always } = operate(device, options);
  if (json) {
    print(JSON.stringify({ device: device.name, operation, name, ...answer }));
  } else if (always || verbose > 0) {
    for (const [key, value] of Object.entries(answer)) print(`${`${key}:`.padEnd(12)}${value}`);
  }
}

/** Shows everything, once or again and again until somebody stops it. */
async function list(device: NetmapDevice, engine: Engine | null, options: Options): Promise<void> {
  const { json, watch, verbose } = options;
  const { stdout, env } = process;
  const text = new InventoryText(verbose > 0);
  const live = new LiveText(stdout, usesColor(stdout, env));
  const again = watch !== undefined && stdout.isTTY;
  const show = (): void => {
    const inventory = readInventory(device, engine);
    if (json) return void print(JSON.stringify(inventory));
    const lines = text.lines(inventory, performance.now());
    if (again) live.draw([...lines, "", ["Ctrl-C ends it", "dim"]]);
    else live.finish(watch === undefined ? lines : [...lines, ""]);
  };
  show();
  if (watch === undefined) return;
  using stop = stopSignal();
  const timer = setInterval(show, watch * 1000);
  await new Promise<void>((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  clearInterval(timer);
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  const device = pickedDevice();
  const engine = device.kind === "embedded" ? sharedEngine() : null;
  if (options.operation === "list" && options.name === "") await list(device, engine, options);
  else runOperation(device, options);
  return 0;
});
