/**
 * VALE_LIST, VALE_ATTACH, VALE_DETACH, VALE_POLLING_ENABLE, VALE_POLLING_DISABLE.
 *
 * @module
 */

import {
  NETMAP_POLLING_MODE_MULTI_CPU,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  NR_REG_NIC_SW,
} from "../../abi/constants.ts";
import { requestHeader } from "../../abi/request.ts";
import {
  valeAttachRequest,
  valeDetachRequest,
  valeListRequest,
  valePollingDisable,
  valePollingEnable,
} from "../../abi/request_vale.ts";
import { EBUSY, ENOENT } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { check, equal, errnoOf, fails } from "../expect.ts";
import { EVERYBODY, frame, frames } from "../frames.ts";

/** `nr_port_idx` for a port that is not there (`NM_BDG_NOPORT`). */
const NO_PORT = 255;

/** Walks through all ports of all switches. @returns names with switch and port numbers */
function walk(context: Context): [name: string, bridge: number, port: number][] {
  const found: [string, number, number][] = [];
  let [bridgeIdx, portIdx] = [0, 0];
  for (let i = 0; i < 1000; i++) {
    const asked = valeListRequest("", { bridgeIdx, portIdx });
    if (errnoOf(() => context.ask(asked)) !== 0) break;
    const { bridgeIdx: bridge, portIdx: port } = asked.body;
    found.push([requestHeader(asked.request).name, bridge, port]);
    [bridgeIdx, portIdx] = [bridge, port + 1];
  }
  return found;
}

function mine(context: Context): [string, number, number][] {
  return walk(context).filter(([name]) => name.startsWith(context.switchName()));
}

/** Cases of VALE_LIST. */
export const listCases: readonly ConformanceCase[] = inArea("switch control", ["vale"], [
  {
    name: "lists every port of every switch, and no other",
    run(context) {
      const names = ["a", "b", "c"].map((port) => context.port(port).name);
      names.push(context.register(context.vale("d", "B")).name);
      equal(mine(context).map(([name]) => name).sort(), names.sort(), "the names");
    },
  },
  {
    name: "says where a port is, as the walk does",
    run(context) {
      for (const port of ["a", "b"]) context.port(port);
      for (const [name, bridge, port] of mine(context)) {
        const { bridgeIdx, portIdx } = context.ask(valeListRequest(name));
        equal([bridgeIdx, portIdx], [bridge, port], `the place of '${name}'`);
      }
    },
  },
  {
    name: "says that a switch has no such port by a number",
    run(context) {
      context.port("a");
      equal(context.ask(valeListRequest(context.vale("z"))).portIdx, NO_PORT, "nr_port_idx");
    },
  },
  {
    name: "finds a switch no more once its last port is closed",
    run(context) {
      const port = context.port("a");
      context.ask(valeListRequest(context.vale()));
      port.close();
      fails(ENOENT, () => context.ask(valeListRequest(context.vale())), "VALE_LIST by name");
      equal(mine(context), [], "the ports that the walk finds");
    },
  },
  {
    name: "keeps the numbers of ports when another one is closed",
    run(context) {
      const a = context.port("a");
      context.port("b");
      const { portIdx } = context.ask(valeListRequest(context.vale("b")));
      a.close();
      equal(context.ask(valeListRequest(context.vale("b"))).portIdx, portIdx, "nr_port_idx");
    },
  },
  {
    name: "ends the walk behind the last switch",
    run(context) {
      const request = valeListRequest("", { bridgeIdx: 65535, portIdx: 0 });
      fails(ENOENT, () => context.ask(request), "VALE_LIST from switch 65535 on");
    },
  },
]);

/** Cases of attaching a persistent port. */
export const attachCases: readonly ConformanceCase[] = inArea(
  "switch control",
  ["vale", "persistent-ports"],
  [
    {
      name: "attaches a port, gives its number, and detaches it",
      run(context) {
        const own = context.plain();
        const name = `${context.switchName()}:${own}`;
        context.newif(own);
        const index = context.attach(name);
        equal(context.ask(valeListRequest(name)).portIdx, index, "the number that VALE_LIST says");
        equal(context.ask(valeDetachRequest(name)).portIndex, index, "the number on detach");
        check(errnoOf(() => context.ask(valeListRequest(name))) !== 0, "the switch is gone");
      },
    },
    {
      name: "answers with the region that the port is in",
      run(context) {
        const own = context.plain();
        const { memId } = context.newif(own);
        const asked = valeAttachRequest(`${context.switchName()}:${own}`);
        context.defer(() =>
          errnoOf(() => context.ask(valeDetachRequest(`${context.switchName()}:${own}`)))
        );
        const { reg } = context.ask(asked);
        check(reg.memId === 0 || reg.memId === memId, "nr_mem_id is the port's, or left alone");
      },
    },
    {
      name: "refuses to attach to the same switch twice",
      run(context) {
        const name = `${context.switchName()}:${context.plain()}`;
        context.newif(context.plain());
        context.attach(name);
        fails(EBUSY, () => context.ask(valeAttachRequest(name)), "VALE_ATTACH");
      },
    },
    {
      name: "attaches a persistent port to a second switch, and detaches it in reverse order only",
      run(context) {
        const own = context.plain();
        const [one, two] = ["A", "B"].map((which) => `${context.switchName(which)}:${own}`);
        context.newif(own);
        context.attach(one);
        context.attach(two);
        fails(EBUSY, () => context.ask(valeDetachRequest(one)), "VALE_DETACH of the first");
        context.ask(valeDetachRequest(two));
        context.ask(valeDetachRequest(one));
      },
    },
    {
      name: "joins two switches by a port that is attached to both",
      run(context) {
        const own = context.plain();
        const shape = { txSlots: 64, rxSlots: 64 };
        context.newif(own, shape);
        context.attach(`${context.switchName("A")}:${own}`);
        context.attach(`${context.switchName("B")}:${own}`);
        const a = context.register(context.vale("a", "A"), shape);
        const b = context.register(context.vale("b", "B"), shape);
        a.send(frames(3, EVERYBODY, 1));
        equal(b.receive(), frames(3, EVERYBODY, 1), "the packets from one switch to the other");
        b.send([frame(1, 2)]);
        equal(a.receive(), [frame(1, 2)], "the answer");
      },
    },
    {
      name: "leaves an ephemeral port where it is when it is detached",
      run(context) {
        const port = context.port("a");
        context.ask(valeDetachRequest(context.vale()));
        port.send(frames(1, EVERYBODY, 1));
        context.ask(valeListRequest(context.vale()));
      },
    },
    {
      name: "refuses to attach a port that somebody has open",
      run(context) {
        const own = context.plain();
        context.newif(own);
        const port = context.register(own);
        const name = `${context.switchName()}:${own}`;
        fails(EBUSY, () => context.ask(valeAttachRequest(name)), "VALE_ATTACH");
        port.close();
        context.attach(name);
      },
    },
  ],
);

const SINGLE = { mode: NETMAP_POLLING_MODE_SINGLE_CPU, numPollingCpus: 1, firstCpuId: 0 };

/** A port with rings of its own behind it, attached where it can be polled. @returns its name */
function wrapped(context: Context): string {
  const own = context.plain();
  context.newif(own, { txSlots: 64, rxSlots: 64 });
  context.attach(`${context.switchName("A")}:${own}`);
  const name = `${context.switchName("B")}:${own}`;
  context.attach(name);
  return name;
}

/** Cases of polling. */
export const pollingCases: readonly ConformanceCase[] = inArea(
  "switch control",
  ["vale", "persistent-ports", "polling"],
  [
    {
      name: "polls an attached port, and ends it",
      run(context) {
        const name = wrapped(context);
        const reply = context.ask(valePollingEnable(name, SINGLE));
        const { mode, firstCpuId, numPollingCpus } = reply;
        equal([mode, firstCpuId, numPollingCpus], [1, 0, 1], "the reply");
        context.ask(valePollingDisable(name));
      },
    },
    {
      name: "polls a ring on a processor of its own",
      run(context) {
        const name = wrapped(context);
        const multi = { ...SINGLE, mode: NETMAP_POLLING_MODE_MULTI_CPU };
        context.ask(valePollingEnable(name, multi));
        context.ask(valePollingDisable(name));
      },
    },
    {
      name: "does not detach a port that is polled",
      run(context) {
        const name = wrapped(context);
        context.ask(valePollingEnable(name, SINGLE));
        context.defer(() => errnoOf(() => context.ask(valePollingDisable(name))));
        fails(EBUSY, () => context.ask(valeDetachRequest(name)), "VALE_DETACH");
        context.ask(valePollingDisable(name));
        context.ask(valeDetachRequest(name));
      },
    },
  ],
);

/** Cases of attaching an interface. */
export const attachInterfaceCases: readonly ConformanceCase[] = inArea(
  "switch control",
  ["vale", "interface"],
  [
    {
      name: "attaches an interface and detaches it",
      run(context) {
        const name = `${context.switchName()}:${context.interface}`;
        context.attach(name);
        fails(EBUSY, () => context.register(context.interface), "REGISTER of the interface");
        context.ask(valeDetachRequest(name));
        context.register(context.interface);
      },
    },
    {
      name: "attaches an interface with its host rings as two ports",
      needs: ["host-rings"],
      run(context) {
        const name = `${context.switchName()}:${context.interface}`;
        context.attach(name, { mode: NR_REG_NIC_SW });
        equal(mine(context).map(([port]) => port).sort(), [name, `${name}^`].sort(), "the ports");
        context.ask(valeDetachRequest(name));
        equal(mine(context), [], "the ports afterwards");
      },
    },
  ],
);
