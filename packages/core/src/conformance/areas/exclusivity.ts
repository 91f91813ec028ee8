/**
 * NR_EXCLUSIVE: who has rings for itself.
 *
 * @module
 */

import {
  NR_EXCLUSIVE,
  NR_REG_ONE_NIC,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
} from "../../abi/constants.ts";
import { EBUSY } from "../../errno.ts";
import { type ConformanceCase, inArea } from "../case.ts";
import { equal, fails } from "../expect.ts";
import { frames } from "../frames.ts";

const ALONE = { flags: NR_EXCLUSIVE };

/** Cases of NR_EXCLUSIVE. */
export const exclusivityCases: readonly ConformanceCase[] = inArea("exclusivity", ["vale"], [
  {
    name: "keeps an ephemeral port from others, exclusive or not",
    run(context) {
      context.port("a", ALONE);
      fails(EBUSY, () => context.port(), "a plain REGISTER");
      fails(EBUSY, () => context.port("a", ALONE), "an exclusive REGISTER");
    },
  },
  {
    name: "keeps an attached persistent port from others, exclusive or not",
    needs: ["persistent-ports"],
    run(context) {
      const name = `${context.switchName()}:${context.plain()}`;
      context.newif(context.plain());
      context.attach(name);
      context.register(name, ALONE);
      fails(EBUSY, () => context.register(name), "a plain REGISTER");
      fails(EBUSY, () => context.register(name, ALONE), "an exclusive REGISTER");
      fails(EBUSY, () => context.register(context.plain()), "a REGISTER by its own name");
    },
  },
  {
    name: "keeps an end of a pipe from others, exclusive or not, and leaves the other end",
    needs: ["pipes"],
    run(context) {
      const name = `${context.plain()}{1`;
      context.register(name, ALONE);
      fails(EBUSY, () => context.register(name), "a plain REGISTER");
      fails(EBUSY, () => context.register(name, ALONE), "an exclusive REGISTER");
      context.register(`${context.plain()}}1`, ALONE);
    },
  },
  {
    name: "is refused while anybody else has the rings",
    run(context) {
      const plain = context.port();
      fails(EBUSY, () => context.port("a", ALONE), "an exclusive REGISTER");
      plain.close();
      context.port("a", ALONE);
    },
  },
  {
    name: "ends with its holder",
    run(context) {
      const held = context.port("a", ALONE);
      held.close();
      context.port();
      context.port();
    },
  },
  {
    name: "ends with its holder also while others have other rings",
    run(context) {
      const shape = { txRings: 2, rxRings: 2 };
      const held = context.port("a", { ...shape, mode: NR_REG_ONE_NIC, ringid: 0, ...ALONE });
      context.port("a", { mode: NR_REG_ONE_NIC, ringid: 1 });
      held.close();
      context.port("a", { mode: NR_REG_ONE_NIC, ringid: 0 });
      context.port();
    },
  },
  {
    name: "leaves its holder alone when others were refused",
    run(context) {
      const held = context.port("a", ALONE);
      const other = context.port("b");
      fails(EBUSY, () => context.port(), "a plain REGISTER");
      other.send(frames(2, -1, 2));
      equal(held.receive().length, 2, "packets that the holder received");
    },
  },
  {
    name: "is about the bound rings alone",
    run(context) {
      const shape = { txRings: 2, rxRings: 2 };
      context.port("a", { ...shape, mode: NR_REG_ONE_NIC, ringid: 0, ...ALONE });
      context.port("a", { mode: NR_REG_ONE_NIC, ringid: 1, ...ALONE });
      for (const ringid of [0, 1]) {
        const act = (): unknown => context.port("a", { mode: NR_REG_ONE_NIC, ringid });
        fails(EBUSY, act, `REGISTER of ring ${ringid}`);
      }
      fails(EBUSY, () => context.port(), "REGISTER of all rings");
    },
  },
  {
    name: "is about the bound direction alone",
    run(context) {
      context.port("a", { flags: NR_EXCLUSIVE | NR_TX_RINGS_ONLY });
      fails(EBUSY, () => context.port("a", { flags: NR_TX_RINGS_ONLY }), "REGISTER of tx rings");
      fails(EBUSY, () => context.port("a"), "REGISTER of both directions");
      context.port("a", { flags: NR_EXCLUSIVE | NR_RX_RINGS_ONLY });
    },
  },
  {
    name: "takes no ring when one of several is taken",
    run(context) {
      const shape = { txRings: 2, rxRings: 2 };
      context.port("a", { ...shape, mode: NR_REG_ONE_NIC, ringid: 1 });
      fails(EBUSY, () => context.port("a", ALONE), "an exclusive REGISTER of all rings");
      context.port("a", { mode: NR_REG_ONE_NIC, ringid: 0, ...ALONE });
    },
  },
]);
