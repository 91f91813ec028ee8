import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { itRequires } from "@netmap/test-support";
import { afterAll, describe } from "@std/testing/bdd";
import { NetmapError, POLLERR, POLLIN } from "@netmap/core";
import { GLOBAL_MEM_ID } from "@netmap/engine";
import { spawn } from "node:child_process";
import { Lab, NETNS_NEEDS, script, sh } from "./netns_fixture.ts";
import { collect, numbered, openFds, testEngine } from "./nic_fixture.ts";

const HOLD = new URL("./hold_child_fixture.ts", import.meta.url);
const NEEDS = { ...NETNS_NEEDS, programs: ["ip", "ethtool"] };

let shared: Lab | undefined;

function lab(): Lab {
  return shared ??= new Lab();
}

afterAll(() => shared?.close());

function errorOf(work: () => void): NetmapError {
  return assertThrows(work, NetmapError) as NetmapError;
}

/** What a port may change of an interface. */
function stateOf(name: string): string {
  const [link] = JSON.parse(sh("ip", "-d", "-j", "link", "show", "dev", name));
  return JSON.stringify([link.promiscuity, link.allmulti, link.flags, link.mtu]) +
    sh("ethtool", "-k", name) + sh("tc", "qdisc", "show", "dev", name);
}

describe("a nic port whose interface changes", () => {
  itRequires(NEEDS, "reports errors while it is down, and goes on when it is up again", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    sh("ip", "link", "set", a, "down");
    assertEquals(left.poll(POLLIN, 1000), POLLERR);
    assertEquals(errorOf(() => left.txsync()).code, "EIO");
    assertEquals(errorOf(() => left.rxsync()).code, "EIO");
    assertEquals(test.notices.map((one) => [one.port, one.kind]), [[a, "down"]]);
    sh("ip", "link", "set", a, "up");
    // Whoever looks at interrupts learns of it.
    right.poll(POLLIN, 50);
    assertEquals(test.notices.map((one) => one.kind), ["down", "up"]);
    left.send([numbered(1, 60)]);
    right.send([numbered(2, 60)]);
    assertEquals(collect(right, 1), [numbered(1, 60)]);
    assertEquals(collect(left, 1), [numbered(2, 60)]);
  });

  itRequires(NEEDS, "may be down when it is opened: it says so, and waits", () => {
    const [a, b] = lab().veth();
    sh("ip", "link", "set", a, "down");
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    assertEquals(test.notices.map((one) => one.kind), ["down"]);
    assertStringIncludes(test.notices[0].message, `ip link set ${a} up`);
    left.send([numbered(1, 60)]);
    assertEquals(left.poll(POLLIN, 20), 0);
    assert(left.txRings[0].txPending());
    sh("ip", "link", "set", a, "up");
    assertEquals(left.poll(POLLIN, 50), 0);
    assertEquals(collect(right, 1), [numbered(1, 60)]);
  });

  itRequires(
    NEEDS,
    "ends with POLLERR and EIO when it is deleted, and gives everything back",
    () => {
      const [a, b] = lab().veth();
      using test = testEngine();
      const { ifs, rings, bufs } = test.engine.region(GLOBAL_MEM_ID);
      const before = [openFds(), ifs.free, rings.free, bufs.free];
      const left = test.open(a);
      const right = test.open(b);
      sh("ip", "link", "del", a);
      assertEquals(left.poll(POLLIN, 1000), POLLERR);
      assertEquals(errorOf(() => left.txsync()).code, "EIO");
      assertEquals(right.poll(POLLIN, 1000), POLLERR);
      assertEquals(test.notices.map((one) => one.kind).sort(), ["gone", "gone"]);
      assertEquals(errorOf(() => test.open(a)).code, "ENXIO");
      left.close();
      right.close();
      assertEquals([openFds(), ifs.free, rings.free, bufs.free], before);
      assertEquals(test.engine.interrupts.size, 0);
    },
  );

  itRequires(NEEDS, "tells who awaits wait() when it is deleted", async () => {
    const [a] = lab().veth();
    using test = testEngine();
    using port = test.open(a);
    const waiting = port.wait(POLLIN, AbortSignal.timeout(5000));
    setTimeout(() => sh("ip", "link", "del", a), 20);
    assertEquals(await waiting, POLLERR);
  });

  itRequires(NEEDS, "tells who only transmits, without a poll, when it is deleted", () => {
    const [a] = lab().veth();
    using test = testEngine();
    using port = test.open(a);
    sh("ip", "link", "del", a);
    port.send([numbered(1, 60)]);
    assertEquals(errorOf(() => port.txsync()).code, "EIO");
  });

  itRequires(NEEDS, "tells who only receives, without a poll, when it is deleted", () => {
    const [a] = lab().veth();
    using test = testEngine();
    using port = test.open(a);
    sh("ip", "link", "del", a);
    const end = performance.now() + 2000;
    const error = errorOf(() => {
      while (performance.now() < end) port.rxsync();
    });
    assertEquals(error.code, "EIO");
  });

  itRequires(NEEDS, "is moved to another namespace: it is gone", () => {
    const space = lab().namespace();
    const [, b] = lab().veth();
    using test = testEngine();
    using port = test.open(b);
    sh("ip", "link", "set", b, "netns", space);
    assertEquals(port.poll(POLLIN, 1000), POLLERR);
    assertEquals(test.notices.map((one) => one.kind), ["gone"]);
  });

  itRequires(NEEDS, "frees its name for a new interface, also while nobody has noticed", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using old = test.open(a);
    sh("ip", "link", "del", a);
    sh("ip", "link", "add", a, "type", "veth", "peer", "name", b);
    for (const name of [a, b]) sh("ip", "link", "set", name, "up");
    using left = test.open(a);
    using right = test.open(b);
    left.send([numbered(1, 60)]);
    assertEquals(collect(right, 1), [numbered(1, 60)]);
    assertEquals(errorOf(() => old.txsync()).code, "EIO");
  });

  itRequires(NEEDS, "is renamed: the port goes on under its name", () => {
    const [a, b] = lab().veth();
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    sh("ip", "link", "set", b, "name", `${b}x`);
    left.send([numbered(1, 60)]);
    assertEquals(collect(right, 1), [numbered(1, 60)]);
    left.poll(POLLIN, 20);
    assertEquals(test.notices.map((one) => one.kind), ["renamed"]);
    assertEquals(errorOf(() => test.open(b)).code, "ENXIO");
    sh("ip", "link", "set", a, "name", b);
    assertEquals(errorOf(() => test.open(b)).code, "EBUSY");
    sh("ip", "link", "set", b, "name", a);
  });
});

describe("what a nic port leaves behind", () => {
  itRequires(NEEDS, "nothing, after 20 times open and close", () => {
    const [a] = lab().veth();
    using test = testEngine();
    const { ifs, rings, bufs } = test.engine.region(GLOBAL_MEM_ID);
    const count = (): unknown => [openFds(), ifs.free, rings.free, bufs.free, stateOf(a)];
    const before = count();
    for (let i = 0; i < 20; i++) {
      using port = test.open(a);
      port.send([numbered(i, 60)]);
      const [link] = JSON.parse(sh("ip", "-d", "-j", "link", "show", "dev", a));
      assertEquals(link.promiscuity, 1);
    }
    assertEquals(count(), before);
  });

  itRequires(NEEDS, "nothing, when the engine is closed under open ports", () => {
    const [a] = lab().veth();
    const before = [openFds(), stateOf(a)];
    const test = testEngine();
    test.open(a);
    test.engine.close();
    assertEquals([openFds(), stateOf(a)], before);
  });

  itRequires(NEEDS, "nothing, when its process is killed", async () => {
    const [a, b] = lab().veth();
    const before = stateOf(a);
    const [program, ...args] = script(HOLD, a);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("data", resolve));
    assert(stateOf(a) !== before);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    assertEquals(stateOf(a), before);
    using test = testEngine();
    using left = test.open(a);
    using right = test.open(b);
    left.send([numbered(1, 60)]);
    assertEquals(collect(right, 1), [numbered(1, 60)]);
  });

  itRequires(
    { ...NEEDS, programs: ["ip", "setpriv"] },
    "and without the privilege it says which one and what to do",
    async () => {
      const [a] = lab().veth();
      const child = script(HOLD, a);
      const { output } = await lab().start(null, "setpriv", "--bounding-set=-net_raw", ...child);
      assertStringIncludes(output, "EPERM");
      assertStringIncludes(output, "CAP_NET_RAW");
    },
  );
});
