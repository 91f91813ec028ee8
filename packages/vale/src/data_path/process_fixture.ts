/**
 * A port of a switch in a process of its own, which has nothing but the memfds. Sends as fast as it
 * can until it is killed, frames and frames of several fragments, to one and to all. Arguments: PID
 * of the owner, its state memfd, its region's memfd, index of the descriptor, byte of the transmit ring.
 *
 * @module
 */

import { openSync } from "node:fs";
import process from "node:process";
import { NS_MOREFRAG, Ring } from "@netmap/core";
import { AttachedDescriptor, DataPath } from "@netmap/engine";
import { EVERYBODY, frame } from "./traffic_fixture.ts";
import { valeKind } from "./vale_kind.ts";

const [pid, stateFd, regionFd, index, at] = process.argv.slice(2).map(Number);
const open = (fd: number): number => openSync(`/proc/${pid}/fd/${fd}`, "r+");
const dp = DataPath.attach({ stateFd: open(stateFd), regionFds: [open(regionFd)] }, [valeKind]);
const descriptor = new AttachedDescriptor(dp, index);
const { u8 } = descriptor.memory;
const tx = new Ring(descriptor.memory, at);
const frames = Array.from({ length: 64 }, (_, n) => frame(n % 8 === 0 ? EVERYBODY : 1, 9, n, 100));
// An end for when nobody is there to kill it.
const deadline = performance.now() + 30_000;
for (let sent = 0; performance.now() < deadline; sent++) {
  for (let n = 0; n < 1 + sent % 40; n++) {
    const bytes = frames[(sent + n) % 64];
    const cut = n % 3 === 0 ? 50 : 100;
    u8.set(bytes, tx.bufOffset(tx.head));
    tx.setSlot(tx.head, cut, cut === 50 ? NS_MOREFRAG : 0);
    tx.advance(1);
    if (cut === 100) continue;
    u8.set(bytes.subarray(cut), tx.bufOffset(tx.head));
    tx.setSlot(tx.head, 100 - cut, 0);
    tx.advance(1);
  }
  descriptor.txsync();
}
