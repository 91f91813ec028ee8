/**
 * REGISTER: what it binds, what it answers, how it ends.
 *
 * @module
 */

import {
  NETMAP_API,
  NI_PRIV_MEM,
  NR_REG_ALL_NIC,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "../../abi/constants.ts";
import { IF_RING_OFS, NETMAP_IF } from "../../abi/netmap_if.ts";
import { registerRequest, requestHeader } from "../../abi/request.ts";
import { structView } from "../../abi/struct_view.ts";
import { EBADF, EBUSY, ENXIO } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal, errnoOf, fails } from "../expect.ts";

/** Cases of REGISTER on switch ports, null ports and the descriptor itself. */
export const registrationCases: readonly ConformanceCase[] = inArea("registration", [], [
  {
    name: "gives no memory before a REGISTER",
    run(context) {
      const descriptor = context.open();
      fails(ENXIO, () => descriptor.memory, "asking for memory");
    },
  },
  {
    name: "answers EBADF to every use of a closed descriptor, and closes twice",
    async run(context) {
      const descriptor = context.open();
      descriptor.close();
      descriptor.close();
      fails(EBADF, () => descriptor.control(registerRequest("x").request), "a request");
      fails(EBADF, () => descriptor.legacy("NIOCGINFO", new Uint8Array(60)), "a legacy request");
      fails(EBADF, () => descriptor.txsync(), "a txsync");
      fails(EBADF, () => descriptor.rxsync(), "a rxsync");
      fails(EBADF, () => descriptor.poll(1, 0), "a poll");
      fails(EBADF, () => descriptor.memory, "asking for memory");
      fails(EBADF, () => descriptor.fd, "asking for the descriptor");
      const waited = await descriptor.wait(1).then(() => 0, (error) => error.errno);
      equal(waited, EBADF, "the errno of a wait");
    },
  },
  {
    name: "registers a null port with the rings and slots that are asked for",
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
      const { txRings, rxRings, txSlots, rxSlots, memId } = port.reply;
      equal([txRings, rxRings, txSlots, rxSlots, memId], [10, 5, 256, 100, 1], "the reply");
      equal([port.tx.length, port.rx.length], [10, 5], "the rings in memory");
      equal([port.tx[9].numSlots, port.rx[4].numSlots], [256, 100], "their slots");
    },
  },
  {
    name: "registers a null port without any ring",
    needs: ["null-ports"],
    run(context) {
      const port = context.register(context.plain(), { mode: NR_REG_NULL, memId: 1 });
      const { txRings, rxRings, txSlots, rxSlots } = port.reply;
      equal([txRings, rxRings, txSlots, rxSlots], [0, 0, 0, 0], "the reply");
      equal(port.rings.length, 0, "the number of rings");
      port.descriptor.txsync();
      port.descriptor.rxsync();
    },
  },
  {
    name: "makes a null port anew for everyone who registers its name",
    needs: ["null-ports"],
    run(context) {
      const fields = { mode: NR_REG_NULL, memId: 1, txRings: 1, txSlots: 8 };
      const a = context.register(context.plain(), fields);
      const b = context.register(context.plain(), { ...fields, txSlots: 16 });
      equal([a.tx[0].numSlots, b.tx[0].numSlots], [8, 16], "the slots");
      check(a.tx[0].word !== b.tx[0].word, "the two have rings of their own");
    },
  },
]);

/** Cases of REGISTER that a switch port shows. */
export const registrationOfPortCases: readonly ConformanceCase[] = inArea(
  "registration",
  ["vale"],
  [
    {
      name: "answers with rings, slots, region and the place of netmap_if",
      run(context) {
        const { reply } = context.register(context.vale());
        check(reply.txRings > 0 && reply.rxRings > 0, "there are rings");
        check(reply.txSlots > 0 && reply.rxSlots > 0, "there are slots");
        check(reply.memId > 0, "the region has a number");
        check(reply.memsize >= reply.offset + NETMAP_IF.size, "netmap_if is in the region");
      },
    },
    {
      name: "leaves mode, ring and flags of the request as they were",
      run(context) {
        const { reply } = context.port("a", {
          mode: NR_REG_ONE_NIC,
          ringid: 1,
          txRings: 2,
          rxRings: 2,
          flags: NR_TX_RINGS_ONLY,
        });
        equal(
          [reply.mode, reply.ringid, reply.flags],
          [NR_REG_ONE_NIC, 1, NR_TX_RINGS_ONLY],
          "they",
        );
      },
    },
    {
      name: "gives the ring and slot counts that are asked for",
      run(context) {
        const asked = { txRings: 3, rxRings: 2, txSlots: 128, rxSlots: 64 };
        const port = context.register(context.vale(), asked);
        const { txRings, rxRings, txSlots, rxSlots } = port.reply;
        equal({ txRings, rxRings, txSlots, rxSlots }, asked, "the reply");
        equal(port.tx.map((ring) => ring.numSlots), [128, 128, 128], "the tx rings' slots");
        equal(port.rx.map((ring) => ring.numSlots), [64, 64], "the rx rings' slots");
      },
    },
    {
      name: "chooses one ring each way and 1024 slots for a switch port that asks for none",
      run(context) {
        const { txRings, rxRings, txSlots, rxSlots } = context.register(context.vale()).reply;
        equal([txRings, rxRings, txSlots, rxSlots], [1, 1, 1024, 1024], "the reply");
      },
    },
    {
      name: "shows later openers the shape that the first one asked for",
      run(context) {
        context.register(context.vale(), { txRings: 2, rxRings: 1, txSlots: 32, rxSlots: 32 });
        const later = context.register(context.vale(), { txRings: 5, txSlots: 512 });
        const { txRings, rxRings, txSlots, rxSlots } = later.reply;
        equal([txRings, rxRings, txSlots, rxSlots], [2, 1, 32, 32], "the second reply");
      },
    },
    {
      name: "gives two openers of one port the same rings",
      run(context) {
        const a = context.port();
        const b = context.port();
        equal(
          b.rings.map((ring) => ring.word),
          a.rings.map((ring) => ring.word),
          "the rings' places",
        );
        check(a.reply.offset !== b.reply.offset, "each has a netmap_if of its own");
      },
    },
    {
      name: "binds one pair of rings in mode ONE_NIC",
      run(context) {
        const shape = { txRings: 3, rxRings: 3 };
        const all = context.port("a", shape);
        const one = context.port("a", { mode: NR_REG_ONE_NIC, ringid: 2 });
        equal([one.tx.length, one.rx.length], [1, 1], "the number of rings");
        equal([one.tx[0].word, one.rx[0].word], [all.tx[2].word, all.rx[2].word], "their places");
        equal([one.tx[0].ringId, one.rx[0].ringId], [2, 2], "their numbers");
      },
    },
    {
      name: "binds ring 0 of the direction that has not so many, in mode ONE_NIC",
      run(context) {
        const one = context.port("a", { txRings: 3, rxRings: 1, mode: NR_REG_ONE_NIC, ringid: 2 });
        equal([one.tx[0].ringId, one.rx[0].ringId], [2, 0], "the rings' numbers");
      },
    },
    {
      name: "binds transmit rings alone with NR_TX_RINGS_ONLY",
      run(context) {
        const port = context.port("a", { txRings: 2, rxRings: 2, flags: NR_TX_RINGS_ONLY });
        equal([port.tx.length, port.rx.length], [2, 0], "the number of rings");
      },
    },
    {
      name: "binds receive rings alone with NR_RX_RINGS_ONLY",
      run(context) {
        const port = context.port("a", { txRings: 2, rxRings: 2, flags: NR_RX_RINGS_ONLY });
        equal([port.tx.length, port.rx.length], [0, 2], "the number of rings");
      },
    },
    {
      name: "binds no ring at all with both of these flags",
      run(context) {
        const port = context.port("a", { flags: NR_TX_RINGS_ONLY | NR_RX_RINGS_ONLY });
        equal(port.rings.length, 0, "the number of rings");
        port.descriptor.txsync();
        port.descriptor.rxsync();
      },
    },
    {
      name: "gives rings that are not bound no entry in the table behind netmap_if",
      run(context) {
        const port = context.port("a", {
          txRings: 2,
          rxRings: 2,
          mode: NR_REG_ONE_NIC,
          ringid: 1,
        });
        const view = structView(NETMAP_IF, port.memory.u8, port.reply.offset);
        const host = view.hostTxRings;
        const entries = Array.from(
          { length: 4 + host + view.hostRxRings },
          (_, i) => port.memory.i32[port.nifWord + IF_RING_OFS + 2 * i] === 0 ? 0 : 1,
        );
        const expected = [0, 1, ...Array(host).fill(0), 0, 1, ...Array(view.hostRxRings).fill(0)];
        equal(entries, expected, "the entries in use");
      },
    },
    {
      name: "describes the port in netmap_if",
      run(context) {
        const port = context.port("a", { txRings: 3, rxRings: 2 });
        const view = structView(NETMAP_IF, port.memory.u8, port.reply.offset);
        equal(view.name, context.vale().slice(0, 15), "ni_name");
        equal(view.version, NETMAP_API, "ni_version");
        equal([view.txRings, view.rxRings], [3, 2], "the ring counts");
        check(view.hostTxRings >= 1 && view.hostRxRings >= 1, "there is place for host rings");
        equal(view.bufsHead, 0, "ni_bufs_head");
      },
    },
    {
      name: "marks a region other than the common one as private in ni_flags",
      run(context) {
        const port = context.port();
        const { flags } = structView(NETMAP_IF, port.memory.u8, port.reply.offset);
        equal((flags & NI_PRIV_MEM) !== 0, port.reply.memId !== 1, "NI_PRIV_MEM");
      },
    },
    {
      name: "answers EBUSY to a second REGISTER on one descriptor, and leaves the first alone",
      run(context) {
        const port = context.port();
        fails(
          EBUSY,
          () => port.descriptor.control(registerRequest(context.vale("b")).request),
          "a second REGISTER",
        );
        const { size } = port.memory;
        equal(size, port.reply.memsize, "the region's size afterwards");
        port.descriptor.txsync();
      },
    },
    {
      name: "lets a descriptor register after a REGISTER that failed",
      run(context) {
        const descriptor = context.open();
        const bad = registerRequest(context.vale(), { mode: NR_REG_ONE_NIC, ringid: 7 });
        check(errnoOf(() => descriptor.control(bad.request)) !== 0, "ring 7 is refused");
        descriptor.control(registerRequest(context.vale()).request);
        descriptor.txsync();
      },
    },
    {
      name: "leaves the body of a REGISTER that failed as it was",
      run(context) {
        const descriptor = context.open();
        const { request, body } = registerRequest(context.vale(), {
          mode: NR_REG_ONE_NIC,
          ringid: 7,
          txSlots: 0,
          extraBufs: 3,
        });
        check(errnoOf(() => descriptor.control(request)) !== 0, "ring 7 is refused");
        equal([body.txSlots, body.extraBufs, body.memsize], [0, 3, 0], "the body");
      },
    },
    {
      name: "ends a switch port with its last opener",
      run(context) {
        const a = context.register(context.vale(), { txSlots: 32, rxSlots: 32 });
        const b = context.register(context.vale());
        a.close();
        const c = context.register(context.vale());
        equal(c.reply.txSlots, 32, "the slots while one is left");
        b.close();
        c.close();
        equal(
          context.register(context.vale()).reply.txSlots,
          1024,
          "the slots once all are closed",
        );
      },
    },
    {
      name: "takes requests of API version 15 too",
      run(context) {
        const descriptor = context.open();
        const { request, body } = registerRequest(context.vale());
        requestHeader(request).version = 15;
        descriptor.control(request);
        check(body.memsize > 0, "it is registered");
      },
    },
    {
      name: "puts a port into the region that is asked for",
      run(context) {
        const a = context.port("a");
        const b = context.port("b", { memId: a.reply.memId, mode: NR_REG_ALL_NIC });
        equal([b.reply.memId, b.reply.memsize], [a.reply.memId, a.reply.memsize], "the region");
      },
    },
  ],
);
