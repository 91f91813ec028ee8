/**
 * Rings: how they lie in memory, what their pointers mean, what happens to a ring that a user broke.
 *
 * @module
 */

import { NR_REG_ONE_NIC } from "../../abi/constants.ts";
import {
  RING_BUF_SIZE,
  RING_CUR,
  RING_DIR_RX,
  RING_DIR_TX,
  RING_HEAD,
  RING_NUM_SLOTS,
  RING_RINGID_DIR,
  RING_SLOTS,
  RING_TAIL,
} from "../../abi/netmap_ring.ts";
import { poolsInfoRequest } from "../../abi/request.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal } from "../expect.ts";
import { frames } from "../frames.ts";

/** Cases of the layout of rings. */
export const ringLayoutCases: readonly ConformanceCase[] = inArea("rings", ["vale"], [
  {
    name: "have the slots and buffers that the registration and the region say",
    run(context) {
      const port = context.port("a", { txSlots: 32, rxSlots: 48 });
      const pools = context.ask(poolsInfoRequest(context.vale()));
      equal(port.tx[0].numSlots, 32, "a tx ring's slots");
      equal(port.rx[0].numSlots, 48, "a rx ring's slots");
      equal(
        port.rings.map((ring) => ring.bufSize),
        [1, 1].map(() => pools.bufPoolObjsize),
        "sizes",
      );
    },
  },
  {
    name: "are numbered by direction",
    run(context) {
      const port = context.port("a", { txRings: 3, rxRings: 2 });
      equal(port.tx.map((ring) => ring.ringId), [0, 1, 2], "the tx rings' numbers");
      equal(port.rx.map((ring) => ring.ringId), [0, 1], "the rx rings' numbers");
      check(port.tx.every((ring) => ring.dir === RING_DIR_TX), "tx rings say so");
      check(port.rx.every((ring) => ring.dir === RING_DIR_RX), "rx rings say so");
    },
  },
  {
    name: "begin with all but one transmit slot the user's, and no receive slot",
    run(context) {
      const port = context.port("a", { txSlots: 32, rxSlots: 32 });
      const pointers = port.rings.map((ring) => [ring.head, ring.cur, ring.tail]);
      equal(pointers, [[0, 0, 31], [0, 0, 0]], "head, cur and tail");
    },
  },
  {
    name: "have a buffer of their own in every slot",
    run(context) {
      const port = context.port("a", { txRings: 2, rxRings: 2 });
      const buffers = port.slotBuffers();
      equal(new Set(buffers).size, buffers.length, "the number of different buffers");
      const { bufPoolObjtotal } = context.ask(poolsInfoRequest(context.vale()));
      check(buffers.every((idx) => idx >= 2 && idx < bufPoolObjtotal), "they are in the pool");
    },
  },
  {
    name: "of two ports in one region share no buffer",
    run(context) {
      const a = context.port("a");
      const b = context.port("b", { memId: a.reply.memId });
      const both = [...a.slotBuffers(), ...b.slotBuffers()];
      equal(new Set(both).size, both.length, "the number of different buffers");
    },
  },
  {
    name: "begin with slots of a whole buffer's length, without flags",
    run(context) {
      const port = context.port();
      for (const ring of port.rings) {
        for (let i = 0; i < ring.numSlots; i++) {
          const slot = [ring.len(i), ring.slotFlags(i), ring.ptr(i)];
          equal(slot, [ring.bufSize & 0xffff, 0, 0n], `slot ${i}`);
        }
      }
    },
  },
  {
    name: "say where buffer 0 of the region is",
    run(context) {
      const port = context.port("a", { txRings: 2 });
      const { bufPoolOffset } = context.ask(poolsInfoRequest(context.vale()));
      for (const ring of port.rings) {
        equal(ring.bufferOffset(0), bufPoolOffset, "the place of buffer 0");
      }
    },
  },
  {
    name: "lie in memory as netmap.h has them",
    run(context) {
      const port = context.port("a", { txRings: 2, txSlots: 32 });
      const { word, bufSize } = port.tx[1];
      const { i32, u8, u16 } = port.memory;
      const at = word * 4;
      equal([RING_NUM_SLOTS, RING_BUF_SIZE].map((field) => field * 4), [8, 12], "the first places");
      equal(
        [RING_HEAD, RING_CUR, RING_TAIL].map((field) => field * 4),
        [20, 24, 28],
        "the pointers'",
      );
      equal([RING_RINGID_DIR * 4, RING_SLOTS * 4], [16, 256], "the others'");
      equal([i32[at / 4 + 2], i32[at / 4 + 3]], [32, bufSize], "num_slots and nr_buf_size");
      equal([u16[at / 2 + 8], u16[at / 2 + 9]], [1, RING_DIR_TX], "ringid and dir");
      equal([i32[at / 4 + 5], i32[at / 4 + 6], i32[at / 4 + 7]], [0, 0, 31], "head, cur and tail");
      equal(i32[(at + 256 + 16) / 4], port.tx[1].bufIdx(1), "buf_idx of slot 1");
      equal(u8[at + 256 + 4] | u8[at + 256 + 5] << 8, bufSize & 0xffff, "len of slot 0");
    },
  },
]);

/** Cases of head, cur and tail, on pipes. */
export const ringPointerCases: readonly ConformanceCase[] = inArea("rings", ["pipes"], [
  {
    name: "send the slots before head and no other",
    run(context) {
      const [a, b] = context.pipe();
      a.put(frames(5, 2, 1));
      a.tx[0].head = 3;
      a.descriptor.txsync();
      equal(b.receive().length, 3, "the number of packets");
    },
  },
  {
    name: "may have cur anywhere from head to tail",
    run(context) {
      const [a, b] = context.pipe();
      a.put(frames(2, 2, 1));
      a.tx[0].cur = a.tx[0].tail;
      a.descriptor.txsync();
      equal([a.tx[0].head, a.tx[0].cur], [2, 31], "head and cur");
      equal(b.receive().length, 2, "the number of packets");
    },
  },
  {
    name: "go round at their end",
    run(context) {
      const [a, b] = context.pipe({ txSlots: 8, rxSlots: 8 });
      for (let round = 0; round < 5; round++) {
        const sent = frames(5, 2, 1, 60 + round);
        a.send(sent);
        equal(b.receive(), sent, `the packets of round ${round}`);
        b.descriptor.rxsync();
        a.descriptor.txsync();
      }
      equal(a.tx[0].head, 25 % 8, "head");
    },
  },
  {
    name: "get their tail back when a user overwrote it",
    run(context) {
      const [a, b] = context.pipe();
      a.memory.i32[a.tx[0].word + RING_TAIL] = 7;
      a.send(frames(3, 2, 1));
      equal(a.tx[0].tail, 31, "tail of the tx ring");
      b.memory.i32[b.rx[0].word + RING_TAIL] = 30;
      equal(b.receive().length, 3, "the number of packets");
    },
  },
  ...[32, 33, 0x7fffffff, -1].map((head) => ({
    name: `are reset when a transmit head of ${head >>> 0} is beyond 32 slots`,
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      a.memory.i32[a.tx[0].word + RING_HEAD] = head;
      a.descriptor.txsync();
      const { tx: [ring] } = a;
      equal([ring.head, ring.cur, ring.tail], [3, 3, 31], "head, cur and tail");
      equal(b.receive().length, 3, "the number of packets");
      a.send(frames(2, 2, 1));
      equal(b.receive().length, 2, "the number of packets afterwards");
    },
  } satisfies Omit<ConformanceCase, "area">)),
  {
    name: "are reset when a transmit cur is beyond the slots",
    run(context) {
      const [a, b] = context.pipe();
      a.put(frames(3, 2, 1));
      a.memory.i32[a.tx[0].word + RING_CUR] = 99;
      a.descriptor.txsync();
      equal([a.tx[0].head, a.tx[0].cur], [0, 0], "head and cur");
      equal(b.receive().length, 0, "the number of packets");
    },
  },
  {
    name: "are reset when a receive head is beyond the slots",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(3, 2, 1));
      b.descriptor.rxsync();
      b.memory.i32[b.rx[0].word + RING_HEAD] = 64;
      b.descriptor.rxsync();
      equal([b.rx[0].head, b.rx[0].cur, b.rx[0].tail], [0, 0, 3], "head, cur and tail");
      equal(b.take().length, 3, "the number of packets");
    },
  },
  {
    name: "send nothing while cur is behind head",
    run(context) {
      const [a, b] = context.pipe();
      a.put(frames(5, 2, 1));
      a.memory.i32[a.tx[0].word + RING_CUR] = 3;
      a.descriptor.txsync();
      equal(b.receive().length, 0, "the number of packets");
      a.tx[0].cur = 5;
      a.tx[0].head = 5;
      a.descriptor.txsync();
      equal(b.receive().length, 5, "the number of packets once it is mended");
    },
  },
  {
    name: "send nothing twice when head moves backwards",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(5, 2, 1));
      a.tx[0].cur = 2;
      a.tx[0].head = 2;
      a.descriptor.txsync();
      equal(b.receive().length, 5, "the number of packets");
      equal([a.tx[0].head, a.tx[0].cur], [5, 5], "head and cur");
    },
    reference: "netmap leaves head where the user put it, and may send old slots with the next one",
    oursOnly: true,
  },
  {
    name: "are reset when a receive head is before what was given back",
    run(context) {
      const [a, b] = context.pipe();
      a.send(frames(6, 2, 1));
      b.receive(0, 4);
      b.descriptor.rxsync();
      b.rx[0].head = 1;
      b.rx[0].cur = 1;
      b.descriptor.rxsync();
      equal([b.rx[0].head, b.rx[0].tail], [4, 6], "head and tail");
    },
    reference: "netmap keeps such a head and gives slots back that were given back before",
    oursOnly: true,
  },
  {
    name: "lose bad buffer indexes when they are reset",
    run(context) {
      const [a] = context.pipe();
      const { word } = a.tx[0];
      a.memory.i32[word + RING_SLOTS + 4 * 9] = 0x7fffffff;
      a.memory.i32[word + RING_SLOTS + 4 * 10] = 1;
      a.memory.i32[word + RING_HEAD] = 99;
      a.descriptor.txsync();
      equal([a.tx[0].bufIdx(9), a.tx[0].len(9)], [0, 0], "slot 9");
      equal([a.tx[0].bufIdx(10), a.tx[0].len(10)], [0, 0], "slot 10");
      check(a.tx[0].bufIdx(11) >= 2, "slot 11 is as it was");
    },
  },
  {
    name: "lose lengths beyond a buffer when they are reset",
    run(context) {
      const [a] = context.pipe();
      const { bufSize } = a.tx[0];
      a.tx[0].setLen(4, bufSize + 1);
      a.tx[0].setLen(5, bufSize);
      a.memory.i32[a.tx[0].word + RING_HEAD] = 99;
      a.descriptor.txsync();
      equal([a.tx[0].len(4), a.tx[0].len(5)], [0, bufSize], "the lengths");
    },
  },
  {
    name: "suffer alone: another ring of the port is sent",
    run(context) {
      const [a, b] = context.pipe({ txRings: 2, rxRings: 2 });
      a.put(frames(2, 2, 1), 0);
      a.put(frames(2, 2, 1), 1);
      a.memory.i32[a.tx[0].word + RING_HEAD] = -5;
      a.descriptor.txsync();
      b.descriptor.rxsync();
      equal([b.take(0).length, b.take(1).length], [0, 2], "the number of packets a ring");
    },
  },
  {
    name: "are the same for every descriptor that is bound to them",
    run(context) {
      const [a, b] = context.pipe({ txRings: 2, rxRings: 2 });
      const other = context.register(a.name, { mode: NR_REG_ONE_NIC, ringid: 1 });
      a.put(frames(2, 2, 1), 1);
      other.descriptor.txsync();
      equal(b.receive(1).length, 2, "the number of packets");
    },
  },
]);
