/**
 * A program that says when it is asked to stop, and does not: for the second signal.
 *
 * @module
 */

import process from "node:process";
import { stopSignal } from "./stop_signal.ts";

const seconds = process.argv[2] === undefined ? undefined : Number(process.argv[2]);
const { signal } = stopSignal(seconds);
signal.addEventListener("abort", () => process.stdout.write("stopping\n"));
setInterval(() => {}, 1000);
process.stdout.write("ready\n");
