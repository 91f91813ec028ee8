// The suite on the embedded device with every feature, and the same through the kernel device, which
// reaches such an engine by ioctl and pointers as it would reach a kernel.

import { KernelDevice } from "@netmap/core";
import {
  type Capability,
  casesFor,
  CONFORMANCE_CASES,
  kernelIoctl,
  registerConformance,
} from "@netmap/core/conformance";
import { engineIoctl, fakeKernel, loop, settled } from "@netmap/engine/testing";
import { requires } from "@netmap/test-support";
import { afterAll, describe, it } from "@std/testing/bdd";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";
import { embeddedEngine } from "./embedded.ts";

const CAPABILITIES: readonly Capability[] = [
  "null-ports",
  "pipes",
  "vale",
  "persistent-ports",
  "monitors",
  "external-memory",
  "offsets",
  "csb",
  "raw-ioctl",
  "interface",
  "host-rings",
  ...(navigator.hardwareConcurrency > 1 ? ["polling"] as const : []),
];
/** An interface with host rings, which NICs by AF_PACKET have not. */
const LOOP = "loophost";

const engine = embeddedEngine({ features: [loop()] });
const served = embeddedEngine({ features: [loop()] });
const kernel = new KernelDevice("/dev/netmap", fakeKernel(served));

registerConformance("The embedded device", {
  device: engine.device,
  capabilities: new Set([...CAPABILITIES, "real-fd"]),
  interface: LOOP,
  rawIoctl: engineIoctl,
  settled: settled(engine),
}, { describe, it });

registerConformance(
  "The kernel device, served by an engine",
  {
    device: kernel,
    capabilities: new Set(CAPABILITIES),
    interface: LOOP,
    rawIoctl: kernelIoctl(kernel),
    isReference: false,
    settled: settled(served),
  },
  { describe, it },
  casesFor(CAPABILITIES),
);

/** An interface of the system, where this user may make one. Its name carries our pid. */
const LINK = `nmc${process.pid.toString(36)}a`;
const { skip } = requires({ root: true, programs: ["ip"] });
const hasLink = skip === false && makeLink();

function makeLink(): boolean {
  // What a run that was killed has left.
  for (const name of readdirSync("/sys/class/net")) {
    const [, owner] = /^nmc([0-9a-z]+)a$/.exec(name) ?? [];
    if (owner && !existsSync(`/proc/${parseInt(owner, 36)}`)) {
      spawnSync("ip", ["link", "del", name]);
    }
  }
  const peer = LINK.replace(/a$/, "b");
  return spawnSync("ip", ["link", "add", LINK, "type", "veth", "peer", "name", peer]).status === 0;
}

function removeLink(): void {
  if (hasLink) spawnSync("ip", ["link", "del", LINK]);
}

registerConformance(
  "The embedded device, on a network interface",
  {
    device: engine.device,
    capabilities: new Set([...CAPABILITIES.filter((one) => hasLink || one !== "interface")]),
    interface: LINK,
    settled: settled(engine),
  },
  { describe, it },
  CONFORMANCE_CASES.filter(({ needs = [] }) =>
    needs.includes("interface") && !needs.includes("host-rings")
  ),
);

afterAll(() => {
  engine.close();
  served.close();
  removeLink();
});
