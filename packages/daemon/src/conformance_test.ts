import { type Capability, casesFor, registerConformance } from "@netmap/core/conformance";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RemoteDevice } from "./client/remote_device.ts";
import { Child } from "./process_fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "netmap-conformance-"));
const socket = join(folder, "sock");
const device = new RemoteDevice(socket, [nullKind, ...pipes().kinds!, ...vale().kinds!]);

/** Not among them: monitors and CSB, and what goes by pointers into the caller's memory. */
const CAPABILITIES: readonly Capability[] = [
  "null-ports",
  "pipes",
  "vale",
  "persistent-ports",
  "polling",
  "external-memory",
  "offsets",
  "real-fd",
];

describe("The remote device", () => {
  let daemon: Child;

  beforeAll(async () => {
    daemon = new Child("daemon_fixture.ts", socket);
    assertEquals(await daemon.line(), "ready");
  });

  afterAll(async () => {
    device.close();
    await daemon.kill("SIGTERM");
    rmSync(folder, { recursive: true });
  });

  registerConformance(
    "through a daemon",
    {
      device,
      capabilities: new Set(CAPABILITIES),
    },
    { describe, it },
    casesFor(CAPABILITIES),
  );
});
