/**
 * poll: when it syncs, what it says.
 *
 * @module
 */

import {
  NR_DO_RX_POLL,
  NR_NO_TX_POLL,
  NR_REG_ONE_NIC,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "../../abi/constants.ts";
import { RING_HEAD } from "../../abi/netmap_ring.ts";
import { POLLERR, POLLIN, POLLOUT } from "../../device.ts";
import { PollSet } from "../../sys/poll_set.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal } from "../expect.ts";
import { frames } from "../frames.ts";

const BOTH = POLLIN | POLLOUT;

/** Cases of poll and wait without a port. */
export const pollCases: readonly ConformanceCase[] = inArea("poll", [], [
  {
    name: "says POLLERR on a descriptor without a port",
    run(context) {
      const descriptor = context.open();
      for (const events of [POLLIN, POLLOUT, BOTH]) {
        equal(descriptor.poll(events, 0) & POLLERR, POLLERR, `POLLERR for events ${events}`);
      }
    },
  },
  {
    name: "says POLLERR to a wait on a descriptor without a port",
    async run(context) {
      const descriptor = context.open();
      equal(await descriptor.wait(POLLIN) & POLLERR, POLLERR, "POLLERR");
    },
  },
]);

/** Cases of poll that a pipe shows. */
export const pollOfPipeCases: readonly ConformanceCase[] = inArea("poll", ["pipes"], [
  {
    name: "says POLLOUT while there is room, and POLLIN while there are packets",
    run(context) {
      const [a, b] = context.pipe();
      equal(a.descriptor.poll(BOTH, 0), POLLOUT, "the events of an idle port");
      b.send(frames(1, 1, 2));
      equal(a.descriptor.poll(BOTH, 0), BOTH, "the events once there is a packet");
    },
  },
  {
    name: "says only what is asked for",
    run(context) {
      const [a, b] = context.pipe();
      b.send(frames(1, 1, 2));
      equal(a.descriptor.poll(POLLIN, 0), POLLIN, "the events with POLLIN");
      equal(a.descriptor.poll(POLLOUT, 0), POLLOUT, "the events with POLLOUT");
      equal(a.descriptor.poll(0, 0), 0, "the events with none");
    },
  },
  {
    name: "receives with POLLIN",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      equal(b.rx[0].space(), 0, "packets before the poll");
      b.descriptor.poll(POLLIN, 0);
      equal(b.rx[0].space(), 3, "packets after it");
    },
  },
  {
    name: "does not receive without POLLIN",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      b.descriptor.poll(POLLOUT, 0);
      equal(b.rx[0].space(), 0, "packets");
    },
  },
  {
    name: "sends what is pending, whatever is asked for",
    run(context) {
      for (const events of [POLLIN, POLLOUT]) {
        const [a, b] = context.pipe({}, `${events}`);
        a.put(frames(2, 2, 1));
        a.descriptor.poll(events, 0);
        equal(b.receive().length, 2, `packets sent by poll(${events})`);
      }
    },
  },
  {
    name: "sends with POLLOUT alone where NR_NO_TX_POLL was given",
    run(context) {
      const [a, b] = context.pipe({ flags: NR_NO_TX_POLL });
      a.put(frames(2, 2, 1));
      a.descriptor.poll(POLLIN, 0);
      equal(b.receive().length, 0, "packets sent by poll(POLLIN)");
      a.descriptor.poll(POLLOUT, 0);
      equal(b.receive().length, 2, "packets sent by poll(POLLOUT)");
    },
  },
  {
    name: "keeps NR_NO_TX_POLL to the descriptor that asked for it",
    run(context) {
      const [a, b] = context.pipe();
      const quiet = context.register(a.name, { flags: NR_NO_TX_POLL });
      a.put(frames(1, 2, 1));
      quiet.descriptor.poll(POLLIN, 0);
      equal(b.receive().length, 0, "packets sent by the quiet one");
      a.descriptor.poll(POLLIN, 0);
      equal(b.receive().length, 1, "packets sent by the other");
    },
  },
  {
    name: "takes NR_DO_RX_POLL, and gives no slot back for it without POLLIN",
    run(context) {
      const [a, b] = context.pipe({ flags: NR_DO_RX_POLL });
      equal(b.reply.flags, NR_DO_RX_POLL, "the flags of the reply");
      a.send(frames(3, 2, 1));
      b.receive();
      b.descriptor.poll(POLLOUT, 0);
      a.descriptor.txsync();
      equal(a.tx[0].space(), 28, "the sender's free slots");
    },
    reference:
      "netmap(4) has poll give receive slots back with this flag; no code of netmap reads it",
  },
  {
    name: "gives read slots back with POLLIN",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      b.receive();
      b.descriptor.poll(POLLIN, 0);
      a.descriptor.txsync();
      equal(a.tx[0].space(), 31, "the sender's free slots");
    },
  },
  {
    name: "says no POLLOUT while the ring is full, and again once there is room",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(31, 2, 1));
      equal(a.descriptor.poll(POLLOUT, 0), 0, "the events while it is full");
      b.receive(0, 1);
      b.descriptor.rxsync();
      equal(a.descriptor.poll(POLLOUT, 0), POLLOUT, "the events with room for one");
      equal(a.tx[0].space(), 1, "free slots");
    },
  },
  {
    name: "says POLLIN as long as cur is not at tail",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(2, 2, 1));
      for (let i = 0; i < 3; i++) equal(b.descriptor.poll(POLLIN, 0), POLLIN, "the events");
      b.take(0, 1);
      equal(b.descriptor.poll(POLLIN, 0), POLLIN, "the events with one packet left");
      b.take();
      equal(b.descriptor.poll(POLLIN, 0), 0, "the events with none left");
    },
  },
  {
    name: "waits for new packets where cur was moved to tail and head was not",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(2, 2, 1));
      b.descriptor.rxsync();
      b.rx[0].cur = b.rx[0].tail;
      equal(b.descriptor.poll(POLLIN, 0), 0, "the events while no more came");
      a.send(frames(1, 2, 1));
      equal(b.descriptor.poll(POLLIN, 0), POLLIN, "the events once one more came");
      equal(b.rx[0].space(), 3, "packets, none of them lost");
    },
  },
  {
    name: "returns 0 when the time is over",
    run(context) {
      const [a] = context.pipe();
      const begin = performance.now();
      equal(a.descriptor.poll(POLLIN, 30), 0, "the events");
      const ms = performance.now() - begin;
      check(ms >= 25 && ms < 2000, `it took some 30 ms, and not ${ms}`);
    },
  },
  {
    name: "looks at every ring of the descriptor",
    run(context) {
      const [a, b] = context.pipe({ txRings: 3, rxRings: 3 });
      a.put(frames(1, 2, 1), 2);
      equal(a.descriptor.poll(POLLIN, 0), 0, "the sender's events");
      equal(b.descriptor.poll(POLLIN, 0), POLLIN, "the receiver's events");
      equal(b.rx.map((ring) => ring.space()), [0, 0, 1], "packets a ring");
    },
  },
  {
    name: "looks at no ring that the descriptor is not bound to",
    run(context) {
      const [a, b] = context.pipe({ txRings: 2, rxRings: 2 });
      const one = context.register(b.name, { mode: NR_REG_ONE_NIC, ringid: 0 });
      a.put(frames(1, 2, 1), 1);
      a.descriptor.txsync();
      equal(one.descriptor.poll(POLLIN, 0), 0, "the events");
    },
  },
  {
    name: "says POLLOUT when one of several rings has room",
    run(context) {
      const [a] = context.pipe({ txRings: 2, rxRings: 2 });
      a.put(frames(31, 2, 1), 0);
      equal(a.descriptor.poll(POLLOUT, 0), POLLOUT, "the events");
      a.put(frames(31, 2, 1), 1);
      equal(a.descriptor.poll(POLLOUT, 0), 0, "the events with both full");
    },
  },
  {
    name: "says nothing of a direction that is not bound",
    run(context) {
      const name = `${context.plain()}{1`;
      const tx = context.register(name, { flags: NR_TX_RINGS_ONLY });
      const rx = context.register(name, { flags: NR_RX_RINGS_ONLY });
      equal(tx.descriptor.poll(BOTH, 0), POLLOUT, "the events of the tx rings");
      equal(rx.descriptor.poll(BOTH, 0), 0, "the events of the rx rings");
    },
  },
  {
    name: "says POLLERR for a ring that it had to reset, and no more afterwards",
    run(context) {
      const [a, b] = context.pipe();
      a.memory.i32[a.tx[0].word + RING_HEAD] = 1000;
      equal(a.descriptor.poll(POLLOUT, 0) & POLLERR, POLLERR, "POLLERR of a tx ring");
      equal(a.descriptor.poll(POLLOUT, 0), POLLOUT, "the events afterwards");
      b.memory.i32[b.rx[0].word + RING_HEAD] = 1000;
      equal(b.descriptor.poll(POLLIN, 0) & POLLERR, POLLERR, "POLLERR of a rx ring");
      equal(b.descriptor.poll(POLLIN, 0), 0, "the events afterwards");
    },
  },
]);

/** Cases of waiting without blocking, and of the descriptor in another's hands. */
export const waitCases: readonly ConformanceCase[] = inArea("poll", ["pipes"], [
  {
    name: "ends a wait at once when its event holds",
    async run(context) {
      const [a, b] = context.pipe();
      equal(await a.descriptor.wait(POLLOUT), POLLOUT, "the events of an idle port");
      b.send(frames(1, 1, 2));
      equal(await a.descriptor.wait(POLLIN), POLLIN, "the events with a packet");
    },
  },
  {
    name: "ends a wait when a packet comes",
    async run(context) {
      const [a, b] = context.pipe();
      const waited = b.descriptor.wait(POLLIN);
      setTimeout(() => a.send(frames(1, 2, 1)), 5);
      equal(await waited, POLLIN, "the events");
      equal(b.take().length, 1, "packets, which the wait has received");
    },
  },
  {
    name: "ends a wait when room is made",
    async run(context) {
      const [a, b] = context.pipe();
      a.send(frames(31, 2, 1));
      const waited = a.descriptor.wait(POLLOUT);
      setTimeout(() => {
        b.receive();
        b.descriptor.rxsync();
      }, 5);
      equal(await waited, POLLOUT, "the events");
    },
  },
  {
    name: "rejects a wait with the reason of its signal",
    async run(context) {
      const [a] = context.pipe();
      const controller = new AbortController();
      const waited = a.descriptor.wait(POLLIN, controller.signal).then(
        () => null,
        (error) => error,
      );
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), 5);
      check(await waited === reason, "it is the signal's reason");
      a.descriptor.txsync();
    },
  },
  {
    name: "rejects a wait whose signal is aborted already",
    async run(context) {
      const [a] = context.pipe();
      const reason = new Error("too late");
      const error = await a.descriptor.wait(POLLIN, AbortSignal.abort(reason)).catch((why) => why);
      check(error === reason, "it is the signal's reason");
    },
  },
  {
    name: "ends a wait with POLLERR when the descriptor is closed",
    async run(context) {
      const [a] = context.pipe();
      const waited = a.descriptor.wait(POLLIN);
      setTimeout(() => a.close(), 5);
      equal(await waited & POLLERR, POLLERR, "POLLERR");
    },
  },
  {
    name: "wakes every descriptor that waits for a ring",
    async run(context) {
      const [a, b] = context.pipe();
      const other = context.register(b.name);
      const waits = Promise.all([b.descriptor.wait(POLLIN), other.descriptor.wait(POLLIN)]);
      setTimeout(() => a.send(frames(1, 2, 1)), 5);
      equal(await waits, [POLLIN, POLLIN], "the events");
    },
  },
  {
    name: "has a descriptor that poll(2) finds readable once a packet came",
    needs: ["real-fd"],
    run(context) {
      const [a, b] = context.pipe();
      const { fd } = b.descriptor;
      check(Number.isInteger(fd) && fd >= 0, "it is a descriptor");
      b.descriptor.poll(POLLIN, 0);
      const set = new PollSet();
      set.add(fd, POLLIN);
      equal(set.wait(0), 0, "the number of ready descriptors before");
      a.send(frames(1, 2, 1));
      equal(set.wait(1000), 1, "the number of ready descriptors after");
      equal(set.revents(0) & POLLIN, POLLIN, "POLLIN");
      equal(b.receive().length, 1, "packets");
    },
  },
]);
