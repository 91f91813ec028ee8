/**
 * The learning bridge: who receives what.
 *
 * @module
 */

import { NS_INDIRECT, NS_MOREFRAG, NS_PORT_SHIFT } from "../../abi/constants.ts";
import { runtime } from "../../runtime/pick.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal } from "../expect.ts";
import { EVERYBODY, frame, frames, pattern } from "../frames.ts";

/** Cases of where frames go. */
export const valeCases: readonly ConformanceCase[] = inArea("vale", ["vale"], [
  {
    name: "sends a frame for everybody to all other ports, and not back",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1)]);
      equal(b.receive(), [frame(EVERYBODY, 1)], "what b received");
      equal(c.receive(), [frame(EVERYBODY, 1)], "what c received");
      equal(a.receive(), [], "what a received");
    },
  },
  {
    name: "sends a frame for a station that it does not know to all other ports",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send([frame(77, 1)]);
      equal([a, b, c].map((port) => port.receive().length), [0, 1, 1], "packets a port");
    },
  },
  {
    name: "learns where stations are, and sends to their ports alone",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1)]);
      for (const port of [b, c]) port.receive();
      b.send([frame(1, 2)]);
      equal(a.receive(), [frame(1, 2)], "what a received");
      equal(c.receive(), [], "what c received");
      a.send([frame(2, 1)]);
      equal([b, c].map((port) => port.receive().length), [1, 0], "packets a port");
    },
  },
  {
    name: "learns many stations of one port",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send(Array.from({ length: 50 }, (_, i) => frame(EVERYBODY, 100 + i)));
      for (const port of [b, c]) port.receive();
      b.send(Array.from({ length: 50 }, (_, i) => frame(100 + i, 2)));
      check(a.receive().length === 50, "a received them all");
      const extra = c.receive().length;
      check(extra <= 5, `c, for whom none was, received few of them, and not ${extra}`);
    },
    reference: "netmap's table holds one station a bucket, so that two may displace each other",
  },
  {
    name: "follows a station that moved",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1)]);
      c.send([frame(EVERYBODY, 1)]);
      for (const port of [a, b, c]) port.receive();
      b.send([frame(1, 2)]);
      equal([a, c].map((port) => port.receive().length), [0, 1], "packets a port");
    },
  },
  {
    name: "learns no station from a frame whose source is a group's address",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      const odd = frame(EVERYBODY, 5);
      odd[6] |= 1;
      a.send([odd]);
      for (const port of [b, c]) port.receive();
      const answer = frame(5, 2);
      answer[0] |= 1;
      b.send([answer]);
      equal([a, c].map((port) => port.receive().length), [1, 1], "packets a port");
    },
  },
  {
    name: "sends nothing to the port that it came from",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1), frame(EVERYBODY, 2)]);
      b.receive();
      a.send([frame(2, 1)]);
      equal([a, b].map((port) => port.receive().length), [0, 0], "packets a port");
    },
  },
  {
    name: "drops frames that are too short to have addresses",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.send([new Uint8Array(13).fill(0xff), new Uint8Array(0), frame(EVERYBODY, 1, 14)]);
      equal(b.receive(), [frame(EVERYBODY, 1, 14)], "what b received");
      equal(a.tx[0].space(), 63, "the sender's free slots");
    },
  },
  {
    name: "drops slots that say they are longer than a buffer",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.put([frame(EVERYBODY, 1), frame(EVERYBODY, 2)]);
      a.tx[0].setLen(0, a.tx[0].bufSize + 1);
      a.descriptor.txsync();
      equal(b.receive(), [frame(EVERYBODY, 2)], "what b received");
    },
  },
  {
    name: "keeps switches apart",
    run(context) {
      const shape = { txSlots: 64, rxSlots: 64 };
      const a = context.register(context.vale("a", "A"), shape);
      const b = context.register(context.vale("b", "B"), shape);
      a.send([frame(EVERYBODY, 1)]);
      equal(b.receive(), [], "what a port of another switch received");
    },
  },
  {
    name: "forgets a station with its port",
    run(context) {
      const [a, b, c] = ["a", "b", "c"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1)]);
      for (const port of [b, c]) port.receive();
      a.close();
      context.port("d");
      b.send([frame(1, 2)]);
      equal(c.receive(), [frame(1, 2)], "what c received");
    },
    reference: "netmap keeps the entry, and a new port of that number receives the frames alone",
    oursOnly: true,
  },
  {
    name: "sends to ring k what was sent on ring k, and to ring 0 what is for everybody",
    run(context) {
      const a = context.port("a", { txRings: 4 });
      const b = context.port("b", { rxRings: 2 });
      b.send([frame(EVERYBODY, 2)]);
      for (let ring = 0; ring < 4; ring++) a.put([frame(2, 1, 60 + ring)], ring);
      a.put([frame(EVERYBODY, 1, 70)], 3);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      const lengths = [0, 1].map((ring) => b.take(ring).map((packet) => packet.length).sort());
      equal(lengths, [[60, 62, 70], [61, 63]], "the lengths a ring");
    },
  },
  {
    name: "sends nothing to a port that has no receive ring open",
    run(context) {
      const [a, c] = ["a", "c"].map((name) => context.port(name));
      const b = context.port("b", { flags: 0x4000 });
      a.send(frames(3, EVERYBODY, 1));
      equal([c.receive().length, b.rx.length], [3, 0], "packets at c, and rings at b");
    },
  },
]);

/** Cases of what frames look like when they arrive. */
export const valeDataCases: readonly ConformanceCase[] = inArea("vale", ["vale"], [
  {
    name: "copies frames of every length, byte for byte and in order",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      const lengths = [
        14,
        15,
        59,
        60,
        61,
        63,
        64,
        65,
        127,
        128,
        1023,
        1024,
        1025,
        1514,
        2047,
        2048,
      ];
      const sent = lengths.map((length) => frame(EVERYBODY, 1, Math.min(length, a.tx[0].bufSize)));
      a.send(sent);
      equal(b.receive(), sent, "what b received");
    },
  },
  {
    name: "leaves sender and receiver their own buffers",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      const before = [a.slotBuffers(), b.slotBuffers()];
      a.send(frames(20, EVERYBODY, 1));
      b.receive();
      equal([a.slotBuffers(), b.slotBuffers()], before, "the buffers in all slots");
    },
  },
  {
    name: "sends a packet of several slots as one, and says of how many slots it is",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      const pieces = [frame(EVERYBODY, 1, 1500), pattern(2000, 2), pattern(300, 3)];
      a.putPieces(pieces, NS_MOREFRAG);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      const flags = [0, 1, 2].map((i) => b.rx[0].slotFlags(i));
      equal(flags.map((each) => each & NS_MOREFRAG), [NS_MOREFRAG, NS_MOREFRAG, 0], "NS_MOREFRAG");
      equal(flags.map((each) => each >> NS_PORT_SHIFT), [3, 3, 3], "the number of slots");
      equal(b.take(), pieces, "the pieces");
    },
  },
  {
    name: "says that a packet of one slot is of one slot",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.send([frame(EVERYBODY, 1)]);
      b.descriptor.rxsync();
      equal(b.rx[0].slotFlags(0), 1 << NS_PORT_SHIFT, "the slot's flags");
    },
  },
  {
    name: "sends a packet of several slots whole or not at all",
    run(context) {
      const a = context.port("a");
      const b = context.port("b", { rxSlots: 8 });
      const pieces = [frame(EVERYBODY, 1, 100), pattern(100), pattern(100)];
      for (let i = 0; i < 4; i++) a.putPieces(pieces, NS_MOREFRAG);
      a.descriptor.txsync();
      equal(b.receive().length, 6, "slots: two packets of three, of 7 that are free");
    },
  },
  {
    name: "drops a packet whose last slots are missing",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.put([frame(EVERYBODY, 1, 100), pattern(100)], 0, NS_MOREFRAG);
      a.descriptor.txsync();
      equal(b.receive(), [], "what b received");
      equal(a.tx[0].space(), 63, "the sender's free slots");
      a.send([frame(EVERYBODY, 2)]);
      equal(b.receive(), [frame(EVERYBODY, 2)], "what b received of what came next");
    },
    reference: "netmap sends what is there, as if it were the whole packet",
    oursOnly: true,
  },
  {
    name: "drops a packet one of whose slots says that it is longer than a buffer",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.putPieces([frame(EVERYBODY, 1, 100), pattern(100), pattern(100)], NS_MOREFRAG);
      a.put([frame(EVERYBODY, 2)]);
      a.tx[0].setLen(1, a.tx[0].bufSize + 1);
      a.descriptor.txsync();
      equal(b.receive(), [frame(EVERYBODY, 2)], "what b received");
    },
    reference: "netmap sends it with an empty piece in that slot's place",
    oursOnly: true,
  },
  {
    name: "takes all that is sent, and drops what a receiver has no room for",
    run(context) {
      const a = context.port("a");
      const b = context.port("b", { rxSlots: 16 });
      a.send(frames(40, EVERYBODY, 1));
      equal(a.tx[0].space(), 63, "the sender's free slots");
      equal(b.receive(), frames(40, EVERYBODY, 1).slice(0, 15), "what b received");
      a.send(frames(5, EVERYBODY, 1));
      equal(b.receive(), [], "what b received while it had given nothing back");
      a.send(frames(5, EVERYBODY, 1));
      equal(b.receive().length, 5, "packets once it had");
    },
  },
  {
    name: "drops for the slow receiver alone",
    run(context) {
      const a = context.port("a");
      const slow = context.port("b", { rxSlots: 8 });
      const fast = context.port("c");
      a.send(frames(20, EVERYBODY, 1));
      equal([slow.receive().length, fast.receive().length], [7, 20], "packets a port");
    },
  },
  {
    name: "carries thousands of frames in order",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      b.send([frame(EVERYBODY, 2)]);
      a.receive();
      let next = 0;
      for (let round = 0; round < 100; round++) {
        a.send(Array.from({ length: 40 }, (_, i) => frame(2, 1, 60, round * 40 + i)));
        for (const packet of b.receive()) {
          equal(packet, frame(2, 1, 60, next), `frame ${next}`);
          next++;
        }
        b.descriptor.rxsync();
      }
      equal(next, 4000, "frames");
    },
  },
  {
    name: "sends what is at the address in ptr where a slot says NS_INDIRECT",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      const sent = frame(EVERYBODY, 1, 200, 42);
      a.put([new Uint8Array(200)], 0, NS_INDIRECT);
      a.tx[0].setPtr(0, BigInt(runtime().addressOf(sent)));
      a.descriptor.txsync();
      equal(b.receive(), [sent], "what b received");
    },
  },
  {
    name: "sends nothing of memory that is not the sender's where a slot says NS_INDIRECT",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.put([frame(EVERYBODY, 1), frame(EVERYBODY, 2)], 0, 0);
      a.tx[0].setSlot(0, 60, NS_INDIRECT);
      a.tx[0].setPtr(0, 16n);
      a.descriptor.txsync();
      equal(b.receive(), [frame(EVERYBODY, 2)], "what b received");
    },
  },
  {
    name: "does not let a bad buffer index do harm",
    run(context) {
      const [a, b] = ["a", "b"].map((name) => context.port(name));
      a.put([frame(EVERYBODY, 1), frame(EVERYBODY, 2)]);
      const slot = a.tx[0].word + 64;
      const good = a.memory.i32[slot];
      a.memory.i32[slot] = 0x7fffffff;
      a.descriptor.txsync();
      const got = b.receive();
      equal(got.at(-1), frame(EVERYBODY, 2), "the packet of the good slot");
      check(got.length <= 2, "no more came than was sent");
      a.memory.i32[slot] = good;
    },
  },
]);
