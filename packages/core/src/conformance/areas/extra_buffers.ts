/**
 * Extra buffers: given as a list, taken back by the list.
 *
 * @module
 */

import { NR_REG_NULL, NS_BUF_CHANGED } from "../../abi/constants.ts";
import { IF_BUFS_HEAD } from "../../abi/netmap_if.ts";
import { poolsInfoRequest } from "../../abi/request.ts";
import { ENOMEM } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal, fails } from "../expect.ts";
import { EVERYBODY, frame, pattern } from "../frames.ts";
import type { BoundPort } from "../bound_port.ts";

/** How many buffers of the common region are free: asks for all of them, once. */
function freeBuffers(context: Context): number {
  const port = nullPort(context, 0xffff_ffff);
  const { extraBufs } = port.reply;
  port.close();
  return extraBufs;
}

function nullPort(context: Context, extraBufs: number): BoundPort {
  return context.register(context.plain("x"), {
    mode: NR_REG_NULL,
    memId: 1,
    txRings: 1,
    txSlots: 2,
    extraBufs,
  });
}

/** The common region, in which nothing else moves while the case runs. */
function inCommonRegion(context: Context, act: (port: BoundPort) => void): [number, number] {
  const before = freeBuffers(context);
  const port = nullPort(context, 20);
  act(port);
  port.close();
  return [before, freeBuffers(context)];
}

/** Cases of extra buffers. */
export const extraBufferCases: readonly ConformanceCase[] = inArea("extra buffers", [], [
  {
    name: "come as a list of as many as were asked for",
    needs: ["vale"],
    run(context) {
      const port = context.port("a", { extraBufs: 20 });
      equal(port.reply.extraBufs, 20, "nr_extra_bufs");
      const list = port.extraBuffers();
      equal(list.length, 20, "the list's length");
      const { bufPoolObjtotal } = context.ask(poolsInfoRequest(context.vale()));
      check(list.every((idx) => idx >= 2 && idx < bufPoolObjtotal), "they are in the pool");
      const all = [...list, ...port.slotBuffers()];
      equal(new Set(all).size, all.length, "the number of different buffers, slots included");
    },
  },
  {
    name: "are none where none are asked for",
    needs: ["vale"],
    run(context) {
      const port = context.port();
      equal([port.extraHead, port.reply.extraBufs], [0, 0], "ni_bufs_head and nr_extra_bufs");
    },
  },
  {
    name: "come to a pipe",
    needs: ["pipes"],
    run(context) {
      const [a, b] = context.pipe({ extraBufs: 58 });
      equal([a.reply.extraBufs, b.reply.extraBufs], [58, 58], "nr_extra_bufs");
      const all = [...a.extraBuffers(), ...b.extraBuffers(), ...a.slotBuffers()];
      equal(new Set(all).size, all.length, "the number of different buffers");
    },
  },
  {
    name: "come to a pipe on a switch port",
    needs: ["pipes", "vale"],
    run(context) {
      const port = context.register(`${context.vale("Y4")}{p`, {
        txSlots: 16,
        rxSlots: 16,
        extraBufs: 58,
      });
      equal([port.reply.extraBufs, port.extraBuffers().length], [58, 58], "how many");
    },
  },
  {
    name: "come to every opener of a port apart",
    needs: ["vale"],
    run(context) {
      const a = context.port("a", { extraBufs: 8 });
      const b = context.port("a", { extraBufs: 8 });
      const all = [...a.extraBuffers(), ...b.extraBuffers()];
      equal(all.length, a.reply.extraBufs + b.reply.extraBufs, "how many");
      equal(new Set(all).size, all.length, "the number of different buffers");
    },
  },
  {
    name: "carry packets once they are in slots",
    needs: ["vale"],
    run(context) {
      const a = context.port("a", { extraBufs: 12 });
      const b = context.port("b");
      const tx = a.tx[0];
      const list = a.extraBuffers();
      const replaced: number[] = [];
      list.forEach((idx, i) => {
        replaced.push(tx.bufIdx(i));
        a.memory.u8.set(frame(EVERYBODY, 1, 274, i), tx.bufferOffset(idx));
        tx.setBufIdx(i, idx);
        tx.setSlot(i, 274, NS_BUF_CHANGED);
      });
      tx.advance(12);
      a.descriptor.txsync();
      equal(b.receive(), list.map((_, i) => frame(EVERYBODY, 1, 274, i)), "the packets");
      equal(tx.slotFlags(0) & NS_BUF_CHANGED, 0, "NS_BUF_CHANGED after the sync");
      a.setExtraBuffers(replaced);
    },
  },
  {
    name: "are as many as there are where more are asked for",
    needs: ["null-ports"],
    run(context) {
      const port = nullPort(context, 0xffff_ffff);
      check(port.reply.extraBufs > 0 && port.reply.extraBufs < 0xffff_ffff, "there is an end");
      fails(ENOMEM, () => nullPort(context, 0), "REGISTER of another port in that region");
      equal(port.extraBuffers().length, port.reply.extraBufs, "the list's length");
    },
  },
  {
    name: "come back by the list",
    needs: ["null-ports"],
    run(context) {
      const [before, after] = inCommonRegion(context, (port) => {
        equal(port.reply.extraBufs, 20, "nr_extra_bufs");
      });
      equal(after, before, "free buffers");
    },
  },
  {
    name: "come back by a list that the user put together anew",
    needs: ["null-ports"],
    run(context) {
      const [before, after] = inCommonRegion(context, (port) => {
        const list = port.extraBuffers();
        const [old] = port.slotBuffers();
        port.tx[0].setBufIdx(0, list[7]);
        port.setExtraBuffers([...list.filter((_, i) => i !== 7), old].reverse());
      });
      equal(after, before, "free buffers");
    },
  },
  {
    name: "hold what was written into them",
    needs: ["null-ports"],
    run(context) {
      const port = nullPort(context, 3);
      const list = port.extraBuffers();
      list.forEach((idx, i) => port.tx[0].buffer(idx).subarray(4).set(pattern(100, i)));
      list.forEach((idx, i) =>
        equal(port.tx[0].buffer(idx).slice(4, 104), pattern(100, i), `buffer ${idx}`)
      );
    },
  },
  ...([
    ["goes in a circle", (port: BoundPort) => {
      const [first] = port.extraBuffers();
      writeWord(port, first, first);
    }],
    ["leads out of the pool", (port: BoundPort) => {
      writeWord(port, port.extraBuffers()[3], 0x7fff_ffff);
    }],
    ["was cut", (port: BoundPort) => {
      port.memory.i32[port.nifWord + IF_BUFS_HEAD] = 0;
    }],
    ["begins with buffer 1", (port: BoundPort) => {
      port.memory.i32[port.nifWord + IF_BUFS_HEAD] = 1;
    }],
    ["names a buffer that a slot has too", (port: BoundPort) => {
      writeWord(port, port.extraBuffers()[5], port.slotBuffers()[0]);
    }],
  ] as const).map(([how, breakIt]): Omit<ConformanceCase, "area"> => ({
    name: `come back although the list ${how}`,
    needs: ["null-ports"],
    reference: "netmap follows such a list as far as it can and loses the rest; we find them again",
    oursOnly: true,
    run(context) {
      const [before, after] = inCommonRegion(context, breakIt);
      equal(after, before, "free buffers");
    },
  })),
]);

/** Writes the first word of a buffer: the link of the list. */
function writeWord(port: BoundPort, idx: number, word: number): void {
  const at = port.tx[0].bufferOffset(idx);
  for (let i = 0; i < 4; i++) port.memory.u8[at + i] = word >>> (8 * i);
}
