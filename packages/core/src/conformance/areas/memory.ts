/**
 * Memory regions: their numbers, how they are divided, who shares them.
 *
 * @module
 */

import { poolsInfoRequest, portInfoRequest } from "../../abi/request.ts";
import { EINVAL } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal, errnoOf, fails } from "../expect.ts";
import { frames, pattern } from "../frames.ts";

/** Cases of regions. */
export const memoryCases: readonly ConformanceCase[] = inArea("memory", [], [
  {
    name: "has a common region, whose number is 1",
    run(context) {
      const named = context.ask(portInfoRequest("", { memId: 1 }));
      const unnamed = context.ask(portInfoRequest(""));
      check(named.memsize > 0, "it has a size");
      equal([unnamed.memId, unnamed.memsize], [1, named.memsize], "what is told without a number");
    },
  },
  {
    name: "knows no region that nobody made",
    run(context) {
      fails(EINVAL, () => context.ask(portInfoRequest("", { memId: 65535 })), "PORT_INFO_GET");
    },
  },
  {
    name: "does not tell how a region is divided without a port's name",
    run(context) {
      check(errnoOf(() => context.ask(poolsInfoRequest(""))) !== 0, "POOLS_INFO_GET of '' fails");
    },
  },
]);

/** Cases of regions that switch ports show. */
export const memoryOfPortCases: readonly ConformanceCase[] = inArea("memory", ["vale"], [
  {
    name: "maps as many bytes as the registration says",
    run(context) {
      const port = context.port();
      const { memory, reply } = port;
      equal(memory.size, reply.memsize, "the size");
      const lengths = [memory.u8.length, memory.u16.length * 2, memory.i32.length * 4];
      equal(lengths, [0, 0, 0].map(() => reply.memsize), "the sizes of its views");
      check(memory.address > 0 && !memory.closed, "it is mapped");
    },
  },
  {
    name: "tells the same of a port by PORT_INFO_GET and by REGISTER",
    run(context) {
      const { reply } = context.port("a", { txRings: 2, rxRings: 3 });
      const info = context.ask(portInfoRequest(context.vale()));
      const told = (
        { txRings, rxRings, txSlots, rxSlots, memId, memsize }: typeof info,
      ): number[] => [txRings, rxRings, txSlots, rxSlots, memId, memsize];
      equal(told(info), told(reply), "PORT_INFO_GET's reply");
    },
  },
  {
    name: "tells the shape that a port would have, and makes none",
    run(context) {
      const asked = { txRings: 4, rxRings: 2, txSlots: 256, rxSlots: 128 };
      const info = context.ask(portInfoRequest(context.vale(), asked));
      const { txRings, rxRings, txSlots, rxSlots } = info;
      equal({ txRings, rxRings, txSlots, rxSlots }, asked, "the reply");
      equal(
        context.ask(portInfoRequest(context.vale())).txSlots,
        1024,
        "the slots of the next one",
      );
    },
  },
  {
    name: "bounds the shape of switch ports by 16 rings and 4096 slots",
    run(context) {
      const asked = { txRings: 100, rxRings: 17, txSlots: 1_000_000, rxSlots: 4097 };
      const info = context.ask(portInfoRequest(context.vale(), asked));
      equal([info.txRings, info.rxRings], [16, 16], "the rings");
      equal([info.txSlots, info.rxSlots], [4096, 4096], "the slots");
    },
  },
  {
    name: "divides a region into pools that follow each other",
    run(context) {
      context.port();
      const pools = context.ask(poolsInfoRequest(context.vale()));
      const ends = [
        pools.ifPoolOffset + pools.ifPoolObjtotal * pools.ifPoolObjsize,
        pools.ringPoolOffset + pools.ringPoolObjtotal * pools.ringPoolObjsize,
        pools.bufPoolOffset + pools.bufPoolObjtotal * pools.bufPoolObjsize,
      ];
      equal(pools.ifPoolOffset, 0, "where netmap_ifs begin");
      check(ends[0] <= pools.ringPoolOffset, "rings begin behind netmap_ifs");
      check(ends[1] <= pools.bufPoolOffset, "buffers begin behind rings");
      check(ends[2] <= pools.memsize, "buffers end within the region");
    },
  },
  {
    name: "puts netmap_if, rings and buffers into their pools",
    run(context) {
      const port = context.port("a", { txRings: 2 });
      const pools = context.ask(poolsInfoRequest(context.vale()));
      equal(port.reply.offset % pools.ifPoolObjsize, 0, "netmap_if's place in its pool");
      check(port.reply.offset < pools.ringPoolOffset, "netmap_if is in the first pool");
      for (const ring of port.rings) {
        const at = ring.word * 4 - pools.ringPoolOffset;
        check(at >= 0 && at < pools.bufPoolOffset - pools.ringPoolOffset, "it is in its pool");
        equal(at % pools.ringPoolObjsize, 0, "a ring's place in its pool");
      }
    },
  },
  {
    name: "tells how the region of a port is divided, before and after a REGISTER",
    run(context) {
      const before = context.ask(poolsInfoRequest(context.vale("b")));
      check(before.bufPoolObjtotal > 0 && before.bufPoolObjsize > 0, "there are buffers");
      const port = context.port("b");
      const after = context.ask(poolsInfoRequest(context.vale("b")));
      equal([after.memId, after.memsize], [port.reply.memId, port.reply.memsize], "the region");
    },
  },
  {
    name: "shows ports of one region each other's buffers",
    run(context) {
      const a = context.port("a");
      const b = context.port("b", { memId: a.reply.memId });
      const idx = a.tx[0].bufIdx(3);
      a.tx[0].buffer(idx).set(pattern(64, 5));
      equal(b.tx[0].buffer(idx).slice(0, 64), pattern(64, 5), "the bytes");
    },
  },
  {
    name: "lets ports of one region swap buffers",
    run(context) {
      const a = context.port("a");
      const b = context.port("b", { memId: a.reply.memId });
      const c = context.port("c");
      const [idx, other] = [a.tx[0].bufIdx(0), b.tx[0].bufIdx(0)];
      const [sent] = frames(1, -1, 1);
      a.tx[0].buffer(idx).set(sent);
      a.tx[0].setBufIdx(0, other);
      b.tx[0].setBufIdx(0, idx);
      b.tx[0].setLen(0, sent.length);
      b.tx[0].advance(1);
      b.descriptor.txsync();
      equal(c.receive(), [sent], "the packet that b sent from a's buffer");
    },
  },
  {
    name: "has no room for a port that is too large",
    run(context) {
      const port = context.port("a");
      const asked = { memId: port.reply.memId, txRings: 16, rxRings: 16, txSlots: 1024 };
      const errors = Array.from(
        { length: 16 },
        (_, i) => errnoOf(() => context.register(context.vale(`p${i}`), asked)),
      );
      check(errors.includes(12), "one of 16 such ports is refused with ENOMEM");
      equal(errors.filter((errno) => errno !== 0 && errno !== 12), [], "other errors");
      port.send(frames(1, -1, 1));
    },
  },
  {
    name: "gives everything back when ports are closed",
    run(context) {
      const keeper = context.port("k");
      const shape = { memId: keeper.reply.memId, txRings: 2, rxRings: 2, extraBufs: 4 };
      const places: number[] = [];
      for (let i = 0; i < 50; i++) {
        const port = context.port("a", shape);
        places.push(port.reply.offset);
        port.close();
      }
      equal(new Set(places).size, 1, "the number of places that netmap_if was at");
    },
  },
]);
