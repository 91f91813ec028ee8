/**
 * The interface before API 14: NIOCREGIF, NIOCGINFO and struct nmreq.
 *
 * @module
 */

import {
  NR_EXCLUSIVE,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
} from "../../abi/constants.ts";
import {
  NETMAP_BDG_ATTACH,
  NETMAP_BDG_DELIF,
  NETMAP_BDG_DETACH,
  NETMAP_BDG_LIST,
  NETMAP_BDG_NEWIF,
  NETMAP_BDG_POLLING_OFF,
  NETMAP_BDG_POLLING_ON,
  NETMAP_BDG_REGOPS,
  NETMAP_BDG_VNET_HDR,
  NETMAP_DO_RX_POLL,
  NETMAP_HW_RING,
  NETMAP_NO_TX_POLL,
  NETMAP_PT_HOST_CREATE,
  NETMAP_PT_HOST_DELETE,
  NETMAP_SW_RING,
  NETMAP_VNET_HDR_GET,
} from "../../abi/legacy.ts";
import { portInfoRequest } from "../../abi/request.ts";
import { POLLIN } from "../../device.ts";
import { EBUSY, EEXIST, EINVAL, ENOMEM, ENXIO } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal, fails } from "../expect.ts";
import { EVERYBODY, frame, frames } from "../frames.ts";
import { askLegacy, nmreq, regif } from "../legacy_port.ts";

const SLOTS = { txSlots: 64, rxSlots: 64 };

/** Cases of a struct nmreq without a port. */
export const legacyCases: readonly ConformanceCase[] = inArea("legacy", [], [
  ...[0, 4, 11, 12, 13].map((version): Omit<ConformanceCase, "area"> => ({
    name: `refuses requests of version ${version}`,
    run(context) {
      const regifOf = (): unknown => askLegacy(context, "NIOCREGIF", "x", { version });
      fails(EINVAL, regifOf, "NIOCREGIF");
      fails(EINVAL, () => askLegacy(context, "NIOCGINFO", "", { version, arg2: 1 }), "NIOCGINFO");
    },
    ...(version === 0 ? {} : {
      reference: "netmap once translated versions 11 to 13; since API 14 it refuses them",
    }),
  })),
  {
    name: "tells the size of the common region modulo 2^32",
    run(context) {
      const { memsize } = context.ask(portInfoRequest("", { memId: 1 }));
      const nmr = askLegacy(context, "NIOCGINFO", "", { arg2: 1 });
      equal([nmr.memsize, nmr.arg2], [memsize % 2 ** 32, 1], "nr_memsize and nr_arg2");
    },
  },
  ...[NETMAP_BDG_REGOPS, NETMAP_BDG_LIST, 13, 200].map((cmd): Omit<ConformanceCase, "area"> => ({
    name: `refuses command ${cmd} with NIOCREGIF`,
    run(context) {
      fails(EINVAL, () => askLegacy(context, "NIOCREGIF", "x", { cmd }), "NIOCREGIF");
    },
  })),
  {
    name: "refuses the commands of passthrough with ENOMEM",
    run(context) {
      for (const cmd of [NETMAP_PT_HOST_CREATE, NETMAP_PT_HOST_DELETE]) {
        fails(ENOMEM, () => askLegacy(context, "NIOCREGIF", "x", { cmd }), `command ${cmd}`);
      }
    },
    reference: "netmap takes what it cannot translate for a lack of memory; so do we",
  },
  {
    name: "says how many extra buffers there were where more were asked for",
    needs: ["null-ports"],
    run(context) {
      const fields = { flags: NR_REG_NULL, arg2: 1, arg3: 0xffff_ffff, txRings: 1, txSlots: 2 };
      const { nmr, port } = regif(context, context.plain(), fields);
      check(nmr.arg3 > 0 && nmr.arg3 < 0xffff_ffff, "there is an end");
      equal(port.extraBuffers().length, nmr.arg3, "the list's length");
    },
  },
  {
    name: "says ENXIO for a port that is not there",
    run(context) {
      fails(ENXIO, () => askLegacy(context, "NIOCREGIF", context.plain()), "NIOCREGIF");
      fails(ENXIO, () => askLegacy(context, "NIOCGINFO", context.plain()), "NIOCGINFO");
    },
  },
]);

/** Cases of registrations. */
export const legacyRegistrationCases: readonly ConformanceCase[] = inArea("legacy", ["vale"], [
  {
    name: "registers a port whose mode is left open",
    run(context) {
      const { nmr, port } = regif(context, context.vale(), SLOTS);
      check(nmr.memsize > 0 && nmr.arg2 > 0, "there is a region");
      equal([nmr.txRings, nmr.rxRings, nmr.txSlots, nmr.rxSlots], [1, 1, 64, 64], "the shape");
      equal([nmr.ringid, nmr.flags, nmr.arg3], [0, 0, 0], "what is as it was");
      equal(port.rings.length, 2, "the number of rings");
    },
  },
  ...[14, 15, 16, 1000].map((version): Omit<ConformanceCase, "area"> => ({
    name: `registers a port for a program of version ${version}`,
    run(context) {
      const fields = { ...SLOTS, version, flags: NR_REG_ALL_NIC };
      const { nmr, port } = regif(context, context.vale(), fields);
      equal([nmr.version, nmr.flags], [version, NR_REG_ALL_NIC], "what is as it was");
      port.descriptor.txsync();
    },
  })),
  {
    name: "gives extra buffers",
    run(context) {
      const { nmr, port } = regif(context, context.vale(), { ...SLOTS, arg3: 20 });
      equal([nmr.arg3, port.extraBuffers().length], [20, 20], "how many");
    },
  },
  {
    name: "gives extra buffers to a pipe",
    needs: ["pipes"],
    run(context) {
      const { nmr, port } = regif(context, `${context.plain()}{e`, {
        ...SLOTS,
        flags: NR_REG_ALL_NIC,
        arg3: 58,
      });
      equal([nmr.arg3, port.extraBuffers().length], [58, 58], "how many");
    },
  },
  {
    name: "gives extra buffers to a pipe on a switch port",
    needs: ["pipes"],
    run(context) {
      const name = `${context.vale("Y")}{p`;
      const { nmr } = regif(context, name, { ...SLOTS, arg3: 58 });
      equal(nmr.arg3, 58, "how many");
    },
  },
  {
    name: "binds one ring pair by NETMAP_HW_RING in nr_ringid",
    run(context) {
      const { port, nmr } = regif(context, context.vale(), {
        ...SLOTS,
        txRings: 3,
        rxRings: 3,
        ringid: NETMAP_HW_RING | 2,
      });
      equal(port.rings.map((ring) => ring.ringId), [2, 2], "the rings' numbers");
      equal(nmr.ringid, NETMAP_HW_RING | 2, "nr_ringid");
    },
  },
  {
    name: "binds one ring pair by a mode in nr_flags",
    run(context) {
      const { port } = regif(context, context.vale(), {
        ...SLOTS,
        txRings: 3,
        rxRings: 3,
        ringid: 1,
        flags: NR_REG_ONE_NIC,
      });
      equal(port.rings.map((ring) => ring.ringId), [1, 1], "the rings' numbers");
    },
  },
  {
    name: "takes nr_flags for more than nr_ringid",
    run(context) {
      const { port } = regif(context, context.vale(), {
        ...SLOTS,
        txRings: 2,
        rxRings: 2,
        ringid: NETMAP_HW_RING | 1,
        flags: NR_REG_ALL_NIC,
      });
      equal(port.rings.length, 4, "the number of rings");
    },
  },
  {
    name: "takes NETMAP_SW_RING for the host rings, which a switch port has not",
    run(context) {
      const act = (): unknown => regif(context, context.vale(), { ringid: NETMAP_SW_RING });
      fails(EINVAL, act, "NIOCREGIF");
    },
  },
  {
    name: "takes the flags of today's interface",
    run(context) {
      const { port } = regif(context, context.vale(), {
        ...SLOTS,
        flags: NR_REG_ALL_NIC | NR_EXCLUSIVE | NR_RX_RINGS_ONLY,
      });
      equal([port.tx.length, port.rx.length], [0, 1], "the number of rings");
      const again = (): unknown => regif(context, context.vale(), { flags: NR_RX_RINGS_ONLY | 1 });
      fails(EBUSY, again, "NIOCREGIF of the same ring");
    },
  },
  {
    name: "puts a port into the region in nr_arg2",
    run(context) {
      const a = regif(context, context.vale("a"), SLOTS);
      const b = regif(context, context.vale("b"), { ...SLOTS, arg2: a.nmr.arg2 });
      equal(b.nmr.arg2, a.nmr.arg2, "nr_arg2");
      fails(EINVAL, () => regif(context, context.vale("c"), { arg2: 65535 }), "region 65535");
    },
  },
  {
    name: "sends on poll, unless NETMAP_NO_TX_POLL says not to",
    needs: ["pipes"],
    run(context) {
      for (const [ringid, sent] of [[0, 1], [NETMAP_NO_TX_POLL, 0], [NETMAP_DO_RX_POLL, 1]]) {
        const base = context.plain(`${ringid}`);
        const { port } = regif(context, `${base}{1`, { ...SLOTS, ringid });
        const peer = context.register(`${base}}1`);
        port.put([frame(2, 1)]);
        port.descriptor.poll(POLLIN, 0);
        equal(peer.receive().length, sent, `packets with nr_ringid ${ringid}`);
      }
    },
  },
  {
    name: "answers EBUSY to a second registration",
    run(context) {
      const { descriptor } = regif(context, context.vale(), SLOTS);
      const { bytes } = nmreq(context.vale("b"));
      fails(EBUSY, () => descriptor.legacy("NIOCREGIF", bytes), "NIOCREGIF");
    },
  },
  {
    name: "tells about a port and makes none",
    run(context) {
      const nmr = askLegacy(context, "NIOCGINFO", context.vale(), { ...SLOTS, txRings: 2 });
      equal([nmr.txSlots, nmr.rxSlots, nmr.txRings, nmr.rxRings], [64, 64, 2, 1], "the shape");
      check(nmr.memsize > 0 && nmr.arg2 > 0, "there is a region");
      equal(context.ask(portInfoRequest(context.vale())).txSlots, 1024, "the next one's slots");
    },
  },
  {
    name: "carries packets between a port of each interface",
    run(context) {
      const old = regif(context, context.vale("old"), SLOTS).port;
      const young = context.port("new");
      old.send(frames(3, EVERYBODY, 1));
      equal(young.receive(), frames(3, EVERYBODY, 1), "the packets");
      young.send([frame(1, 2)]);
      equal(old.receive(), [frame(1, 2)], "the answer");
    },
  },
]);

/** Cases of pipes by number. */
export const legacyPipeCases: readonly ConformanceCase[] = inArea("legacy", ["pipes"], [
  {
    name: "opens both ends of a pipe by mode and number",
    run(context) {
      const shape = { ...SLOTS, ringid: 5 };
      const a = regif(context, context.plain(), { ...shape, flags: NR_REG_PIPE_MASTER });
      const b = regif(context, context.plain(), { ...shape, flags: NR_REG_PIPE_SLAVE });
      a.port.send(frames(2, 2, 1));
      equal(b.port.receive(), frames(2, 2, 1), "the packets");
      equal([a.nmr.flags, a.nmr.ringid], [NR_REG_PIPE_MASTER, 5], "what is as it was");
    },
  },
  {
    name: "calls pipe 5 what today's interface calls '{5'",
    run(context) {
      const master = { ...SLOTS, ringid: 5, flags: NR_REG_PIPE_MASTER };
      const { port } = regif(context, context.plain(), master);
      const peer = context.register(`${context.plain()}}5`);
      port.send(frames(1, 2, 1));
      equal(peer.receive().length, 1, "packets");
    },
  },
]);

/** Carries out a command on a switch. */
function command(context: Context, name: string, cmd: number, fields = {}): unknown {
  return askLegacy(context, "NIOCREGIF", name, { cmd, ...fields });
}

/** Cases of `nr_cmd`. */
export const legacyCommandCases: readonly ConformanceCase[] = inArea(
  "legacy",
  ["vale", "persistent-ports"],
  [
    {
      name: "makes a persistent port, attaches it, detaches it and deletes it",
      run(context) {
        const own = context.plain();
        const name = `${context.switchName()}:${own}`;
        const nmr = askLegacy(context, "NIOCREGIF", own, { cmd: NETMAP_BDG_NEWIF, ...SLOTS });
        context.defer(() => {
          for (const undo of [NETMAP_BDG_DETACH, NETMAP_BDG_DELIF]) {
            try {
              command(context, undo === NETMAP_BDG_DETACH ? name : own, undo);
            } catch { /* it is gone already */ }
          }
        });
        equal([nmr.txSlots, nmr.rxSlots, nmr.txRings, nmr.rxRings], [64, 64, 1, 1], "the shape");
        check(nmr.arg2 > 0, "it has a region");
        fails(EEXIST, () => command(context, own, NETMAP_BDG_NEWIF), "BDG_NEWIF again");
        command(context, name, NETMAP_BDG_ATTACH);
        fails(EBUSY, () => command(context, name, NETMAP_BDG_ATTACH), "BDG_ATTACH again");
        fails(EBUSY, () => command(context, own, NETMAP_BDG_DELIF), "BDG_DELIF while attached");
        command(context, name, NETMAP_BDG_DETACH);
        command(context, own, NETMAP_BDG_DELIF);
        fails(ENXIO, () => command(context, own, NETMAP_BDG_DELIF), "BDG_DELIF again");
      },
    },
    {
      name: "finds a port by name, and by number its name",
      run(context) {
        context.port("a");
        const found = askLegacy(context, "NIOCGINFO", context.vale(), { cmd: NETMAP_BDG_LIST });
        const named = askLegacy(context, "NIOCGINFO", "", {
          cmd: NETMAP_BDG_LIST,
          arg1: found.arg1,
          arg2: found.arg2,
        });
        equal([named.name, named.arg1, named.arg2], [context.vale(), found.arg1, found.arg2], "it");
      },
    },
    {
      name: "sets and gets a port's header",
      run(context) {
        context.port("a");
        for (const arg1 of [12, 10, 0]) {
          command(context, context.vale(), NETMAP_BDG_VNET_HDR, { arg1 });
          const got = askLegacy(context, "NIOCREGIF", context.vale(), { cmd: NETMAP_VNET_HDR_GET });
          equal(got.arg1, arg1, "nr_arg1");
        }
        const act = (): unknown =>
          command(context, context.vale(), NETMAP_BDG_VNET_HDR, { arg1: 9 });
        fails(EINVAL, act, "BDG_VNET_HDR of 9");
      },
    },
    {
      name: "polls an attached port, by the mode in nr_flags",
      needs: ["polling"],
      run(context) {
        const own = context.plain();
        context.newif(own, SLOTS);
        context.attach(`${context.switchName("A")}:${own}`);
        const name = `${context.switchName("B")}:${own}`;
        context.attach(name);
        const on = (flags: number): unknown =>
          command(context, name, NETMAP_BDG_POLLING_ON, { arg1: 1, ringid: 0, flags });
        fails(EINVAL, () => on(NR_REG_SW), "BDG_POLLING_ON in mode SW");
        fails(EINVAL, () => on(NR_REG_NIC_SW), "BDG_POLLING_ON in mode NIC_SW");
        for (const flags of [NR_REG_ALL_NIC, NR_REG_ONE_NIC]) {
          on(flags);
          command(context, name, NETMAP_BDG_POLLING_OFF);
        }
      },
    },
  ],
);
