/**
 * Lines of the benchmark for the classic applications' functions, over the embedded device.
 *
 * Before the timed runs every packet's bytes are compared; in them, numbers of packets and bytes at
 * both ends, and that the rings completed all of them.
 *
 * @module
 */

import { openPort, type Port } from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { bridge, generate, type Generator, receive, type Receiver } from "@netmap/traffic";

/** A line of the table, as the harness in `bench/` takes it. */
export interface TrafficLine {
  /** Its name. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps. */
  readonly target?: number;
  /** Makes the ports. */
  open(): TrafficRun;
}

/** A line that is set up. */
export interface TrafficRun {
  /** Moves at least so many frames. @returns how many @throws {Error} when a check failed */
  run(packets: number): number;
  /** Gives everything back. @throws {Error} when a buffer is missing */
  close(): void;
}

const BYTES = 60;
const BURST = 256;
const SLOTS = 1024;
/** Where the receiver is, so that the switch need not flood. */
const TARGET = "02:00:00:00:00:02";

/** The lines. */
export const trafficLines: readonly TrafficLine[] = [
  { name: "pkt-gen/tx/60", bytesPerPacket: BYTES, open: openSwitch },
  { name: "bridge/pipes/60", bytesPerPacket: BYTES, target: 15, open: openBridge },
];

/** Who sends, who receives, and what is between. */
interface Way {
  readonly sender: Port;
  readonly receiver: Port;
  readonly between: () => void;
}

function openSwitch(): TrafficRun {
  return openRun((engine, open) => {
    const sender = open("vale0:a");
    const receiver = open("vale0:b");
    const frame = new Uint8Array(BYTES).fill(255, 0, 6);
    frame.set([2, 0, 0, 0, 0, 2], 6);
    receiver.send([frame]);
    check("frames that teach", sender.receive().length, 1);
    sender.receive();
    check("ports", engine.ports.size, 2);
    return { sender, receiver, between: () => {} };
  });
}

function openBridge(): TrafficRun {
  return openRun((_engine, open) => {
    const sender = open("netmap:p{1");
    const joined = bridge(open("netmap:p}1"), open("netmap:q{1"));
    check("swapping", Number(joined.zeroCopy), 1);
    const receiver = open("netmap:q}1");
    return { sender, receiver, between: () => void joined.step() };
  });
}

function openRun(make: (engine: Engine, open: (name: string) => Port) => Way): TrafficRun {
  const engine = embeddedEngine();
  const { bufs } = engine.region(1);
  const free = bufs.free;
  const ports: Port[] = [];
  const way = make(engine, (name) => {
    const port = openPort(engine.device, { name: name.replace("netmap:", ""), slots: SLOTS });
    ports.push(port);
    return port;
  });
  checkEachFrame(way);
  const packet = { length: BYTES, targetMac: TARGET };
  const sender = generate(way.sender, { packet, burst: BURST });
  const receiver = receive(way.receiver, { burst: SLOTS });
  return {
    run: (packets) => move(way, sender, receiver, packets),
    close(): void {
      for (const port of ports) port.close();
      check("free buffers at the end", bufs.free, free);
      engine.close();
    },
  };
}

/** Sends packets with addresses and lengths that change, and compares what comes byte by byte. */
function checkEachFrame(way: Way): void {
  const sent: Uint8Array[] = [];
  const packet = {
    ...{ length: 1514, minLength: 60, targetMac: TARGET },
    source: "10.0.0.1:1-10.0.0.9:9",
  };
  const sender = generate(way.sender, {
    ...{ packet, burst: 100 },
    onPacket: ({ ring }, slot) => void sent.push(ring.packet(slot).slice()),
  });
  let seen = 0;
  const receiver = receive(way.receiver, {
    onPacket: ({ ring }, slot) => {
      const bytes = ring.packet(slot);
      const wanted = sent[seen++];
      check("bytes of a frame", bytes.length, wanted.length);
      check("bytes that differ", bytes.filter((byte, i) => byte !== wanted[i]).length, 0);
    },
  });
  while (sender.queued < 3 * SLOTS) {
    sender.step();
    way.between();
    receiver.step();
  }
  finish(way, sender, receiver);
}

function move(way: Way, sender: Generator, receiver: Receiver, packets: number): number {
  const packetsBefore = receiver.packets;
  const bytesBefore = receiver.bytes;
  const wanted = packetsBefore + packets;
  while (receiver.packets < wanted) {
    sender.step();
    way.between();
    receiver.step();
  }
  finish(way, sender, receiver);
  const moved = receiver.packets - packetsBefore;
  check("bytes received", receiver.bytes - bytesBefore, moved * BYTES);
  return moved;
}

/** Lets what is under way come through. */
function finish(way: Way, sender: Generator, receiver: Receiver): void {
  for (let n = 0; n < 8; n++) {
    way.between();
    receiver.step();
    way.sender.txsync();
  }
  check("packets received", receiver.packets, sender.queued);
  check("packets completed", sender.completed, sender.queued);
}

function check(what: string, got: number, expected: number): void {
  if (got !== expected) {
    throw new Error(`Cannot trust the run as ${what} is ${got}, not ${expected}`);
  }
}
