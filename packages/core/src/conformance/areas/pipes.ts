/**
 * Pipes: two ends that share their buffers.
 *
 * @module
 */

import {
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_SW,
  NS_BUF_CHANGED,
  NS_MOREFRAG,
} from "../../abi/constants.ts";
import {
  poolsInfoRequest,
  portHdrGet,
  portInfoRequest,
  registerRequest,
} from "../../abi/request.ts";
import { POLLOUT } from "../../device.ts";
import { EINVAL, ENODEV } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal, fails } from "../expect.ts";
import { frame, frames, pattern } from "../frames.ts";

/** Cases of a pipe's names and shape. */
export const pipeCases: readonly ConformanceCase[] = inArea("pipes", ["pipes"], [
  {
    name: "connect both ends, in both directions",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      equal(b.receive(), frames(3, 2, 1), "the packets from master to slave");
      b.send(frames(2, 1, 2, 100));
      equal(a.receive(), frames(2, 1, 2, 100), "the packets from slave to master");
    },
  },
  {
    name: "connect both ends when the slave was opened first",
    run(context) {
      const slave = context.register(`${context.plain()}}1`, { txSlots: 32, rxSlots: 32 });
      slave.send(frames(1, 1, 2));
      const master = context.register(`${context.plain()}{1`);
      equal(master.receive().length, 1, "packets sent before the master was there");
      master.send(frames(2, 2, 1));
      equal(slave.receive().length, 2, "packets sent afterwards");
    },
  },
  {
    name: "may be called by any text",
    run(context) {
      for (const id of ["0", "4095", "in", "A_b.c-d", "x y"]) {
        const a = context.register(`${context.plain()}{${id}`, { txSlots: 16, rxSlots: 16 });
        const b = context.register(`${context.plain()}}${id}`);
        a.send(frames(1, 2, 1));
        equal(b.receive().length, 1, `packets of pipe '${id}'`);
      }
    },
  },
  {
    name: "of different ids are different pipes",
    run(context) {
      const base = context.plain();
      const [a1, a2] = [1, 2].map((id) => context.register(`${base}{${id}`, { txSlots: 16 }));
      const [b1, b2] = [1, 2].map((id) => context.register(`${base}}${id}`));
      a1.send(frames(1, 2, 1));
      a2.send(frames(2, 2, 1));
      equal([b1.receive().length, b2.receive().length], [1, 2], "packets a pipe");
    },
  },
  {
    name: "refuse modes that bind host rings, and take ALL_NIC on the same descriptor afterwards",
    run(context) {
      const name = `${context.plain()}{id1`;
      const descriptor = context.open();
      for (const mode of [NR_REG_NIC_SW, NR_REG_SW]) {
        const { request } = registerRequest(name, { mode });
        fails(EINVAL, () => descriptor.control(request), `REGISTER in mode ${mode}`);
      }
      descriptor.control(registerRequest(name, { mode: NR_REG_ALL_NIC }).request);
      descriptor.txsync();
    },
  },
  {
    name: "tell about an end that nobody registered",
    run(context) {
      const info = context.ask(portInfoRequest(`${context.plain()}}id3`));
      check(info.memsize > 0 && info.memId > 0, "there is a region");
      check(info.txSlots > 0 && info.rxSlots > 0, "there are slots");
      equal([info.txRings, info.rxRings], [1, 1], "the number of rings");
    },
  },
  {
    name: "tell how the region of an end is divided",
    run(context) {
      const info = context.ask(poolsInfoRequest(`${context.plain()}{xid`));
      check(info.bufPoolObjtotal > 0 && info.ringPoolObjtotal > 0, "there are pools");
    },
  },
  {
    name: "have the rings of one end the other way round at the other",
    run(context) {
      const shape = { txRings: 3, rxRings: 2, txSlots: 32, rxSlots: 16 };
      const [a, b] = context.pipe(shape);
      const { txRings, rxRings, txSlots, rxSlots } = b.reply;
      equal([txRings, rxRings, txSlots, rxSlots], [2, 3, 16, 32], "the slave's reply");
      equal([a.tx.length, a.rx.length, b.tx.length, b.rx.length], [3, 2, 2, 3], "the rings");
    },
  },
  {
    name: "take the shape of a request for the slave as the master's",
    run(context) {
      const slave = context.register(`${context.plain()}}1`, {
        txRings: 3,
        rxRings: 1,
        txSlots: 32,
        rxSlots: 16,
      });
      const { txRings, rxRings, txSlots, rxSlots } = slave.reply;
      equal([txRings, rxRings, txSlots, rxSlots], [1, 3, 16, 32], "the slave's reply");
    },
  },
  {
    name: "have at most 256 rings and 4096 slots",
    run(context) {
      const name = `${context.plain()}{1`;
      const asked = { txRings: 1000, rxRings: 257, txSlots: 5000, rxSlots: 4096 };
      const info = context.ask(portInfoRequest(name, asked));
      equal([info.txRings, info.rxRings], [256, 256], "the number of rings");
      equal([info.txSlots, info.rxSlots], [4096, 4096], "the number of slots");
    },
  },
  {
    name: "connect ring by ring",
    run(context) {
      const [a, b] = context.pipe({ txRings: 4, rxRings: 4 });
      for (let ring = 0; ring < 4; ring++) a.put(frames(1, 2, 1, 60 + ring), ring);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal([0, 1, 2, 3].map((ring) => b.take(ring)[0].length), [60, 61, 62, 63], "the lengths");
    },
  },
  {
    name: "can be opened one ring at a time",
    run(context) {
      const [a] = context.pipe({ txRings: 2, rxRings: 2 });
      const one = context.register(`${context.plain()}}1`, { mode: NR_REG_ONE_NIC, ringid: 1 });
      a.put(frames(3, 2, 1), 1);
      a.descriptor.txsync();
      equal(one.receive(0).length, 3, "packets of ring 1");
    },
  },
  {
    name: "are in the region of their parent",
    needs: ["vale"],
    run(context) {
      const parent = context.port("a");
      const a = context.register(`${context.vale("a")}{1`, { txSlots: 16, rxSlots: 16 });
      const b = context.register(`${context.vale("a")}}1`);
      equal([a.reply.memId, b.reply.memId], [parent.reply.memId, parent.reply.memId], "regions");
      a.send(frames(1, 2, 1));
      equal(b.receive().length, 1, "packets");
    },
  },
  {
    name: "take the slots of their parent where none are asked for",
    needs: ["vale"],
    run(context) {
      context.register(context.vale("a"), { txSlots: 128, rxSlots: 64 });
      const a = context.register(`${context.vale("a")}{1`);
      equal([a.reply.txSlots, a.reply.rxSlots], [128, 64], "the slots");
    },
  },
  {
    name: "can hang on an end of another pipe",
    run(context) {
      const shape = { txSlots: 16, rxSlots: 16 };
      const outer = context.register(`${context.plain()}{1`, shape);
      const inner = context.register(`${context.plain()}{1{2`, { txSlots: 8, rxSlots: 8 });
      equal(inner.reply.memId, outer.reply.memId, "the region");
      equal([inner.tx[0].numSlots, outer.tx[0].numSlots], [8, 16], "the slots");
    },
  },
  {
    name: "that do not exist are no ports for those who may not make them",
    needs: ["vale"],
    run(context) {
      context.pipe();
      fails(ENODEV, () => context.ask(portHdrGet(`${context.plain()}{9`)), "PORT_HDR_GET");
    },
  },
]);

/** Cases of what goes through a pipe. */
export const pipeDataCases: readonly ConformanceCase[] = inArea("pipes", ["pipes"], [
  {
    name: "hand buffers over without a copy",
    run(context) {
      const [a, b] = context.pipe();
      a.put(frames(2, 2, 1));
      const sent = [a.tx[0].bufIdx(0), a.tx[0].bufIdx(1)];
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal([b.rx[0].bufIdx(0), b.rx[0].bufIdx(1)], sent, "the buffers that the reader sees");
      b.memory.u8[b.rx[0].bufOffset(0)] = 0xa5;
      equal(a.memory.u8[a.tx[0].bufferOffset(sent[0])], 0xa5, "a byte of the sender's buffer");
    },
  },
  {
    name: "hand over another buffer that a writer put into a slot",
    run(context) {
      const [a, b] = context.pipe({ extraBufs: 1 });
      const [extra] = a.extraBuffers();
      const old = a.tx[0].bufIdx(0);
      a.memory.u8.set(pattern(60, 9), a.tx[0].bufferOffset(extra));
      a.tx[0].setBufIdx(0, extra);
      a.tx[0].setSlot(0, 60, NS_BUF_CHANGED);
      a.tx[0].advance(1);
      a.setExtraBuffers([old]);
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal(b.rx[0].bufIdx(0), extra, "the buffer that the reader sees");
      equal(b.take(), [pattern(60, 9)], "the packet");
    },
  },
  {
    name: "give back another buffer that a reader put into a slot",
    run(context) {
      const [a, b] = context.pipe({ extraBufs: 1 });
      a.send(frames(1, 2, 1));
      b.descriptor.rxsync();
      const [extra] = b.extraBuffers();
      const packet = b.rx[0].bufIdx(0);
      b.rx[0].setBufIdx(0, extra);
      b.setExtraBuffers([packet]);
      b.take();
      b.descriptor.rxsync();
      a.descriptor.txsync();
      equal(a.tx[0].bufIdx(0), extra, "the buffer that the writer gets back");
      equal(a.tx[0].slotFlags(0) & NS_BUF_CHANGED, NS_BUF_CHANGED, "NS_BUF_CHANGED, which says so");
      equal(b.rx[0].slotFlags(0) & NS_BUF_CHANGED, 0, "NS_BUF_CHANGED in the reader's slot");
    },
  },
  {
    name: "hold one packet less than they have slots, and no more",
    run(context) {
      const [a, b] = context.pipe({ txSlots: 16, rxSlots: 16 });
      a.send(frames(15, 2, 1));
      equal(a.tx[0].space(), 0, "free slots");
      equal(a.descriptor.poll(POLLOUT, 0), 0, "the sender's events");
      equal(b.receive().length, 15, "packets");
    },
  },
  {
    name: "keep what a reader left, and take as many as there is room for",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(10, 2, 1));
      equal(b.receive(0, 7).length, 7, "packets taken");
      b.descriptor.rxsync();
      a.descriptor.txsync();
      equal(31 - a.tx[0].space(), 3, "slots that still wait for the reader");
      a.send(frames(28, 2, 1));
      equal(a.tx[0].space(), 0, "free slots");
      equal(b.receive().length, 31, "packets left and new");
    },
  },
  {
    name: "show a packet of several slots once its last slot came",
    run(context) {
      const [a, b] = context.pipe();
      const pieces = [pattern(2000, 1), pattern(2000, 2), pattern(500, 3)];
      a.put(pieces.slice(0, 2), 0, NS_MOREFRAG);
      a.descriptor.txsync();
      equal(b.receive().length, 0, "slots while the last is missing");
      a.put(pieces.slice(2));
      a.descriptor.txsync();
      b.descriptor.rxsync();
      const flags = [0, 1, 2].map((i) => b.rx[0].slotFlags(i) & NS_MOREFRAG);
      equal(flags, [NS_MOREFRAG, NS_MOREFRAG, 0], "NS_MOREFRAG");
      equal(b.take(), pieces, "the pieces");
    },
  },
  {
    name: "keep the packets of an end that is closed for the one that opens it again",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      b.close();
      a.send(frames(2, 2, 1));
      const again = context.register(`${context.plain()}}1`);
      equal(again.receive().length, 5, "packets");
    },
  },
  {
    name: "let an end whose other end is closed go on until it is full",
    run(context) {
      const [a, b] = context.pipe({ txSlots: 8, rxSlots: 8 });
      b.close();
      a.send(frames(7, 2, 1));
      equal(a.descriptor.poll(POLLOUT, 0), 0, "the events");
    },
  },
  {
    name: "begin anew once both ends were closed",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      a.close();
      b.close();
      const again = context.register(`${context.plain()}}1`, { txSlots: 16, rxSlots: 16 });
      equal([again.receive().length, again.reply.txSlots], [0, 16], "packets and slots");
    },
  },
  {
    name: "carry thousands of packets in order, whole rings at a time",
    run(context) {
      const [a, b] = context.pipe({ txSlots: 64, rxSlots: 64 });
      let next = 0;
      let sent = 0;
      for (let round = 0; sent < 5000; round++) {
        check(round < 1000, `more than ${sent} packets go through in ${round} rounds`);
        const batch: Uint8Array[] = [];
        for (let left = a.tx[0].space(); left > 0 && sent < 5000; left--, sent++) {
          batch.push(frame(sent & 0xff, sent >> 8, 60, sent & 0x7f));
        }
        a.send(batch);
        for (const packet of b.receive()) {
          equal(packet, frame(next & 0xff, next >> 8, 60, next & 0x7f), `packet ${next}`);
          next++;
        }
        b.descriptor.rxsync();
        a.descriptor.txsync();
      }
      equal(next, 5000, "packets");
    },
  },
]);
