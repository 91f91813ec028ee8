/**
 * The errno table: REGISTER of pipes and of host rings (netmap_pipe.c, netmap.c).
 *
 * @module
 */

import {
  NR_EXCLUSIVE,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
} from "../../abi/constants.ts";
import { EBUSY, EINVAL, ENOMEM, ENXIO } from "../../errno.ts";
import type { ConformanceCase } from "../case.ts";
import { errnoTable, registering } from "../errno_entry.ts";

/** Entries about pipes. */
export const errnoPipeCases: readonly ConformanceCase[] = errnoTable(["pipes"], [
  ...["{1", "}1"].map((name) => ({
    ask: `REGISTER of pipe '${name}', whose parent is empty`,
    where: "netmap_get_pipe_na",
    errno: EINVAL,
    act: registering(() => name),
    says: "parent is empty",
  })),
  ...["{", "}"].map((bracket) => ({
    ask: `REGISTER of a pipe whose id is empty after '${bracket}'`,
    where: "netmap_get_pipe_na",
    errno: EINVAL,
    act: registering((context) => `${context.plain()}${bracket}`),
    says: "id is empty",
  })),
  ...[NR_REG_SW, NR_REG_NIC_SW, NR_REG_ONE_SW, 99].map((mode) => ({
    ask: `REGISTER of a pipe in mode ${mode}`,
    where: "netmap_get_pipe_na",
    errno: EINVAL,
    act: registering((context) => `${context.plain()}{1`, { mode }),
    says: `mode ${mode}`,
  })),
  {
    ask: "REGISTER of a ring that a pipe has not",
    where: "netmap_interp_ringid",
    errno: EINVAL,
    act: registering((context) => `${context.plain()}{1`, { mode: NR_REG_ONE_NIC, ringid: 1 }),
    says: "ring 1",
  },
  {
    ask: "REGISTER of a pipe whose parent can have no such name",
    where: "netmap_get_pipe_na",
    errno: ENXIO,
    act: registering((context) => `${context.plain()}-much-too-long{1`),
  },
  {
    ask: "REGISTER of a pipe in a region that does not exist",
    where: "netmap_mem_find",
    errno: EINVAL,
    act: registering((context) => `${context.plain()}{1`, { memId: 65535 }),
    says: "memory region 65535",
  },
  {
    ask: "REGISTER of a pipe on a switch's name without a port",
    where: "nm_find_bridge",
    errno: ENOMEM,
    needs: ["vale"],
    act: registering((context) => `${context.switchName()}{1`),
    says: "no ':'",
  },
  {
    ask: "REGISTER of a pipe whose rings somebody has for himself",
    where: "netmap_krings_get",
    errno: EBUSY,
    before: (context) => context.register(`${context.plain()}{1`, { flags: NR_EXCLUSIVE }),
    act: registering((context) => `${context.plain()}{1`),
    says: "held exclusively",
  },
  {
    ask: "REGISTER of a pipe on a port that a switch has",
    where: "netmap_get_pipe_na",
    errno: EBUSY,
    needs: ["vale", "persistent-ports"],
    before(context) {
      context.newif(context.plain(), { txSlots: 64, rxSlots: 64 });
      for (const which of ["A", "B"]) {
        context.attach(`${context.switchName(which)}:${context.plain()}`);
      }
    },
    act: registering((context) => `${context.plain()}{1`),
    says: "detach it first",
  },
]);

/** Entries about host rings. */
export const errnoHostRingCases: readonly ConformanceCase[] = errnoTable(
  ["interface", "host-rings"],
  [
    {
      ask: "REGISTER of a host ring that the interface has not",
      where: "netmap_interp_ringid",
      errno: EINVAL,
      act: registering((context) => context.interface, { mode: NR_REG_ONE_SW, ringid: 64 }),
      says: "host ring 64",
    },
    {
      ask: "REGISTER of a ring that the interface has not",
      where: "netmap_interp_ringid",
      errno: EINVAL,
      act: registering((context) => context.interface, { mode: NR_REG_ONE_NIC, ringid: 4095 }),
      says: "ring 4095",
    },
  ],
);
