/**
 * REGISTER and its like on a network interface, and on its host rings. Nothing is sent.
 *
 * @module
 */

import {
  NR_EXCLUSIVE,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "../../abi/constants.ts";
import { poolsInfoRequest, portInfoRequest } from "../../abi/request.ts";
import { EBUSY, EINVAL } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { check, equal, fails } from "../expect.ts";

/** Cases that need an interface. */
export const interfaceCases: readonly ConformanceCase[] = inArea("registration", ["interface"], [
  {
    name: "tells about an interface that nobody registered",
    run(context) {
      const info = context.ask(portInfoRequest(context.interface));
      check(info.txRings > 0 && info.rxRings > 0, "it has rings");
      check(info.txSlots > 0 && info.rxSlots > 0, "they have slots");
      check(info.memsize > 0 && info.memId > 0, "it has a region");
    },
  },
  {
    name: "registers all rings of an interface",
    run(context) {
      const info = context.ask(portInfoRequest(context.interface));
      const port = context.register(context.interface);
      equal([port.tx.length, port.rx.length], [info.txRings, info.rxRings], "the number of rings");
      equal([port.hostTx.length, port.hostRx.length], [0, 0], "the number of host rings");
      equal([port.reply.memId, port.reply.memsize], [info.memId, info.memsize], "the region");
    },
  },
  {
    name: "registers one pair of rings of an interface",
    run(context) {
      const port = context.register(context.interface, { mode: NR_REG_ONE_NIC, ringid: 0 });
      equal(port.rings.map((ring) => ring.ringId), [0, 0], "the rings' numbers");
    },
  },
  {
    name: "registers one direction of an interface",
    run(context) {
      const tx = context.register(context.interface, { flags: NR_TX_RINGS_ONLY });
      const rx = context.register(context.interface, { flags: NR_RX_RINGS_ONLY });
      check(tx.tx.length > 0 && tx.rx.length === 0, "the first has tx rings only");
      check(rx.rx.length > 0 && rx.tx.length === 0, "the second has rx rings only");
    },
  },
  {
    name: "keeps an interface that is open exclusively from others",
    run(context) {
      const port = context.register(context.interface, { flags: NR_EXCLUSIVE });
      fails(EBUSY, () => context.register(context.interface), "another REGISTER");
      port.close();
      context.register(context.interface);
    },
  },
  {
    name: "refuses a ring that an interface has not",
    run(context) {
      const act = (): unknown =>
        context.register(context.interface, { mode: NR_REG_ONE_NIC, ringid: 4095 });
      fails(EINVAL, act, "REGISTER of ring 4095");
    },
  },
  {
    name: "tells how the region of an interface is divided, before and after a REGISTER",
    run(context) {
      const before = context.ask(poolsInfoRequest(context.interface));
      context.register(context.interface, { mode: NR_REG_ONE_NIC });
      const after = context.ask(poolsInfoRequest(context.interface));
      for (const info of [before, after]) {
        check(info.memsize > 0, "there is memory");
        check(info.ifPoolObjtotal > 0 && info.ifPoolObjsize > 0, "there are netmap_ifs");
        check(info.ringPoolObjtotal > 0 && info.ringPoolObjsize > 0, "there are rings");
        check(info.bufPoolObjtotal > 0 && info.bufPoolObjsize > 0, "there are buffers");
      }
      equal(after.memId, before.memId, "the region");
    },
  },
]);

/** Cases that need host rings. */
export const hostRingCases: readonly ConformanceCase[] = inArea(
  "registration",
  ["interface", "host-rings"],
  [
    {
      name: "registers the host rings alone in mode SW",
      run(context) {
        const port = context.register(context.interface, { mode: NR_REG_SW });
        equal([port.tx.length, port.rx.length], [0, 0], "the number of rings");
        check(port.hostTx.length > 0 && port.hostRx.length > 0, "there are host rings");
        equal(port.hostTx[0].ringId, port.reply.txRings, "the first host ring's number");
        equal(port.reply.hostTxRings, port.hostTx.length, "nr_host_tx_rings");
      },
    },
    {
      name: "registers all rings and the host rings in mode NIC_SW",
      run(context) {
        const port = context.register(context.interface, { mode: NR_REG_NIC_SW });
        const { txRings, rxRings, hostTxRings, hostRxRings } = port.reply;
        equal(
          [port.tx, port.rx, port.hostTx, port.hostRx].map((list) => list.length),
          [txRings, rxRings, hostTxRings, hostRxRings],
          "the number of rings",
        );
      },
    },
    {
      name: "gives as many host rings as are asked for",
      run(context) {
        const port = context.register(context.interface, {
          mode: NR_REG_SW,
          hostTxRings: 5,
          hostRxRings: 4,
        });
        equal([port.reply.hostTxRings, port.reply.hostRxRings], [5, 4], "the reply");
        equal([port.hostTx.length, port.hostRx.length], [5, 4], "the rings in memory");
      },
    },
    {
      name: "registers one pair of host rings in mode ONE_SW",
      run(context) {
        const port = context.register(context.interface, {
          mode: NR_REG_ONE_SW,
          ringid: 1,
          hostTxRings: 2,
          hostRxRings: 2,
        });
        equal([port.hostTx.length, port.hostRx.length], [1, 1], "the number of host rings");
        equal(port.hostTx[0].ringId, port.reply.txRings + 1, "the host ring's number");
        equal([port.tx.length, port.rx.length], [0, 0], "the number of other rings");
      },
    },
    {
      name: "refuses a host ring that is not there",
      run(context) {
        const act = (): unknown =>
          context.register(context.interface, { mode: NR_REG_ONE_SW, ringid: 4095 });
        fails(EINVAL, act, "REGISTER of host ring 4095");
      },
    },
    {
      name: "lets one descriptor have the host rings and another the rest",
      run(context) {
        const host = context.register(context.interface, { mode: NR_REG_SW, flags: NR_EXCLUSIVE });
        const nic = context.register(context.interface, {
          mode: NR_REG_ALL_NIC,
          flags: NR_EXCLUSIVE,
        });
        check(host.hostTx.length > 0 && nic.tx.length > 0, "both have their rings");
        fails(
          EBUSY,
          () => context.register(context.interface, { mode: NR_REG_NIC_SW }),
          "REGISTER of both",
        );
      },
    },
  ],
);
