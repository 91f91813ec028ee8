/**
 * The reading end of a pipe in a process of its own, which has nothing but the memfds. Takes packets
 * until it is killed. Arguments: PID of the owner, its state memfd, its region's memfd, index of the
 * descriptor, byte of the receive ring.
 */

import { openSync } from "node:fs";
import process from "node:process";
import { Ring } from "@netmap/core";
import { AttachedDescriptor, DataPath } from "@netmap/engine";
import { pipeKind } from "./data_path.ts";

const [pid, stateFd, regionFd, index, at] = process.argv.slice(2).map(Number);
const open = (fd: number): number => openSync(`/proc/${pid}/fd/${fd}`, "r+");
const dp = DataPath.attach({ stateFd: open(stateFd), regionFds: [open(regionFd)] }, [pipeKind]);
const descriptor = new AttachedDescriptor(dp, index);
const rx = new Ring(descriptor.memory, at);
// An end for when nobody is there to kill it.
const deadline = performance.now() + 30_000;
while (performance.now() < deadline) {
  descriptor.rxsync();
  while (!rx.empty()) rx.advance(1);
}
