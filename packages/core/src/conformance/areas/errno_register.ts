/**
 * The errno table: REGISTER and what looks ports up (netmap.c, netmap_null.c, netmap_mem2.c).
 *
 * @module
 */

import {
  NR_ACCEPT_VNET_HDR,
  NR_EXCLUSIVE,
  NR_REG_DEFAULT,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_REG_SW,
} from "../../abi/constants.ts";
import {
  controlRequest,
  poolsInfoRequest,
  portHdrGet,
  portHdrSet,
  portInfoRequest,
  registerRequest,
  requestHeader,
} from "../../abi/request.ts";
import { EBUSY, EINVAL, EIO, ENODEV, ENOMEM, ENXIO } from "../../errno.ts";
import type { ConformanceCase } from "../case.ts";
import type { Context } from "../context.ts";
import { errnoTable, registering } from "../errno_entry.ts";

const own = (context: Context): string => context.plain();
const port = (context: Context): string => context.vale();

/** Entries that need nothing. */
export const errnoBasicCases: readonly ConformanceCase[] = errnoTable([], [
  ...[0, 13, 16].map((version) => ({
    ask: `a request of version ${version}`,
    where: "netmap_ioctl",
    errno: EINVAL,
    act(context: Context): void {
      const { request } = portInfoRequest("");
      requestHeader(request).version = version;
      context.open().control(request);
    },
    says: `API ${version}`,
  })),
  {
    ask: "a request whose reserved field is not 0",
    where: "nmreq_copyin",
    errno: EINVAL,
    act(context) {
      const { request } = portInfoRequest("");
      requestHeader(request).reserved = 1;
      context.open().control(request);
    },
    says: "nr_reserved 1",
  },
  {
    ask: "a request that nobody knows",
    where: "netmap_ioctl",
    errno: EINVAL,
    act: (context) => context.open().control(controlRequest(99, "x")),
    says: "request 99",
  },
  {
    ask: "a REGISTER without a body",
    where: "nmreq_copyin",
    errno: EINVAL,
    act: (context) => context.open().control(controlRequest(1, "x")),
    says: "give 56",
  },
  {
    ask: "a SYNC_KLOOP_STOP with a body",
    where: "nmreq_copyin",
    errno: EINVAL,
    act: (context) => context.open().control(controlRequest(14, "x", new Uint8Array(8))),
    says: "leave it out",
  },
  {
    ask: "txsync without a port",
    where: "netmap_ioctl",
    errno: ENXIO,
    act: (context) => context.open().txsync(),
    says: "register one first",
  },
  {
    ask: "rxsync without a port",
    where: "netmap_ioctl",
    errno: ENXIO,
    act: (context) => context.open().rxsync(),
    says: "register one first",
  },
  {
    ask: "REGISTER of a port that does not exist",
    where: "netmap_get_na",
    errno: ENXIO,
    act: registering(own),
    says: "there is none of that name",
  },
  {
    ask: "REGISTER of no name",
    where: "netmap_get_na",
    errno: ENXIO,
    act: registering(() => ""),
  },
  ...[NR_REG_PIPE_MASTER, NR_REG_PIPE_SLAVE].map((mode) => ({
    ask: `REGISTER in the old pipe mode ${mode}`,
    where: "netmap_get_na",
    errno: EINVAL,
    act: registering(own, { mode }),
    says: "pipes go by name",
  })),
  {
    ask: "REGISTER in a region that does not exist",
    where: "netmap_mem_find",
    errno: EINVAL,
    act: registering(own, { memId: 65535 }),
    says: "memory region 65535",
  },
  {
    ask: "REGISTER of a null port that names no region",
    where: "netmap_get_null_na",
    errno: EINVAL,
    needs: ["null-ports"],
    act: registering(own, { mode: NR_REG_NULL }),
    says: "without a memory region",
  },
  {
    ask: "REGISTER of more ports than the pool of netmap_ifs has",
    where: "netmap_mem2_if_new",
    errno: ENOMEM,
    needs: ["null-ports"],
    act(context) {
      for (let i = 0; i < 2000; i++) context.register("x", { mode: NR_REG_NULL, memId: 1 });
    },
    says: "pool 'if'",
  },
  {
    ask: "REGISTER with more rings than the pool of rings has",
    where: "netmap_mem2_rings_create",
    errno: ENOMEM,
    needs: ["null-ports"],
    act: registering(own, { mode: NR_REG_NULL, memId: 1, txRings: 5000, txSlots: 2 }),
    says: "pool 'ring'",
  },
  {
    ask: "REGISTER with slots that no ring of the pool has room for",
    where: "netmap_mem2_rings_create",
    errno: ENOMEM,
    needs: ["null-ports"],
    act: registering(own, { mode: NR_REG_NULL, memId: 1, txRings: 1, txSlots: 1_000_000 }),
    says: "pools.ring.size",
  },
  {
    ask: "REGISTER with more buffers than the pool has",
    where: "netmap_new_bufs",
    errno: ENOMEM,
    needs: ["null-ports"],
    before: (context) =>
      context.register("x", { mode: NR_REG_NULL, memId: 1, extraBufs: 0xffff_ffff }),
    act: registering(own, { mode: NR_REG_NULL, memId: 1, txRings: 1, txSlots: 2 }),
    says: "pools.buf.count",
  },
  {
    ask: "PORT_INFO_GET of a port that does not exist",
    where: "netmap_get_na",
    errno: ENXIO,
    act: (context) => context.ask(portInfoRequest(context.plain())),
  },
  {
    ask: "PORT_INFO_GET of a region that does not exist",
    where: "netmap_mem_find",
    errno: EINVAL,
    act: (context) => context.ask(portInfoRequest("", { memId: 65534 })),
    says: "memory region 65534",
  },
  {
    ask: "PORT_INFO_GET of a port in a region that does not exist",
    where: "netmap_get_na",
    errno: EINVAL,
    act: (context) => context.ask(portInfoRequest(context.plain(), { memId: 65534 })),
    says: "memory region 65534",
  },
  {
    ask: "POOLS_INFO_GET of a port that does not exist",
    where: "netmap_get_na",
    errno: ENXIO,
    act: (context) => context.ask(poolsInfoRequest(context.plain())),
  },
  {
    ask: "POOLS_INFO_GET in a region that does not exist",
    where: "netmap_get_na",
    errno: EINVAL,
    act: (context) => context.ask(poolsInfoRequest(context.plain(), 65533)),
    says: "memory region 65533",
  },
]);

/** Entries that a switch port shows. */
export const errnoRegisterCases: readonly ConformanceCase[] = errnoTable(["vale"], [
  {
    ask: "a second REGISTER on one descriptor",
    where: "netmap_ioctl",
    errno: EBUSY,
    act(context) {
      const { descriptor } = context.port();
      descriptor.control(registerRequest(context.vale("b")).request);
    },
    says: "open another",
  },
  {
    ask: "REGISTER of a port with a header that is not accepted",
    where: "netmap_ioctl",
    errno: EIO,
    before(context) {
      context.port("a", { flags: NR_ACCEPT_VNET_HDR });
      context.ask(portHdrSet(context.vale(), 12));
    },
    act: registering(port),
    says: "NR_ACCEPT_VNET_HDR",
  },
  ...[NR_REG_DEFAULT, 9, 99, 0xffff_ffff].map((mode) => ({
    ask: `REGISTER in mode ${mode}`,
    where: "netmap_interp_ringid",
    errno: EINVAL,
    act: registering(port, { mode }),
    says: `mode ${mode}`,
  })),
  ...[NR_REG_SW, NR_REG_NIC_SW, NR_REG_ONE_SW].map((mode) => ({
    ask: `REGISTER in mode ${mode} of a port without host rings`,
    where: "netmap_interp_ringid",
    errno: EINVAL,
    act: registering(port, { mode }),
    says: "host rings",
  })),
  {
    ask: "REGISTER of a ring that the port has not",
    where: "netmap_interp_ringid",
    errno: EINVAL,
    act: registering(port, { txRings: 2, rxRings: 3, mode: NR_REG_ONE_NIC, ringid: 3 }),
    says: "2 tx and 3 rx",
  },
  {
    ask: "REGISTER of rings that somebody has for himself",
    where: "netmap_krings_get",
    errno: EBUSY,
    before: (context) => context.port("a", { flags: NR_EXCLUSIVE }),
    act: registering(port),
    says: "held exclusively",
  },
  {
    ask: "an exclusive REGISTER of rings that somebody has",
    where: "netmap_krings_get",
    errno: EBUSY,
    before: (context) => context.port(),
    act: registering(port, { flags: NR_EXCLUSIVE }),
    says: "1 users",
  },
  {
    ask: "PORT_HDR_SET of a length that is none",
    where: "netmap_ioctl",
    errno: EINVAL,
    before: (context) => context.port(),
    act: (context) => context.ask(portHdrSet(context.vale(), 20)),
    says: "10 or 12",
  },
  {
    ask: "PORT_HDR_SET of a name that is no switch's",
    where: "netmap_get_bdg_na",
    errno: ENXIO,
    act: (context) => context.ask(portHdrSet(context.plain(), 12)),
    says: "begins with 'vale'",
  },
  {
    ask: "PORT_HDR_SET of a port that its switch has not",
    where: "netmap_get_bdg_na",
    errno: ENXIO,
    before: (context) => context.port("b"),
    act: (context) => context.ask(portHdrSet(context.vale("a"), 12)),
    says: "has none of that name",
  },
  {
    ask: "PORT_HDR_GET of a port of a switch that does not exist",
    where: "nm_find_bridge",
    errno: ENXIO,
    act: (context) => context.ask(portHdrGet(context.vale())),
    says: "no such switch",
  },
  {
    ask: "PORT_HDR_GET of a port that does not exist",
    where: "netmap_get_na",
    errno: ENXIO,
    act: (context) => context.ask(portHdrGet(context.plain())),
  },
  {
    ask: "PORT_HDR_GET of a pipe that does not exist",
    where: "netmap_get_pipe_na",
    errno: ENODEV,
    needs: ["pipes"],
    before: (context) => context.pipe(),
    act: (context) => context.ask(portHdrGet(`${context.plain()}{7`)),
    says: "open one of its ends first",
  },
  {
    ask: "PORT_INFO_GET of a port with a name that is too long",
    where: "nm_bdg_name_validate",
    errno: ENOMEM,
    act: (context) => context.ask(portInfoRequest(`${context.switchName()}:${"x".repeat(16)}`)),
    says: "16 characters",
  },
]);
