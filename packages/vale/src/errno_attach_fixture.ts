/** What requests about attached interfaces answer when they fail: netmap_bdg.c. */

import {
  NETMAP_POLLING_MODE_MULTI_CPU,
  NETMAP_POLLING_MODE_SINGLE_CPU,
  NetmapError,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_SW,
  registerRequest,
  valeAttachRequest,
  valeDetachRequest,
  valePollingDisable,
  valePollingEnable,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { type ErrnoCase, open } from "./errno_ports_fixture.ts";
import { createSwitch } from "./regops.ts";
import { attach, newif, pollingEnable } from "./requests.ts";
import type { Wire } from "./wire_fixture.ts";

const polling = { mode: NETMAP_POLLING_MODE_SINGLE_CPU, firstCpuId: 0, numPollingCpus: 1 };
const attachEth0 = (engine: Engine): void => void attach(engine.device, "vale0:eth0");

/** VALE_ATTACH, VALE_DETACH, VALE_POLLING_ENABLE, VALE_POLLING_DISABLE. */
export const ATTACH_CASES: readonly ErrnoCase[] = [
  // ATTACH
  {
    ask: "ATTACH of a name that is no switch's",
    request: () => valeAttachRequest("eth0"),
    code: "EINVAL",
    says: "begins with 'vale'",
  },
  {
    ask: "ATTACH of a bad name",
    request: () => valeAttachRequest("vale0"),
    code: "ENOMEM",
    says: "no ':'",
  },
  {
    ask: "ATTACH of what is not there",
    request: () => valeAttachRequest("vale0:nothing"),
    code: "EINVAL",
    says: "no interface or persistent port 'nothing'",
  },
  {
    ask: "ATTACH of a name that no interface has",
    request: () => valeAttachRequest("vale0:vale1:x"),
    code: "EINVAL",
    says: "may not be the name",
  },
  {
    ask: "ATTACH of an ephemeral port's name",
    before: (engine) => void open(engine, "vale0:a"),
    request: () => valeAttachRequest("vale0:a"),
    code: "EBUSY",
    says: "has a port of that name",
  },
  {
    ask: "ATTACH twice",
    before: attachEth0,
    request: () => valeAttachRequest("vale0:eth0"),
    code: "EBUSY",
    says: "detach it first",
  },
  {
    ask: "ATTACH of what another switch has",
    before: attachEth0,
    request: () => valeAttachRequest("vale1:eth0"),
    code: "EBUSY",
    says: "'eth0' is attached to 'vale0:'",
  },
  {
    ask: "ATTACH of an open interface",
    before: (engine) => void open(engine, "eth0"),
    request: () => valeAttachRequest("vale0:eth0"),
    code: "EBUSY",
    says: "open 1 times",
  },
  {
    ask: "ATTACH of an open persistent port",
    before: (engine) => {
      newif(engine.device, "v0");
      open(engine, "v0");
    },
    request: () => valeAttachRequest("vale0:v0"),
    code: "EBUSY",
    says: "open it again once it is attached",
  },
  {
    ask: "ATTACH of host rings that are not there",
    request: () => valeAttachRequest("vale0:bare0", { mode: NR_REG_NIC_SW }),
    code: "EINVAL",
    says: "'bare0' has none",
  },
  {
    ask: "ATTACH of one ring",
    request: () => valeAttachRequest("vale0:eth0", { ringid: 1 }),
    code: "EINVAL",
    says: "ring 1 alone",
  },
  {
    ask: "ATTACH in another mode",
    request: () => valeAttachRequest("vale0:eth0", { mode: NR_REG_SW }),
    code: "EINVAL",
    says: "in mode 2",
  },
  {
    ask: "ATTACH in a region that is not there",
    request: () => valeAttachRequest("vale0:eth0", { memId: 9, mode: NR_REG_ALL_NIC }),
    code: "EINVAL",
    says: "memory region 9",
  },
  {
    ask: "ATTACH to a switch too many",
    before: (engine) => {
      open(engine, "valea:1");
      open(engine, "valeb:1");
    },
    request: () => valeAttachRequest("vale0:eth0"),
    code: "ENOMEM",
    says: "raise 'switches'",
  },
  {
    ask: "ATTACH to a module's switch",
    before: (engine) => void createSwitch(engine, "vale0:"),
    request: () => valeAttachRequest("vale0:eth0"),
    code: "EACCES",
    says: "belongs to the module",
  },
  {
    ask: "ATTACH of an interface whose driver fails",
    before: (engine) => {
      const wire = engine.getAdapter("eth0", registerRequest("eth0").body, true) as Wire;
      wire.failure = new NetmapError(5, "Cannot start the device as its cable is cut");
    },
    request: () => valeAttachRequest("vale0:eth0"),
    code: "EIO",
    says: "cable is cut",
  },
  // DETACH
  {
    ask: "DETACH of a name that is no switch's",
    request: () => valeDetachRequest("eth0"),
    code: "EINVAL",
    says: "begins with 'vale'",
  },
  {
    ask: "DETACH of a bad name",
    request: () => valeDetachRequest("vale0"),
    code: "ENXIO",
    says: "no ':'",
  },
  {
    ask: "DETACH from a switch that is not there",
    request: () => valeDetachRequest("vale0:eth0"),
    code: "ENXIO",
    says: "no such switch",
  },
  {
    ask: "DETACH of a port that is not there",
    before: attachEth0,
    request: () => valeDetachRequest("vale0:eth1"),
    code: "ENXIO",
    says: "there are vale0:eth0",
  },
  {
    ask: "DETACH of a polled interface",
    before: (engine) => {
      attachEth0(engine);
      pollingEnable(engine.device, "vale0:eth0");
    },
    request: () => valeDetachRequest("vale0:eth0"),
    code: "EBUSY",
    says: "VALE_POLLING_DISABLE",
  },
  {
    ask: "DETACH of the host side alone",
    before: (engine) => void attach(engine.device, "vale0:eth0", { hostRings: true }),
    request: () => valeDetachRequest("vale0:eth0^"),
    code: "EBUSY",
    says: "detach 'vale0:eth0'",
  },
  {
    ask: "DETACH of the first of two attachments of a persistent port",
    before: (engine) => {
      newif(engine.device, "v0");
      attach(engine.device, "vale0:v0");
      attach(engine.device, "vale1:v0");
    },
    request: () => valeDetachRequest("vale0:v0"),
    code: "EBUSY",
    says: "attached to 'vale1:' too",
  },
  {
    ask: "DETACH from a module's switch",
    before: (engine) => void createSwitch(engine, "vale0:"),
    request: () => valeDetachRequest("vale0:eth0"),
    code: "EACCES",
    says: "belongs to the module",
  },
  // POLLING
  {
    ask: "POLLING_ENABLE of a name that is no switch's",
    request: () => valePollingEnable("eth0", polling),
    code: "EINVAL",
    says: "begins with 'vale'",
  },
  {
    ask: "POLLING_ENABLE of what is not there",
    request: () => valePollingEnable("vale0:eth0", polling),
    code: "ENXIO",
    says: "no such switch",
  },
  {
    ask: "POLLING_ENABLE of a port that is no interface",
    before: (engine) => void open(engine, "vale0:a"),
    request: () => valePollingEnable("vale0:a", polling),
    code: "EOPNOTSUPP",
    says: "only attached interfaces",
  },
  {
    ask: "POLLING_ENABLE twice",
    before: (engine) => {
      attachEth0(engine);
      pollingEnable(engine.device, "vale0:eth0");
    },
    request: () => valePollingEnable("vale0:eth0", polling),
    code: "EFAULT",
    says: "polled already",
  },
  {
    ask: "POLLING_ENABLE with no processor",
    before: attachEth0,
    request: () => valePollingEnable("vale0:eth0", { ...polling, numPollingCpus: 0 }),
    code: "EINVAL",
    says: "0 processors",
  },
  {
    ask: "POLLING_ENABLE with all processors",
    before: attachEth0,
    request: () => valePollingEnable("vale0:eth0", { ...polling, numPollingCpus: 4 }),
    code: "EINVAL",
    says: "machine has 4",
  },
  {
    ask: "POLLING_ENABLE of one processor with two",
    before: attachEth0,
    request: () => valePollingEnable("vale0:eth0", { ...polling, numPollingCpus: 2 }),
    code: "EINVAL",
    says: "ask for 1",
  },
  {
    ask: "POLLING_ENABLE of rings that are not there",
    before: attachEth0,
    request: () =>
      valePollingEnable("vale0:eth0", {
        mode: NETMAP_POLLING_MODE_MULTI_CPU,
        firstCpuId: 1,
        numPollingCpus: 1,
      }),
    code: "EINVAL",
    says: "it has 1 rx rings",
  },
  {
    ask: "POLLING_ENABLE in another mode",
    before: attachEth0,
    request: () => valePollingEnable("vale0:eth0", { ...polling, mode: 3 }),
    code: "EINVAL",
    says: "in mode 3",
  },
  {
    ask: "POLLING_DISABLE of what is not polled",
    before: attachEth0,
    request: () => valePollingDisable("vale0:eth0"),
    code: "EFAULT",
    says: "not polled",
  },
  {
    ask: "POLLING_DISABLE of a port that is no interface",
    before: (engine) => void open(engine, "vale0:a"),
    request: () => valePollingDisable("vale0:a"),
    code: "EOPNOTSUPP",
    says: "only attached interfaces",
  },
];
