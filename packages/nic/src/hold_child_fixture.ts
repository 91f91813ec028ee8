/**
 * Opens an interface, says so, and holds it until it is killed. Prints the error's name and
 * sentence when it cannot.
 *
 * @module
 */

import { NetmapError, openPort } from "@netmap/core";
import { createEngine } from "@netmap/engine";
import process from "node:process";
import { nic } from "./nic.ts";

const engine = createEngine({ features: [nic()] });
try {
  const port = openPort(engine.device, `netmap:${process.argv[2]}`);
  console.log("open", port.rxRings.length);
  setInterval(() => port.rxsync(), 50);
} catch (error) {
  if (!(error instanceof NetmapError)) throw error;
  console.log(error.code, error.message);
  engine.close();
}
