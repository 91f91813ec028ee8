/**
 * pkt-gen: sends packets, counts them, measures how long they take. See `HELP.md`.
 *
 * ```
 *   options.ts --> work.ts: generate() receive() ping() pong() of @netmap/traffic
 *                     '--> progress, once an interval --> report.ts
 * ```
 *
 * @module
 */

import { isValeName, NR_ACCEPT_VNET_HDR, parsePortName, type Port } from "@netmap/core";
import { device, open } from "@netmap/netmap";
import { portHdrGet, portHdrSet } from "@netmap/vale";
import process from "node:process";
import { pause } from "../shared/pause.ts";
import { readHelp, runApp } from "../shared/run_app.ts";
import { stopSignal } from "../shared/stop_signal.ts";
import { type Options, readOptions } from "./options.ts";
import { Report } from "./report.ts";
import { makeWork, type Work } from "./work.ts";

const print = (text: string): unknown => process.stdout.write(text);

function openFor({ port, rings }: Options): Port {
  const given = Object.entries(rings).filter(([, value]) => value > 0);
  const flags = parsePortName(port).flags | NR_ACCEPT_VNET_HDR;
  return open(port, { ...Object.fromEntries(given), flags });
}

/** Bytes of virtio-net header on the port: set by `-H`, else what it has. */
function virtioHeader({ packet, port }: Options, { name }: Port): number {
  if (packet.virtioHeader !== undefined) {
    portHdrSet(device(), name, packet.virtioHeader);
    return packet.virtioHeader;
  }
  return isValeName(port) ? portHdrGet(device(), name) : 0;
}

function introduce({ verbose, role, packet, count, rate }: Options, port: Port, report: Report) {
  const { txRings, rxRings, hostTxRings, hostRxRings, reply, nifp } = port;
  const sends = role === "tx";
  const queues = sends ? txRings.length + hostTxRings.length : rxRings.length + hostRxRings.length;
  const verb = { tx: "Sending on", rx: "Receiving from", ping: "Pinging on", pong: "Answering on" };
  report.say(`${verb[role]} '${port.name}' of '${device().name}': ${queues} queues, 1 thread`);
  if (sends || role === "ping") {
    const { source = packet.ipv6 ? "fd00::1" : "10.0.0.1" } = packet;
    const { target = packet.ipv6 ? "fd00:1::1" : "10.1.0.1" } = packet;
    report.say(
      `${source} -> ${target}, ${count ?? "endless"} packets${rate ? ` at ${rate} pps` : ""}`,
    );
  }
  if (verbose === 0) return;
  report.say(
    `nifp at ${nifp}, ${reply.txRings} tx rings of ${reply.txSlots} slots, ${reply.rxRings} rx ` +
      `rings of ${reply.rxSlots}, memory region ${reply.memId}`,
  );
}

async function run(work: Work, report: Report, { duration, waitLink, reportMs }: Options) {
  using interrupted = stopSignal();
  if (waitLink > 0) report.say(`Waiting ${waitLink} s for the link`);
  await pause(waitLink, interrupted.signal);
  using stop = stopSignal(duration);
  report.start(performance.now());
  const timer = setInterval(() => report.tick(work.progress(), performance.now()), reportMs);
  try {
    await work.run(AbortSignal.any([interrupted.signal, stop.signal]));
  } finally {
    clearInterval(timer);
  }
  report.end(work.progress(), performance.now(), work.histogram, work.sent());
}

await runApp(async (args) => {
  const options = readOptions(args);
  if (options.help) {
    process.stdout.write(await readHelp(new URL("./HELP.md", import.meta.url)));
    return 0;
  }
  using port = openFor(options);
  const packet = { ...options.packet, virtioHeader: virtioHeader(options, port) };
  const work = makeWork(port, { ...options, packet }, print);
  const report = new Report(options, device().name, print);
  introduce(options, port, report);
  await run(work, report, options);
  return 0;
});
