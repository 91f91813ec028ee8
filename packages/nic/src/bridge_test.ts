import { openPort } from "@netmap/core";
import { createEngine, drops, portCounters } from "@netmap/engine";
import { itRequires } from "@netmap/test-support";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, describe } from "@std/testing/bdd";
import { forward } from "./forward_fixture.ts";
import { Lab, NETNS_NEEDS, script, sh } from "./netns_fixture.ts";
import { nic } from "./nic.ts";

const NEEDS = { ...NETNS_NEEDS, programs: ["ip", "ping", "ethtool"] };
const TCP = new URL("./tcp_child_fixture.ts", import.meta.url);
const BYTES = 10_000_000;

/** Two namespaces, and the ends of their cables that are in ours. */
interface Net {
  readonly lab: Lab;
  readonly left: string;
  readonly right: string;
  readonly names: readonly [string, string];
  readonly far: string;
}

describe("two namespaces that a forwarder joins by two nic ports", () => {
  let made: Net | undefined;

  function net(): Net {
    if (made !== undefined) return made;
    const lab = new Lab();
    const left = lab.namespace();
    const right = lab.namespace();
    const [a, farA] = lab.veth(left);
    const [b, farB] = lab.veth(right);
    sh("ip", "-n", left, "addr", "add", "10.77.0.1/24", "dev", farA);
    sh("ip", "-n", right, "addr", "add", "10.77.0.2/24", "dev", farB);
    return made = { lab, left, right, names: [a, b], far: farA };
  }

  afterAll(() => made?.lab.close());

  /** Forwards while `work` runs; none may be lost. */
  async function joined(work: (net: Net) => Promise<void>): Promise<void> {
    const { names } = net();
    using engine = createEngine({ features: [nic()] });
    using a = openPort(engine.device, `netmap:${names[0]}`);
    using b = openPort(engine.device, `netmap:${names[1]}`);
    const stop = new AbortController();
    const forwarding = forward(a, b, stop.signal);
    try {
      await work(net());
      for (const name of names) {
        const { rx, tx } = portCounters(engine.ports.get(name)!);
        assertEquals([drops(rx), drops(tx)], [0, 0], name);
        assert(rx.packets > 0 && rx.bytes / rx.packets <= 1514, name);
      }
    } finally {
      stop.abort();
      await forwarding;
    }
  }

  async function transfer(lab: Lab, from: string, to: string, host: string): Promise<void> {
    const server = lab.start(to, ...script(TCP, "server", "5001"));
    await listening(to, 5001);
    const client = await lab.start(from, ...script(TCP, "client", host, "5001", `${BYTES}`));
    const received = (await server).output.trim().split("\n").at(-1)!;
    assertEquals(client.status, 0, client.output);
    assertEquals(received, client.output.trim());
    assert(received.startsWith(`${BYTES} `), received);
  }

  itRequires(NEEDS, "answer pings of all sizes", () =>
    joined(async ({ lab, left }) => {
      for (const size of ["0", "56", "1472", "4000"]) {
        // After the last ping it waits for twice the longest answer, or for the interval.
        const args = ["-c3", "-i0.4", "-W4", "-s", size, "10.77.0.2"];
        const ping = await lab.start(left, "ping", ...args);
        assertEquals(ping.status, 0, ping.output);
        assertStringIncludes(ping.output, " 0% packet loss");
      }
    }));

  itRequires(
    NEEDS,
    "transfer 10 MB by TCP with all offloads on, to the right",
    () =>
      joined(({ lab, left, right, far }) => {
        const features = sh("ip", "netns", "exec", left, "ethtool", "-k", far);
        assertStringIncludes(features, "tcp-segmentation-offload: on");
        assertStringIncludes(features, "tx-checksumming: on");
        return transfer(lab, left, right, "10.77.0.2");
      }),
  );

  itRequires(
    NEEDS,
    "transfer 10 MB by TCP with all offloads on, to the left",
    () => joined(({ lab, left, right }) => transfer(lab, right, left, "10.77.0.1")),
  );
});

/** Waits until somebody listens on a port in a namespace. */
async function listening(namespace: string, port: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (let i = 0; i < 400; i++) {
    const table = sh("ip", "netns", "exec", namespace, "cat", "/proc/net/tcp");
    if (table.includes(`:${hex} 00000000:0000 0A`)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`Nobody listens on port ${port}`);
}
