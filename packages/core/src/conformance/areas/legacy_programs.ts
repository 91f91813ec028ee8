/**
 * What programs that use the older interface ask for, step by step as their sources have it.
 *
 * @module
 */

import {
  NR_ACCEPT_VNET_HDR,
  NR_REG_ALL_NIC,
  NR_REG_ONE_NIC,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_REG_SW,
  NS_BUF_CHANGED,
  NS_MOREFRAG,
} from "../../abi/constants.ts";
import { NETMAP_BDG_VNET_HDR, NETMAP_NO_TX_POLL, NETMAP_VNET_HDR_GET } from "../../abi/legacy.ts";
import { POLLIN } from "../../device.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal, fails } from "../expect.ts";
import { EVERYBODY, frame, frames, pattern } from "../frames.ts";
import { askLegacy, nmreq, regif } from "../legacy_port.ts";
import { EINVAL } from "../../errno.ts";

/** BDG_VNET_HDR on the descriptor that has the port, as QEMU and bhyve do it. */
function setHeader(context: Context, port: ReturnType<typeof regif>, length: number): void {
  const { bytes } = nmreq(context.vale("vm"), { cmd: NETMAP_BDG_VNET_HDR, arg1: length });
  port.descriptor.legacy("NIOCREGIF", bytes);
}

/** Cases named after programs. */
export const legacyProgramCases: readonly ConformanceCase[] = inArea("legacy", ["vale"], [
  {
    name: "serves libpcap: nm_open, poll until packets come, packets put into slots go with a poll",
    run(context) {
      const { port } = regif(context, context.vale("cap"), { flags: NR_REG_ALL_NIC });
      const other = context.port("o");
      other.send(frames(3, EVERYBODY, 2));
      equal(port.descriptor.poll(POLLIN, 1000), POLLIN, "the events");
      equal(port.take(), frames(3, EVERYBODY, 2), "the packets that were captured");
      port.put([frame(EVERYBODY, 1)]);
      equal(other.receive(), [], "packets before the next poll");
      port.descriptor.poll(POLLIN, 0);
      equal(other.receive(), [frame(EVERYBODY, 1)], "packets after it");
    },
  },
  {
    name: "serves QEMU: registers, sets the header on the same descriptor, syncs by itself",
    run(context) {
      const vm = regif(context, context.vale("vm"), {
        flags: NR_REG_ALL_NIC,
        ringid: NETMAP_NO_TX_POLL,
      });
      const { port } = vm;
      const other = context.port("o", { flags: NR_ACCEPT_VNET_HDR });
      for (const length of [12, 10, 0]) setHeader(context, vm, length);
      fails(EINVAL, () => setHeader(context, vm, 11), "a header of 11 bytes");
      // Frames of several pieces, the last without NS_MOREFRAG, then NIOCTXSYNC.
      const pieces = [frame(EVERYBODY, 1, 1400), pattern(700)];
      port.putPieces(pieces, NS_MOREFRAG);
      port.descriptor.poll(POLLIN, 0);
      equal(other.receive(), [], "packets before the sync");
      port.descriptor.txsync();
      equal(other.receive(), pieces, "the pieces");
    },
  },
  {
    name: "serves bhyve: asks for the header's length, sets it, and reads it back",
    run(context) {
      const vm = regif(context, context.vale("vm"), {
        flags: NR_REG_ALL_NIC,
        ringid: NETMAP_NO_TX_POLL,
      });
      const length = (): number => {
        const { bytes, nmr } = nmreq(context.vale("vm"), { cmd: NETMAP_VNET_HDR_GET });
        vm.descriptor.legacy("NIOCREGIF", bytes);
        return nmr.arg1;
      };
      equal(length(), 0, "the length at first");
      setHeader(context, vm, 12);
      equal(length(), 12, "the length afterwards");
    },
  },
  {
    name: "serves Suricata: NIOCGINFO, then a descriptor a ring with what it was told",
    run(context) {
      const shape = { txRings: 2, rxRings: 2, txSlots: 64, rxSlots: 64 };
      const keeper = context.port("nic", shape);
      const { bytes, nmr } = nmreq(context.vale("nic"));
      const asker = context.device.open();
      asker.legacy("NIOCGINFO", bytes);
      asker.close();
      equal([nmr.txRings, nmr.rxRings, nmr.arg2], [2, 2, keeper.reply.memId], "what it was told");
      const other = context.port("o", { txRings: 2 });
      const rings = [0, 1].map((ring) => {
        nmr.flags = NR_REG_ONE_NIC;
        nmr.ringid = ring | NETMAP_NO_TX_POLL;
        const descriptor = context.open();
        descriptor.legacy("NIOCREGIF", bytes);
        return { descriptor, offset: nmr.offset };
      });
      check(rings[0].offset !== rings[1].offset, "each has a netmap_if of its own");
      other.put([frame(EVERYBODY, 2)], 1);
      other.descriptor.txsync();
      equal(rings[0].descriptor.poll(POLLIN, 0), POLLIN, "the events of ring 0");
      equal(rings[1].descriptor.poll(POLLIN, 0), 0, "the events of ring 1");
      nmr.flags = NR_REG_SW;
      nmr.ringid = NETMAP_NO_TX_POLL;
      const host = context.open();
      fails(EINVAL, () => host.legacy("NIOCREGIF", bytes), "the host ring of a switch port");
    },
  },
  {
    name: "serves Suricata: forwards by swapping buffers between two ports of one region",
    run(context) {
      const shape = { txSlots: 64, rxSlots: 64 };
      const from = regif(context, context.vale("in"), { ...shape, flags: NR_REG_ALL_NIC });
      const to = regif(context, context.vale("out", "B"), {
        ...shape,
        flags: NR_REG_ALL_NIC,
        arg2: from.nmr.arg2,
      });
      const [client, server] = [context.port("c"), context.register(context.vale("s", "B"), shape)];
      client.send(frames(3, EVERYBODY, 1));
      from.descriptor.poll(POLLIN, 0);
      const [rx, tx] = [from.port.rx[0], to.port.tx[0]];
      for (let left = rx.space(); left > 0; left--) {
        const [i, j] = [rx.cur, tx.cur];
        const [received, free] = [rx.bufIdx(i), tx.bufIdx(j)];
        tx.setBufIdx(j, received);
        tx.setSlot(j, rx.len(i), NS_BUF_CHANGED);
        rx.setBufIdx(i, free);
        tx.advance(1);
        rx.advance(1);
      }
      to.descriptor.txsync();
      equal(server.receive(), frames(3, EVERYBODY, 1), "the packets at the other side");
    },
  },
  {
    name: "serves VPP: accepts headers, and asks for its pipes by mode",
    needs: ["pipes"],
    run(context) {
      const { port } = regif(context, context.vale("vpp"), {
        flags: NR_REG_ALL_NIC | NR_ACCEPT_VNET_HDR,
      });
      const other = context.port("o");
      other.send([frame(EVERYBODY, 2)]);
      port.descriptor.poll(POLLIN, 0);
      equal(port.take(), [frame(EVERYBODY, 2)], "the packet of the switch");
      const [master, slave] = [NR_REG_PIPE_MASTER, NR_REG_PIPE_SLAVE].map((mode) =>
        regif(context, context.plain(), { flags: mode | NR_ACCEPT_VNET_HDR })
      );
      equal(slave.nmr.arg2, master.nmr.arg2, "the region of both ends");
      master.port.send(frames(2, 2, 1));
      equal(slave.port.receive(), frames(2, 2, 1), "the packets of the pipe");
    },
  },
  {
    name: "serves pkt-gen: asks for rings and slots by nr_tx_rings and its like",
    run(context) {
      const fields = { txRings: 4, rxRings: 4, txSlots: 128, rxSlots: 128, arg3: 8 };
      const { nmr, port } = regif(context, context.vale("gen"), fields);
      equal([nmr.txRings, nmr.rxRings, nmr.txSlots, nmr.rxSlots], [4, 4, 128, 128], "the shape");
      equal(port.extraBuffers().length, 8, "extra buffers");
      equal(askLegacy(context, "NIOCGINFO", context.vale("gen")).txRings, 4, "the info");
    },
  },
]);
