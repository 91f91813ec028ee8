/**
 * The errno table: switches and names of their ports (netmap_bdg.c, netmap_vale.c).
 *
 * @module
 */

import { valeAttachRequest, valeDetachRequest, valeListRequest } from "../../abi/request_vale.ts";
import { EBUSY, EINVAL, ENOENT, ENOMEM, ENXIO } from "../../errno.ts";
import type { ConformanceCase } from "../case.ts";
import { errnoTable } from "../errno_entry.ts";

/** Entries about names of switches and ports, and about VALE_LIST. */
export const errnoSwitchCases: readonly ConformanceCase[] = errnoTable(["vale"], [
  {
    ask: "REGISTER of a switch without a port",
    where: "nm_bdg_name_validate",
    errno: ENOMEM,
    act: (context) => context.register(context.switchName()),
    says: "no ':'",
  },
  {
    ask: "REGISTER of a switch with a character that names have not",
    where: "nm_bdg_name_validate",
    errno: ENOMEM,
    act: (context) => context.register("vale-0:a"),
    says: "column 5",
  },
  {
    ask: "REGISTER of a switch with a name that is too long",
    where: "nm_bdg_name_validate",
    errno: ENOMEM,
    act: (context) => context.register("vale567890123456:a"),
    says: "at most 15",
  },
  {
    ask: "REGISTER of a port with a name that is too long",
    where: "nm_bdg_name_validate",
    errno: ENOMEM,
    act: (context) => context.register(`${context.switchName()}:${"p".repeat(16)}`),
    says: "at most 15",
  },
  {
    ask: "REGISTER on one switch more than there may be",
    where: "nm_find_bridge",
    errno: ENOMEM,
    act(context) {
      for (let i = 0; i < 300; i++) {
        context.register(`${context.switchName(`${i}`)}:a`, { txSlots: 2, rxSlots: 2 });
      }
    },
    says: "raise 'switches'",
  },
  {
    ask: "VALE_LIST of a name that is no switch's",
    where: "netmap_vale_list",
    errno: EINVAL,
    act: (context) => context.ask(valeListRequest(context.plain())),
    says: "begins with 'vale'",
  },
  {
    ask: "VALE_LIST of a switch that does not exist",
    where: "netmap_vale_list",
    errno: ENOENT,
    act: (context) => context.ask(valeListRequest(context.vale())),
    says: "no such switch",
  },
  {
    ask: "VALE_LIST of a switch's name without a port",
    where: "nm_find_bridge",
    errno: ENOENT,
    before: (context) => context.port(),
    act: (context) => context.ask(valeListRequest(context.switchName())),
    says: "no ':'",
  },
  {
    ask: "VALE_LIST behind the last port of the last switch",
    where: "netmap_vale_list",
    errno: ENOENT,
    act: (context) => context.ask(valeListRequest("", { bridgeIdx: 65535 })),
    says: "none behind that place",
  },
  {
    ask: "VALE_ATTACH of a name that is no switch's",
    where: "netmap_bdg_attach",
    errno: EINVAL,
    act: (context) => context.ask(valeAttachRequest(context.plain())),
    says: "begins with 'vale'",
  },
  {
    ask: "VALE_ATTACH of what does not exist",
    where: "netmap_get_bdg_na",
    errno: EINVAL,
    act: (context) => context.ask(valeAttachRequest(context.vale("x"))),
    says: "VALE_NEWIF",
  },
  {
    ask: "VALE_ATTACH in a region that does not exist",
    where: "netmap_mem_find",
    errno: EINVAL,
    act: (context) => context.ask(valeAttachRequest(context.vale("x"), { memId: 65535 })),
    says: "memory region 65535",
  },
  {
    ask: "VALE_ATTACH of a port that its switch has",
    where: "netmap_bdg_attach",
    errno: EBUSY,
    before: (context) => context.port("a"),
    act: (context) => context.ask(valeAttachRequest(context.vale("a"))),
    says: "port of that name",
  },
  {
    ask: "VALE_ATTACH to a switch with a bad name",
    where: "nm_find_bridge",
    errno: ENOMEM,
    act: (context) => context.ask(valeAttachRequest("vale-0:eth0")),
    says: "column 5",
  },
  {
    ask: "VALE_DETACH of a name that is no switch's",
    where: "netmap_bdg_detach_locked",
    errno: EINVAL,
    act: (context) => context.ask(valeDetachRequest(context.plain())),
    says: "begins with 'vale'",
  },
  {
    ask: "VALE_DETACH from a switch that does not exist",
    where: "nm_find_bridge",
    errno: ENXIO,
    act: (context) => context.ask(valeDetachRequest(context.vale())),
    says: "no such switch",
  },
  {
    ask: "VALE_DETACH of a port that its switch has not",
    where: "netmap_get_bdg_na",
    errno: ENXIO,
    before: (context) => context.port("a"),
    act: (context) => context.ask(valeDetachRequest(context.vale("z"))),
    says: "has none of that name",
  },
  {
    ask: "VALE_DETACH of a bad name",
    where: "nm_bdg_name_validate",
    errno: ENXIO,
    act: (context) => context.ask(valeDetachRequest("vale-0:a")),
    says: "column 5",
  },
]);
