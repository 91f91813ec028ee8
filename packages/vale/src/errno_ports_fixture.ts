/** What requests about ports of switches answer when they fail: netmap_vale.c, netmap_bdg.c and netmap.c. */

import {
  type Descriptor,
  NR_REG_ONE_NIC,
  NR_REG_SW,
  portHdrGet,
  portHdrSet,
  portInfoRequest,
  registerRequest,
  type TypedRequest,
  valeDelifRequest,
  valeListRequest,
  valeNewifRequest,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { attach, newif } from "./requests.ts";

/** A request, what was done before it, what it answers, and a piece of the sentence. */
export interface ErrnoCase {
  readonly ask: string;
  readonly before?: (engine: Engine) => void;
  readonly request: () => TypedRequest<unknown>;
  readonly code: string;
  readonly says: string;
}

/** Registers a port as it is, past the grammar of `openPort`. */
export function open(engine: Engine, name: string): Descriptor {
  const descriptor = engine.open();
  descriptor.control(registerRequest(name).request);
  return descriptor;
}

/** REGISTER, PORT_INFO_GET, VALE_LIST, VALE_NEWIF, VALE_DELIF, PORT_HDR_SET, PORT_HDR_GET. */
export const PORT_CASES: readonly ErrnoCase[] = [
  // REGISTER
  {
    ask: "REGISTER of a name without a colon",
    request: () => registerRequest("vale0"),
    code: "ENOMEM",
    says: "no ':'",
  },
  {
    ask: "REGISTER of a switch with a bad character",
    request: () => registerRequest("vale-0:a"),
    code: "ENOMEM",
    says: "'-' at column 5",
  },
  {
    ask: "REGISTER of a switch with too long a name",
    request: () => registerRequest("vale567890123456:a"),
    code: "ENOMEM",
    says: "16 characters long",
  },
  {
    ask: "REGISTER of a port with too long a name",
    request: () => registerRequest("vale0:a234567890123456"),
    code: "ENOMEM",
    says: "at most 15",
  },
  {
    ask: "REGISTER of one switch too many",
    before: (engine) => {
      open(engine, "valea:1");
      open(engine, "valeb:1");
    },
    request: () => registerRequest("valec:1"),
    code: "ENOMEM",
    says: "raise 'switches'",
  },
  {
    ask: "REGISTER of an interface in a switch",
    request: () => registerRequest("vale0:eth0"),
    code: "EINVAL",
    says: "attach that with VALE_ATTACH",
  },
  {
    ask: "REGISTER of a persistent port in a switch",
    before: (engine) => void newif(engine.device, "v0"),
    request: () => registerRequest("vale0:v0"),
    code: "EINVAL",
    says: "interface 'v0'",
  },
  {
    ask: "REGISTER of an attached interface by its switch",
    before: (engine) => void attach(engine.device, "vale0:eth0"),
    request: () => registerRequest("vale0:eth0"),
    code: "EBUSY",
    says: "attached to 'vale0:'",
  },
  {
    ask: "REGISTER of an attached interface by its name",
    before: (engine) => void attach(engine.device, "vale0:eth0"),
    request: () => registerRequest("eth0"),
    code: "EBUSY",
    says: "attached to 'vale0:'",
  },
  {
    ask: "REGISTER of the host side of an attached interface",
    before: (engine) => void attach(engine.device, "vale0:eth0", { hostRings: true }),
    request: () => registerRequest("vale0:eth0^"),
    code: "EBUSY",
    says: "host side",
  },
  {
    ask: "REGISTER in a region that is not there",
    request: () => registerRequest("vale0:a", { memId: 7 }),
    code: "EINVAL",
    says: "memory region 7",
  },
  {
    ask: "REGISTER of host rings of a port of a switch",
    request: () => registerRequest("vale0:a", { mode: NR_REG_SW }),
    code: "EINVAL",
    says: "host rings",
  },
  {
    ask: "REGISTER of a ring that the port has not",
    request: () => registerRequest("vale0:a", { mode: NR_REG_ONE_NIC, ringid: 1 }),
    code: "EINVAL",
    says: "ring 1",
  },
  {
    ask: "REGISTER without accepting the port's header",
    before: (engine) => {
      const descriptor = open(engine, "vale0:a");
      descriptor.control(portHdrSet("vale0:a", 10).request);
    },
    request: () => registerRequest("vale0:a"),
    code: "EIO",
    says: "NR_ACCEPT_VNET_HDR",
  },
  {
    ask: "REGISTER with more slots than the ring pool's objects hold",
    request: () => registerRequest("vale0:a", { txSlots: 4096 }),
    code: "ENOMEM",
    says: "pools.ring.size",
  },
  // PORT_INFO_GET
  {
    ask: "PORT_INFO_GET of a bad name",
    request: () => portInfoRequest(`vale:${"a".repeat(20)}`),
    code: "ENOMEM",
    says: "20 characters",
  },
  // LIST
  {
    ask: "LIST of a name that is no switch's",
    request: () => valeListRequest("eth0"),
    code: "EINVAL",
    says: "begins with 'vale'",
  },
  {
    ask: "LIST of a bad name",
    request: () => valeListRequest("vale0"),
    code: "ENOENT",
    says: "no ':'",
  },
  {
    ask: "LIST of a switch that is not there",
    request: () => valeListRequest("vale0:a"),
    code: "ENOENT",
    says: "no such switch",
  },
  {
    ask: "LIST behind the last port",
    before: (engine) => void open(engine, "vale0:a"),
    request: () => valeListRequest("", { bridgeIdx: 0, portIdx: 1 }),
    code: "ENOENT",
    says: "none behind",
  },
  // NEWIF and DELIF
  {
    ask: "NEWIF of a switch's name",
    request: () => valeNewifRequest("vale0"),
    code: "EINVAL",
    says: "are of switches",
  },
  {
    ask: "NEWIF of too long a name",
    request: () => valeNewifRequest("v234567890123456"),
    code: "EINVAL",
    says: "16 characters",
  },
  {
    ask: "NEWIF of no name",
    request: () => valeNewifRequest(""),
    code: "EINVAL",
    says: "no interface may be called so",
  },
  {
    ask: "NEWIF of a name with a slash",
    request: () => valeNewifRequest("a/b"),
    code: "EINVAL",
    says: "no interface may be called so",
  },
  {
    ask: "NEWIF twice",
    before: (engine) => void newif(engine.device, "v0"),
    request: () => valeNewifRequest("v0"),
    code: "EEXIST",
    says: "of that name",
  },
  {
    ask: "NEWIF of an interface's name",
    request: () => valeNewifRequest("eth0"),
    code: "EEXIST",
    says: "of that name",
  },
  {
    ask: "NEWIF in a region that is not there",
    request: () => valeNewifRequest("v0", { memId: 5 }),
    code: "EINVAL",
    says: "memory region 5",
  },
  {
    ask: "DELIF of what is not there",
    request: () => valeDelifRequest("v0"),
    code: "ENXIO",
    says: "no persistent port",
  },
  {
    ask: "DELIF of an interface",
    request: () => valeDelifRequest("eth0"),
    code: "EINVAL",
    says: "has not made it",
  },
  {
    ask: "DELIF of an attached port",
    before: (engine) => {
      newif(engine.device, "v0");
      attach(engine.device, "vale0:v0");
    },
    request: () => valeDelifRequest("v0"),
    code: "EBUSY",
    says: "attached as 'vale0:v0'",
  },
  {
    ask: "DELIF of an open port",
    before: (engine) => {
      newif(engine.device, "v0");
      open(engine, "v0");
    },
    request: () => valeDelifRequest("v0"),
    code: "EBUSY",
    says: "open 1 times",
  },
  {
    ask: "DELIF of a port that something else holds",
    before: (engine) => {
      newif(engine.device, "v0");
      engine.ports.get("v0")!.hold();
    },
    request: () => valeDelifRequest("v0"),
    code: "EBUSY",
    says: "1 pipes or monitors",
  },
  {
    ask: "DELIF of a port that lives by its pipes",
    before: (engine) => void engine.createPersistent!("p", registerRequest("p").body).hold(),
    request: () => valeDelifRequest("p"),
    code: "EINVAL",
    says: "for its pipes alone",
  },
  // PORT_HDR
  {
    ask: "PORT_HDR_SET of another length",
    before: (engine) => void open(engine, "vale0:a"),
    request: () => portHdrSet("vale0:a", 11),
    code: "EINVAL",
    says: "11 bytes",
  },
  {
    ask: "PORT_HDR_SET of a port that is not there",
    request: () => portHdrSet("vale0:a", 10),
    code: "ENXIO",
    says: "no such switch",
  },
  {
    ask: "PORT_HDR_SET of an interface",
    request: () => portHdrSet("eth0", 10),
    code: "ENXIO",
    says: "begins with 'vale'",
  },
  {
    ask: "PORT_HDR_GET of a port that is not there",
    request: () => portHdrGet("vale0:a"),
    code: "ENXIO",
    says: "no such switch",
  },
  {
    ask: "PORT_HDR_GET of an interface that is not there",
    request: () => portHdrGet("nothing"),
    code: "ENXIO",
    says: "no port exists",
  },
];
