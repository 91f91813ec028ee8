/**
 * The errno table: persistent ports, attaching and polling them (netmap_vale.c, netmap_bdg.c).
 *
 * @module
 */

import {
  NETMAP_POLLING_MODE_MULTI_CPU,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  NR_REG_SW,
} from "../../abi/constants.ts";
import {
  valeAttachRequest,
  valeDelifRequest,
  valeDetachRequest,
  valeNewifRequest,
  valePollingDisable,
  valePollingEnable,
} from "../../abi/request_vale.ts";
import { EBUSY, EEXIST, EFAULT, EINVAL, ENXIO, EOPNOTSUPP } from "../../errno.ts";
import type { ConformanceCase } from "../case.ts";
import type { Context } from "../context.ts";
import { errnoTable } from "../errno_entry.ts";

const SHAPE = { txSlots: 64, rxSlots: 64 };

/** The persistent port of a case in a switch. */
function there(context: Context, which: string = ""): string {
  return `${context.switchName(which)}:${context.plain()}`;
}

function newif(context: Context): void {
  context.newif(context.plain(), SHAPE);
}

function attachOnce(context: Context): void {
  newif(context);
  context.attach(there(context, "A"));
}

function attachTwice(context: Context): void {
  attachOnce(context);
  context.attach(there(context, "B"));
}

/** Entries about persistent ports. */
export const errnoPersistentCases: readonly ConformanceCase[] = errnoTable(
  ["vale", "persistent-ports"],
  [
    {
      ask: "VALE_NEWIF of a switch's name",
      where: "netmap_vi_create",
      errno: EINVAL,
      act: (context) => context.ask(valeNewifRequest(context.switchName())),
      says: "are of switches",
    },
    {
      ask: "VALE_NEWIF of a name of 16 bytes",
      where: "netmap_vi_create",
      errno: EINVAL,
      act: (context) => context.ask(valeNewifRequest("n".repeat(16))),
      says: "at most 15",
    },
    {
      ask: "VALE_NEWIF of no name",
      where: "nm_os_vi_persist",
      errno: EINVAL,
      act: (context) => context.ask(valeNewifRequest("")),
      says: "no interface may be called so",
    },
    {
      ask: "VALE_NEWIF of a name that exists",
      where: "netmap_vi_create",
      errno: EEXIST,
      before: newif,
      act: (context) => context.ask(valeNewifRequest(context.plain())),
      says: "of that name",
    },
    {
      ask: "VALE_NEWIF of an interface's name",
      where: "netmap_vi_create",
      errno: EEXIST,
      needs: ["interface"],
      act: (context) => context.ask(valeNewifRequest(context.interface)),
      says: "of that name",
    },
    {
      ask: "VALE_NEWIF in a region that does not exist",
      where: "netmap_mem_find",
      errno: EINVAL,
      act: (context) => context.ask(valeNewifRequest(context.plain(), { memId: 65535 })),
      says: "memory region 65535",
    },
    {
      ask: "VALE_DELIF of what does not exist",
      where: "nm_vi_destroy",
      errno: ENXIO,
      act: (context) => context.ask(valeDelifRequest(context.plain())),
      says: "no persistent port",
    },
    {
      ask: "VALE_DELIF of an interface",
      where: "nm_vi_destroy",
      errno: EINVAL,
      needs: ["interface"],
      act: (context) => context.ask(valeDelifRequest(context.interface)),
      says: "has not made it",
    },
    {
      ask: "VALE_DELIF of a port that lives by its pipes",
      where: "nm_vi_destroy",
      errno: EINVAL,
      needs: ["pipes"],
      before: (context) => context.pipe(),
      act: (context) => context.ask(valeDelifRequest(context.plain())),
      says: "for its pipes alone",
    },
    {
      ask: "VALE_DELIF of a port that somebody has open",
      where: "nm_vi_destroy",
      errno: EBUSY,
      before(context) {
        newif(context);
        context.register(context.plain());
      },
      act: (context) => context.ask(valeDelifRequest(context.plain())),
      says: "close it first",
    },
    {
      ask: "VALE_DELIF of a port that is attached",
      where: "nm_vi_destroy",
      errno: EBUSY,
      before: attachOnce,
      act: (context) => context.ask(valeDelifRequest(context.plain())),
      says: "detach it first",
    },
    {
      ask: "REGISTER of a persistent port as a switch's before it is attached",
      where: "netmap_get_bdg_na",
      errno: EINVAL,
      before: newif,
      act: (context) => context.register(there(context)),
      says: "VALE_ATTACH",
    },
    {
      ask: "REGISTER of a port that is attached to a second switch, by its own name",
      where: "netmap_ioctl",
      errno: EBUSY,
      before: attachTwice,
      act: (context) => context.register(context.plain()),
      says: "detach it first",
    },
    {
      ask: "REGISTER of a port that is attached to a second switch, by that switch's name",
      where: "netmap_ioctl",
      errno: EBUSY,
      before: attachTwice,
      act: (context) => context.register(there(context, "B")),
      says: "detach it first",
    },
    {
      ask: "VALE_ATTACH of a port that somebody has open",
      where: "netmap_bdg_attach",
      errno: EBUSY,
      before(context) {
        newif(context);
        context.register(context.plain());
      },
      act: (context) => context.ask(valeAttachRequest(there(context))),
      says: "open 1 times",
    },
    {
      ask: "VALE_ATTACH of a port that two switches have",
      where: "netmap_bwrap_attach_common",
      errno: EBUSY,
      before: attachTwice,
      act: (context) => context.ask(valeAttachRequest(there(context, "C"))),
      says: "detach it first",
    },
    {
      ask: "VALE_ATTACH of one ring",
      where: "netmap_bwrap_bdg_ctl",
      errno: EINVAL,
      before: attachOnce,
      act: (context) => context.ask(valeAttachRequest(there(context, "B"), { ringid: 1 })),
      says: "ring 1 alone",
    },
    {
      ask: "VALE_ATTACH of the host rings alone",
      where: "netmap_bwrap_bdg_ctl",
      errno: EINVAL,
      before: attachOnce,
      act: (context) => context.ask(valeAttachRequest(there(context, "B"), { mode: NR_REG_SW })),
      says: "in mode 2",
    },
    {
      ask: "VALE_DETACH of the first of two attachments",
      where: "netmap_bdg_detach_locked",
      errno: EBUSY,
      before: attachTwice,
      act: (context) => context.ask(valeDetachRequest(there(context, "A"))),
      says: "detach it there first",
    },
  ],
);

const SINGLE = { mode: NETMAP_POLLING_MODE_SINGLE_CPU, numPollingCpus: 1 };

/** Asks for polling of the second attachment. */
function polling(fields: Parameters<typeof valePollingEnable>[1]): (context: Context) => unknown {
  return (context) => context.ask(valePollingEnable(there(context, "B"), fields));
}

function stopPolling(context: Context): void {
  context.defer(() => {
    try {
      context.ask(valePollingDisable(there(context, "B")));
    } catch { /* it was refused */ }
  });
}

/** Entries about polling. */
export const errnoPollingCases: readonly ConformanceCase[] = errnoTable(
  ["vale", "persistent-ports"],
  [
    {
      ask: "VALE_POLLING_ENABLE of a name that is no switch's",
      where: "nm_bdg_polling",
      errno: EINVAL,
      act: (context) => context.ask(valePollingEnable(context.plain(), SINGLE)),
      says: "begins with 'vale'",
    },
    {
      ask: "VALE_POLLING_ENABLE of what does not exist",
      where: "netmap_get_bdg_na",
      errno: ENXIO,
      act: (context) => context.ask(valePollingEnable(context.vale(), SINGLE)),
      says: "no such switch",
    },
    {
      ask: "VALE_POLLING_ENABLE of a port that nothing is behind",
      where: "nm_bdg_polling",
      errno: EOPNOTSUPP,
      before: (context) => context.port(),
      act: (context) => context.ask(valePollingEnable(context.vale(), SINGLE)),
      says: "only attached interfaces",
    },
    {
      ask: "VALE_POLLING_DISABLE of a port that nothing is behind",
      where: "nm_bdg_polling",
      errno: EOPNOTSUPP,
      before: (context) => context.port(),
      act: (context) => context.ask(valePollingDisable(context.vale())),
      says: "only attached interfaces",
    },
    {
      ask: "VALE_POLLING_ENABLE with no processor",
      where: "get_polling_cfg",
      errno: EINVAL,
      before: attachTwice,
      act: polling({ ...SINGLE, numPollingCpus: 0 }),
      says: "0 processors",
    },
    {
      ask: "VALE_POLLING_ENABLE with all processors and more",
      where: "get_polling_cfg",
      errno: EINVAL,
      before: attachTwice,
      act: polling({ ...SINGLE, numPollingCpus: 65535 }),
    },
    {
      ask: "VALE_POLLING_ENABLE in a mode that is none",
      where: "get_polling_cfg",
      errno: EINVAL,
      needs: ["polling"],
      before: attachTwice,
      act: polling({ ...SINGLE, mode: 7 }),
      says: "mode 7",
    },
    {
      ask: "VALE_POLLING_ENABLE of rings that the port has not",
      where: "get_polling_cfg",
      errno: EINVAL,
      needs: ["polling"],
      before: attachTwice,
      act: polling({ ...SINGLE, mode: NETMAP_POLLING_MODE_MULTI_CPU, firstCpuId: 5 }),
    },
    {
      ask: "VALE_POLLING_ENABLE of what is polled",
      where: "nm_bdg_ctl_polling_start",
      errno: EFAULT,
      needs: ["polling"],
      before(context) {
        attachTwice(context);
        polling(SINGLE)(context);
        stopPolling(context);
      },
      act: polling(SINGLE),
      says: "polled already",
    },
    {
      ask: "VALE_POLLING_DISABLE of what is not polled",
      where: "nm_bdg_ctl_polling_stop",
      errno: EFAULT,
      before: attachTwice,
      act: (context) => context.ask(valePollingDisable(there(context, "B"))),
      says: "not polled",
    },
    {
      ask: "VALE_DETACH of what is polled",
      where: "netmap_bdg_detach_locked",
      errno: EBUSY,
      needs: ["polling"],
      before(context) {
        attachTwice(context);
        polling(SINGLE)(context);
        stopPolling(context);
      },
      act: (context) => context.ask(valeDetachRequest(there(context, "B"))),
      says: "VALE_POLLING_DISABLE",
    },
  ],
);
