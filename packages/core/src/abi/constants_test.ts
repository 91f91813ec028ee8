import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import * as constants from "./constants.ts";
import * as legacy from "./legacy.ts";

/** Names in the order of their values; the values are bits, or count up. */
interface Series {
  readonly first: number;
  readonly step: "bit" | "count";
  /** `-` for a value that nothing has. */
  readonly names: string;
}

/** As netmap.h and netmap_legacy.h have them (checked against both with a C program). */
const SERIES: Readonly<Record<string, Series>> = {
  "slot flags": {
    first: 1,
    step: "bit",
    names: "NS_BUF_CHANGED NS_REPORT NS_FORWARD NS_NO_LEARN NS_INDIRECT NS_MOREFRAG NS_TXMON",
  },
  "ring flags": { first: 2, step: "bit", names: "NR_TIMESTAMP NR_FORWARD" },
  "register flags": {
    first: 0x100,
    step: "bit",
    names: "NR_MONITOR_TX NR_MONITOR_RX NR_ZCOPY_MON NR_EXCLUSIVE - NR_RX_RINGS_ONLY " +
      "NR_TX_RINGS_ONLY NR_ACCEPT_VNET_HDR NR_DO_RX_POLL NR_NO_TX_POLL",
  },
  "register modes": {
    first: 0,
    step: "count",
    names: "NR_REG_DEFAULT NR_REG_ALL_NIC NR_REG_SW NR_REG_NIC_SW NR_REG_ONE_NIC " +
      "NR_REG_PIPE_MASTER NR_REG_PIPE_SLAVE NR_REG_NULL NR_REG_ONE_SW",
  },
  "options": {
    first: 1,
    step: "count",
    names: "NETMAP_REQ_OPT_EXTMEM NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS NETMAP_REQ_OPT_CSB " +
      "NETMAP_REQ_OPT_SYNC_KLOOP_MODE NETMAP_REQ_OPT_OFFSETS NETMAP_REQ_OPT_MAX",
  },
  "kloop modes": {
    first: 1,
    step: "bit",
    names: "NM_OPT_SYNC_KLOOP_DIRECT_TX NM_OPT_SYNC_KLOOP_DIRECT_RX",
  },
  "polling modes": {
    first: 1,
    step: "count",
    names: "NETMAP_POLLING_MODE_SINGLE_CPU NETMAP_POLLING_MODE_MULTI_CPU",
  },
  "legacy commands": {
    first: 1,
    step: "count",
    names: "NETMAP_BDG_ATTACH NETMAP_BDG_DETACH NETMAP_BDG_REGOPS NETMAP_BDG_LIST " +
      "NETMAP_BDG_VNET_HDR NETMAP_BDG_NEWIF NETMAP_BDG_DELIF NETMAP_PT_HOST_CREATE " +
      "NETMAP_PT_HOST_DELETE NETMAP_BDG_POLLING_ON NETMAP_BDG_POLLING_OFF NETMAP_VNET_HDR_GET",
  },
  "legacy ring bits": {
    first: 0x1000,
    step: "bit",
    names: "NETMAP_NO_TX_POLL NETMAP_SW_RING NETMAP_HW_RING NETMAP_DO_RX_POLL",
  },
};

const ALL: Readonly<Record<string, unknown>> = { ...constants, ...legacy };

describe("constants", () => {
  for (const [what, { first, step, names }] of Object.entries(SERIES)) {
    it(`of the ${what} have netmap's values`, () => {
      names.split(" ").forEach((name, index) => {
        if (name !== "-") {
          assertEquals(ALL[name], step === "bit" ? first << index : first + index, name);
        }
      });
    });
  }

  it("that stand alone have netmap's values", () => {
    assertEquals(
      [constants.NETMAP_API, constants.NETMAP_MIN_API, constants.NETMAP_MAX_API],
      [14, 14, 15],
    );
    assertEquals(
      [constants.NETMAP_MAX_FRAGS, constants.NETMAP_REQ_IFNAMSIZ, constants.NETMAP_REQ_MAXSIZE],
      [64, 64, 4096],
    );
    assertEquals([constants.NS_PORT_SHIFT, constants.NS_PORT_MASK], [8, 0xff00]);
    assertEquals([constants.NI_PRIV_MEM, constants.IFNAMSIZ, constants.NM_CACHE_ALIGN], [
      1,
      16,
      128,
    ]);
    assertEquals([legacy.NETMAP_RING_MASK, legacy.NR_REG_MASK], [0x0fff, 0xf]);
    assertEquals([legacy.NETMAP_BDG_HOST, legacy.NM_IFRDATA_LEN], [1, 256]);
    assertEquals([constants.NM_BDG_NAME, constants.NETMAP_DEVICE_NAME], ["vale", "/dev/netmap"]);
  });
});
