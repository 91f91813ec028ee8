/**
 * NIOCTXSYNC and NIOCRXSYNC.
 *
 * @module
 */

import { NR_REG_NULL, NR_REG_ONE_NIC, NR_TIMESTAMP, NS_REPORT } from "../../abi/constants.ts";
import { ENXIO } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal, fails } from "../expect.ts";
import { frame, frames, pattern } from "../frames.ts";

/** Cases of the syncs. */
export const syncCases: readonly ConformanceCase[] = inArea("sync", [], [
  {
    name: "answer ENXIO on a descriptor without a port",
    run(context) {
      const descriptor = context.open();
      fails(ENXIO, () => descriptor.txsync(), "txsync");
      fails(ENXIO, () => descriptor.rxsync(), "rxsync");
    },
  },
  {
    name: "do nothing on a null port, which takes and brings nothing",
    needs: ["null-ports"],
    run(context) {
      const port = context.register(context.plain(), {
        mode: NR_REG_NULL,
        memId: 1,
        txRings: 10,
        rxRings: 5,
        txSlots: 256,
        rxSlots: 100,
      });
      port.put([pattern(60)]);
      port.descriptor.txsync();
      port.descriptor.rxsync();
      equal([port.tx[0].head, port.tx[0].tail], [1, 255], "head and tail of tx ring 0");
      equal([port.rx[4].head, port.rx[4].tail], [0, 0], "head and tail of rx ring 4");
    },
  },
]);

/** Cases of the syncs that a pipe shows. */
export const syncOfPipeCases: readonly ConformanceCase[] = inArea("sync", ["pipes"], [
  {
    name: "carry what was written, byte for byte and in order",
    run(context) {
      const [a, b] = context.pipe();
      const sent = [14, 15, 60, 61, 64, 128, 1500, a.tx[0].bufSize].map((length, i) =>
        frame(2, 1, length, i)
      );
      a.send(sent);
      equal(b.receive(), sent, "the packets");
    },
  },
  {
    name: "carry a slot's flags and ptr",
    run(context) {
      const [a, b] = context.pipe();
      a.put([pattern(60)], 0, NS_REPORT);
      a.tx[0].setPtr(0, 0x1234_5678_9abc_def0n);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal(b.rx[0].slotFlags(0) & NS_REPORT, NS_REPORT, "NS_REPORT");
      equal(b.rx[0].ptr(0), 0x1234_5678_9abc_def0n, "ptr");
    },
  },
  {
    name: "give sent slots back once the reader gave them back",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(10, 2, 1));
      equal(a.tx[0].space(), 21, "free slots after sending 10 of 31");
      b.receive(0, 7);
      a.descriptor.txsync();
      equal(a.tx[0].space(), 21, "free slots while the reader has not synced");
      b.descriptor.rxsync();
      equal(a.tx[0].space(), 21, "free slots while the sender has not synced");
      a.descriptor.txsync();
      equal(a.tx[0].space(), 28, "free slots at last");
    },
  },
  {
    name: "show new packets at rxsync and not before",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(2, 2, 1));
      equal(b.rx[0].space(), 0, "packets before the rxsync");
      b.descriptor.rxsync();
      equal(b.rx[0].space(), 2, "packets after it");
    },
  },
  {
    name: "keep packets that were not taken",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(4, 2, 1));
      equal(b.receive(0, 1).length, 1, "packets taken");
      b.descriptor.rxsync();
      equal(b.rx[0].space(), 3, "packets left");
      a.send(frames(2, 2, 1));
      equal(b.receive().length, 5, "packets left with the new ones");
    },
  },
  {
    name: "send all bound rings",
    run(context) {
      const [a, b] = context.pipe({ txRings: 4, rxRings: 4 });
      for (let ring = 0; ring < 4; ring++) a.put(frames(ring + 1, 2, 1), ring);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal([0, 1, 2, 3].map((ring) => b.take(ring).length), [1, 2, 3, 4], "packets a ring");
    },
  },
  {
    name: "leave rings alone that the descriptor is not bound to",
    run(context) {
      const [a, b] = context.pipe({ txRings: 2, rxRings: 2 });
      const one = context.register(a.name, { mode: NR_REG_ONE_NIC, ringid: 0 });
      a.put(frames(1, 2, 1), 0);
      a.put(frames(1, 2, 1), 1);
      one.descriptor.txsync();
      b.descriptor.rxsync();
      equal([b.take(0).length, b.take(1).length], [1, 0], "packets a ring");
    },
  },
  {
    name: "note the time of a rxsync where NR_TIMESTAMP asks for it",
    run(context) {
      const [a, b] = context.pipe();
      b.rx[0].flags = NR_TIMESTAMP;
      a.send(frames(1, 2, 1));
      const before = Date.now() * 1000;
      b.descriptor.rxsync();
      const off = b.rx[0].ts - before;
      check(off > -2e6 && off < 2e6, `the time stamp is now, and not off by ${off} us`);
    },
  },
  {
    name: "change nothing when there is nothing to do",
    run(context) {
      const [a, b] = context.pipe();
      const state = (): number[] =>
        [a, b].flatMap(({ rings }) => rings.flatMap((r) => [r.head, r.cur, r.tail]));
      const before = state();
      for (const port of [a, b, a, b]) {
        port.descriptor.txsync();
        port.descriptor.rxsync();
      }
      equal(state(), before, "all pointers");
    },
  },
]);
