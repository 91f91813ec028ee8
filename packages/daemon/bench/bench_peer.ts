/**
 * The other process of the benchmark: sends for ever. Arguments: path of the socket, port. Into a pipe
 * it puts the number of the round into the buffer of slot 0 and fills in the slots of the others; into
 * a switch each frame has its number.
 */

import {
  openPort,
  POLLOUT,
  RING_HEAD,
  ringRelease,
  ringSpace,
  SLOT_LEN_FLAGS,
  slotWord,
} from "@netmap/core";
import { RemoteDevice } from "@netmap/daemon";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import process from "node:process";

const [path, name] = process.argv.slice(2);
const device = new RemoteDevice(path, [nullKind, ...pipes().kinds!, ...vale().kinds!]);
const port = openPort(device, name, { slots: 1024 });
const [tx] = port.txRings;
const { i32 } = port.memory;
const isPipe = name.includes("{");

let next = 0;
function fill(ring: number, slots: number): void {
  const space = ringSpace(i32, ring);
  let at = i32[ring + RING_HEAD];
  for (let n = 0; n < space; n++) {
    const slot = slotWord(ring, at);
    i32[slot + SLOT_LEN_FLAGS] = 60;
    if (!isPipe) i32[(tx.bufOffset(at) >> 2) + 4] = next++;
    else if (at === 0) i32[tx.bufOffset(0) >> 2] = next++;
    at = at + 1 === slots ? 0 : at + 1;
  }
  ringRelease(i32, ring, at);
}

for (let i = 0; i < 1024; i++) {
  i32.set([-1, 0x0002ffff, 0x01000000, 0, 0], tx.bufOffset(i) >> 2);
}
for (;;) {
  fill(tx.word, tx.numSlots);
  port.txsync();
  if (tx.empty()) port.poll(POLLOUT, 1000);
}
