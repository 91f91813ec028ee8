/**
 * Monitors: ports that see what goes through another's rings.
 *
 * @module
 */

import { NR_MONITOR_RX, NR_MONITOR_TX, NR_ZCOPY_MON } from "../../abi/constants.ts";
import { EINVAL, EOPNOTSUPP } from "../../errno.ts";
import type { BoundPort } from "../bound_port.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import type { Context } from "../context.ts";
import { equal, fails } from "../expect.ts";
import { EVERYBODY, frame } from "../frames.ts";

const PACKET = [frame(EVERYBODY, 1, 150)];

/** A port to be watched, one that it talks with, and the name to watch it by. */
interface Watched {
  readonly port: BoundPort;
  readonly other: BoundPort;
  readonly name: string;
}

const KINDS: readonly (readonly [
  string,
  readonly ("pipes" | "persistent-ports")[],
  (context: Context) => Watched,
])[] = [
  ["an ephemeral port", [], (context) => ({
    port: context.port("a"),
    other: context.port("b"),
    name: context.vale("a"),
  })],
  ["a persistent port", ["persistent-ports"], (context) => {
    const own = context.plain();
    context.newif(own, { txSlots: 64, rxSlots: 64 });
    context.attach(`${context.switchName()}:${own}`);
    const port = context.register(`${context.switchName()}:${own}`);
    return { port, other: context.port("b"), name: own };
  }],
  ["a pipe", ["pipes"], (context) => {
    const [port, other] = context.pipe();
    return { port, other, name: port.name };
  }],
];

/** Cases of monitors, for each kind of port. */
export const monitorCases: readonly ConformanceCase[] = inArea(
  "monitors",
  ["vale", "monitors"],
  KINDS.flatMap(([what, needs, make]): Omit<ConformanceCase, "area">[] => [
    {
      name: `copies what ${what} receives, when it comes`,
      needs,
      run(context) {
        const { port, other, name } = make(context);
        const monitor = context.register(name, { flags: NR_MONITOR_RX });
        other.send(PACKET);
        equal(monitor.receive(), PACKET, "what the monitor saw");
        equal(port.receive(), PACKET, "what the port received");
      },
    },
    {
      name: `copies what ${what} sends`,
      needs,
      run(context) {
        const { port, other, name } = make(context);
        const monitor = context.register(name, { flags: NR_MONITOR_TX });
        port.send(PACKET);
        equal(monitor.receive(), PACKET, "what the monitor saw");
        equal(other.receive(), PACKET, "what was sent");
      },
    },
    {
      name: `hands over without a copy what ${what} received, once it is given back`,
      needs,
      run(context) {
        const { port, other, name } = make(context);
        const monitor = context.register(name, { flags: NR_ZCOPY_MON | NR_MONITOR_RX });
        other.send(PACKET);
        equal(monitor.receive(), [], "what the monitor saw before the port did");
        equal(port.receive(), PACKET, "what the port received");
        port.descriptor.rxsync();
        equal(monitor.receive(), PACKET, "what the monitor saw");
      },
    },
    {
      name: `hands over without a copy what ${what} sent`,
      needs,
      run(context) {
        const { port, other, name } = make(context);
        const monitor = context.register(name, { flags: NR_ZCOPY_MON | NR_MONITOR_TX });
        port.send(PACKET);
        equal(other.receive(), PACKET, "what was sent");
        other.descriptor.rxsync();
        port.descriptor.txsync();
        equal(monitor.receive(), PACKET, "what the monitor saw");
      },
    },
  ]),
);

/** Cases of who can be watched. */
export const monitorErrorCases: readonly ConformanceCase[] = [
  ...inArea("monitors", ["vale", "monitors"], [
    {
      name: "are refused on a port that nobody has open",
      run(context) {
        const act = (): unknown => context.port("a", { flags: NR_MONITOR_RX });
        fails(EINVAL, act, "REGISTER");
      },
    },
  ]),
  ...inArea("monitors", ["vale"], [
    {
      name: "are never mistaken for the port itself",
      run(context) {
        context.port("a");
        if (context.has("monitors")) {
          const monitor = context.register(context.vale("a"), { flags: NR_MONITOR_RX });
          monitor.close();
          return;
        }
        for (const flags of [NR_MONITOR_RX, NR_MONITOR_TX, NR_ZCOPY_MON | NR_MONITOR_RX]) {
          const act = (): unknown => context.port("a", { flags });
          fails(EOPNOTSUPP, act, `REGISTER with flags ${flags}`);
        }
      },
    },
  ]),
];
