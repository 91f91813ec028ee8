// The part of the suite that needs no feature, on an engine with nothing but a loop that has host rings,
// and the same through the kernel device. packages/netmap runs all of it.

import { KernelDevice } from "@netmap/core";
import {
  type Capability,
  casesFor,
  kernelIoctl,
  registerConformance,
} from "@netmap/core/conformance";
import { afterAll, describe, it } from "@std/testing/bdd";
import { createEngine } from "./engine.ts";
import { engineIoctl, fakeKernel, loop, settled } from "./testing/mod.ts";

const CAPABILITIES: readonly Capability[] = ["null-ports", "interface", "host-rings", "raw-ioctl"];
const CASES = casesFor(CAPABILITIES);

const engine = createEngine({ features: [loop()] });
const served = createEngine({ features: [loop()] });
const kernel = new KernelDevice("/dev/netmap", fakeKernel(served));

registerConformance(
  "An engine with a loop",
  {
    device: engine.device,
    capabilities: new Set(CAPABILITIES),
    interface: "loophost",
    rawIoctl: engineIoctl,
    settled: settled(engine),
  },
  { describe, it },
  CASES,
);

registerConformance(
  "An engine with a loop, through the kernel device",
  {
    device: kernel,
    capabilities: new Set(CAPABILITIES),
    interface: "loophost",
    rawIoctl: kernelIoctl(kernel),
    isReference: false,
    settled: settled(served),
  },
  { describe, it },
  CASES,
);

afterAll(() => {
  engine.close();
  served.close();
});
