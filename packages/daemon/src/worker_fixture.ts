/** A Worker that does the one thing that its data says with a port, then says what came of it. */

import { openPort, type Port } from "@netmap/core";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { parentPort, workerData } from "node:worker_threads";
import { workerDevice } from "./client/worker_device.ts";
import type { TransferredPort, WorkerTicket } from "./server/workers.ts";
import { receiveNumbers, sendNumbers } from "./traffic_fixture.ts";

/** What a Worker is told. */
export interface WorkerTask {
  readonly ticket: WorkerTicket;
  /** A port that is handed over, or the name of one to open. */
  readonly port: TransferredPort | string;
  readonly act: "send" | "receive" | "receiveWithGaps" | "sendForEver" | "holdMany";
  readonly packets: number;
  readonly pin?: number;
}

const { ticket, port: given, act, packets, pin }: WorkerTask = workerData;
const kinds = [nullKind, ...pipes().kinds!, ...vale().kinds!];
const device = workerDevice(ticket, kinds, pin === undefined ? {} : { pin });
const port: Port = typeof given === "string" ? openPort(device, given) : device.receivePort(given);
parentPort!.postMessage("ready");

function run(): unknown {
  switch (act) {
    case "send":
      sendNumbers(port, 0, packets);
      return "sent";
    case "receive":
      return receiveNumbers(port, 0, packets - 1, false);
    case "receiveWithGaps":
      return receiveNumbers(port, 0, packets - 1, true);
    case "sendForEver":
      for (let n = 0;; n = (n + 100) % 1_000_000) sendNumbers(port, n, 100);
    case "holdMany":
      for (let i = 0; i < packets; i++) openPort(device, `vale9:p${i}`);
      return "held";
  }
}

const answer = run();
if (act !== "holdMany") {
  port.close();
  device.close();
}
parentPort!.postMessage(answer);
