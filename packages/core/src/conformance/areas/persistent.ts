/**
 * VALE_NEWIF, VALE_DELIF: ports that outlive whoever opens them.
 *
 * @module
 */

import { NS_BUF_CHANGED } from "../../abi/constants.ts";
import { portInfoRequest } from "../../abi/request.ts";
import {
  valeAttachRequest,
  valeDelifRequest,
  valeDetachRequest,
  valeNewifRequest,
} from "../../abi/request_vale.ts";
import { EBUSY, EEXIST, EINVAL, ENXIO } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { equal, fails } from "../expect.ts";
import { EVERYBODY, frame, frames } from "../frames.ts";

const SHAPE = { txSlots: 64, rxSlots: 64 };

/** Makes persistent ports and attaches them to one switch. @returns their names there */
function attached(context: Context, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const own = context.plain(`${i}`);
    context.newif(own, SHAPE);
    const name = `${context.switchName()}:${own}`;
    context.attach(name);
    return name;
  });
}

/** Cases of persistent ports. */
export const persistentCases: readonly ConformanceCase[] = inArea(
  "persistent ports",
  ["vale", "persistent-ports"],
  [
    {
      name: "are made, attached, detached and deleted",
      run(context) {
        const own = context.plain();
        const name = `${context.switchName()}:${own}`;
        context.ask(valeNewifRequest(own));
        context.ask(valeAttachRequest(name));
        context.ask(valeDetachRequest(name));
        context.ask(valeDelifRequest(own));
        fails(ENXIO, () => context.ask(portInfoRequest(own)), "PORT_INFO_GET afterwards");
      },
    },
    {
      name: "answer with the shape and the region that they have",
      run(context) {
        const asked = { txRings: 2, rxRings: 3, txSlots: 128, rxSlots: 64 };
        const reply = context.newif(context.plain(), asked);
        const { txRings, rxRings, txSlots, rxSlots } = reply;
        equal({ txRings, rxRings, txSlots, rxSlots }, asked, "the reply");
        const info = context.ask(portInfoRequest(context.plain()));
        equal(
          [info.txRings, info.rxRings, info.txSlots, info.rxSlots],
          [2, 3, 128, 64],
          "the info",
        );
        equal(info.memId, reply.memId, "the region");
      },
    },
    {
      name: "have one ring each way and 1024 slots where nothing is asked for",
      run(context) {
        const { txRings, rxRings, txSlots, rxSlots } = context.newif(context.plain());
        equal([txRings, rxRings, txSlots, rxSlots], [1, 1, 1024, 1024], "the reply");
      },
    },
    {
      name: "are bounded by 16 rings and 4096 slots",
      run(context) {
        const asked = { txRings: 17, rxRings: 99, txSlots: 5000, rxSlots: 4097 };
        const { txRings, rxRings, txSlots, rxSlots } = context.newif(context.plain(), asked);
        equal([txRings, rxRings, txSlots, rxSlots], [16, 16, 4096, 4096], "the reply");
      },
    },
    {
      name: "can be put into a region that exists",
      run(context) {
        const port = context.port("a");
        const { memId } = port.reply;
        equal(context.newif(context.plain(), { ...SHAPE, memId }).memId, memId, "the region");
      },
    },
    {
      name: "stay when their users close them",
      run(context) {
        const own = context.plain();
        context.newif(own, SHAPE);
        for (let i = 0; i < 3; i++) {
          const port = context.register(own);
          equal(port.reply.txSlots, 64, "the slots");
          port.close();
        }
      },
    },
    {
      name: "drop what is sent while they are attached to no switch",
      run(context) {
        context.newif(context.plain(), SHAPE);
        const port = context.register(context.plain());
        port.send(frames(40, EVERYBODY, 1));
        equal(port.tx[0].space(), 63, "free slots");
        equal(port.receive().length, 0, "packets");
      },
    },
    {
      name: "cannot be made twice, whether they are attached or not",
      run(context) {
        const own = context.plain();
        const again = (): unknown => context.ask(valeNewifRequest(own));
        context.newif(own);
        fails(EEXIST, again, "VALE_NEWIF");
        context.attach(`${context.switchName("A")}:${own}`);
        fails(EEXIST, again, "VALE_NEWIF while it is attached once");
        context.attach(`${context.switchName("B")}:${own}`);
        fails(EEXIST, again, "VALE_NEWIF while it is attached twice");
      },
    },
    {
      name: "cannot be deleted while they are attached, to one switch or to two",
      run(context) {
        const own = context.plain();
        const [one, two] = ["A", "B"].map((which) => `${context.switchName(which)}:${own}`);
        const remove = (): unknown => context.ask(valeDelifRequest(own));
        context.newif(own);
        remove();
        context.newif(own);
        context.attach(one);
        fails(EBUSY, remove, "VALE_DELIF while it is attached once");
        context.attach(two);
        fails(EBUSY, remove, "VALE_DELIF while it is attached twice");
        context.ask(valeDetachRequest(two));
        fails(EBUSY, remove, "VALE_DELIF while it is attached once again");
        context.ask(valeDetachRequest(one));
        remove();
      },
    },
    {
      name: "cannot be deleted while somebody has them open",
      run(context) {
        const own = context.plain();
        context.newif(own, SHAPE);
        const port = context.register(own);
        fails(EBUSY, () => context.ask(valeDelifRequest(own)), "VALE_DELIF");
        port.close();
        context.ask(valeDelifRequest(own));
      },
    },
    {
      name: "cannot be deleted while they have pipes",
      needs: ["pipes"],
      run(context) {
        const own = context.plain();
        context.newif(own, SHAPE);
        const pipe = context.register(`${own}{1`);
        fails(EBUSY, () => context.ask(valeDelifRequest(own)), "VALE_DELIF");
        pipe.close();
        context.ask(valeDelifRequest(own));
      },
    },
    {
      name: "that live by their pipes cannot be deleted",
      needs: ["pipes"],
      run(context) {
        context.pipe();
        fails(EINVAL, () => context.ask(valeDelifRequest(context.plain())), "VALE_DELIF");
      },
    },
    {
      name: "send and receive on a switch",
      run(context) {
        const ports = attached(context, 3).map((name) => context.register(name));
        ports[2].send([frame(EVERYBODY, 3, 274)]);
        equal(ports[0].receive(), [frame(EVERYBODY, 3, 274)], "the packet that the first received");
        equal(
          ports[1].receive(),
          [frame(EVERYBODY, 3, 274)],
          "the packet that the second received",
        );
        ports[0].send([frame(EVERYBODY, 1, 100)]);
        equal(ports[1].receive(), [frame(EVERYBODY, 1, 100)], "the answer");
        equal(ports[2].receive(), [frame(EVERYBODY, 1, 100)], "the answer at the third");
      },
    },
    {
      name: "are the same port by their own name and by the switch's",
      run(context) {
        const [name] = attached(context, 1);
        const other = context.port("a");
        const port = context.register(context.plain("0"));
        other.send([frame(EVERYBODY, 9)]);
        equal(port.receive(), [frame(EVERYBODY, 9)], "the packet");
        const same = context.register(name);
        equal(same.rx[0].word, port.rx[0].word, "the place of the ring");
      },
    },
    {
      name: "carry extra buffers' packets on a switch",
      run(context) {
        const [sender, receiver] = attached(context, 2);
        const a = context.register(sender, { extraBufs: 12 });
        const b = context.register(receiver);
        const [extra, ...others] = a.extraBuffers();
        const old = a.tx[0].bufIdx(0);
        a.memory.u8.set(frame(EVERYBODY, 1, 274), a.tx[0].bufferOffset(extra));
        a.tx[0].setBufIdx(0, extra);
        a.tx[0].setSlot(0, 274, NS_BUF_CHANGED);
        a.setExtraBuffers([old, ...others]);
        a.tx[0].advance(1);
        a.descriptor.txsync();
        equal(b.receive(), [frame(EVERYBODY, 1, 274)], "the packet");
      },
    },
  ],
);
