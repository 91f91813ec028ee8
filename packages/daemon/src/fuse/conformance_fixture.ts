/**
 * Runs the conformance suite on a device file, as a program of its own: in the process that serves
 * the file a system call on it would wait for itself. Prints a line of JSON for each case.
 */

import { KernelDevice } from "@netmap/core";
import { CONFORMANCE_CASES, probe, runCases } from "@netmap/core/conformance";
import process from "node:process";

const device = new KernelDevice(process.argv[2]);
const target = probe({ device, isReference: false });
console.log(JSON.stringify({ capabilities: [...target.capabilities] }));
for await (const result of runCases(CONFORMANCE_CASES, target)) console.log(JSON.stringify(result));
