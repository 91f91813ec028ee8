import { type NetmapError, openPort, POLLERR, type Port } from "@netmap/core";
import { nullKind } from "@netmap/engine";
import { pipes } from "@netmap/pipes";
import { vale } from "@netmap/vale";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { askStatus, RemoteDevice } from "./client/remote_device.ts";
import { Child } from "./process_fixture.ts";
import type { DaemonStatus } from "./server/status.ts";
import { type Received, receiveNumbers, sendNumbers } from "./traffic_fixture.ts";

const PACKETS = 1_000_000;
/** Clients that are killed: 1000 for the note on faults. */
const KILLS = Number(process.env.NETMAP_CLIENT_KILLS ?? 30);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("A daemon", () => {
  let folder: string;
  let socket: string;
  let daemon: Child;
  let children: Child[];
  let device: RemoteDevice;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "netmap-daemon-"));
    socket = join(folder, "sock");
    children = [];
    await startDaemon();
    device = new RemoteDevice(socket, [nullKind, ...pipes().kinds!, ...vale().kinds!]);
  });

  afterEach(async () => {
    device.close();
    for (const child of children) await child.kill();
    rmSync(folder, { recursive: true });
  });

  async function startDaemon(limits: Record<string, number> = {}): Promise<void> {
    daemon = new Child("daemon_fixture.ts", socket, JSON.stringify(limits));
    children.push(daemon);
    assertEquals(await daemon.line(), "ready");
  }

  async function client(act: string, port: string, packets: number = 0): Promise<Child> {
    const child = new Child("client_fixture.ts", socket, act, port, String(packets));
    children.push(child);
    assertEquals(await child.json(), "ready");
    return child;
  }

  async function until(what: string, test: (status: DaemonStatus) => boolean): Promise<void> {
    for (let i = 0; i < 300; i++) {
      if (test(askStatus(socket))) return;
      await pause(10);
    }
    throw new Error(`It never came to this: ${what}, but ${JSON.stringify(askStatus(socket))}`);
  }

  const free = (): unknown => askStatus(socket).regions;

  it("lets two processes exchange a million packets over a pipe", async () => {
    const before = free();
    const receiver = await client("receive", "netmap:p}1", PACKETS);
    const sender = await client("send", "netmap:p{1", PACKETS);
    assertEquals(await receiver.json(), { count: PACKETS, wrong: -1, last: PACKETS - 1 });
    assertEquals(await sender.json(), "sent");
    assertEquals([await receiver.ended, await sender.ended], [0, 0]);
    await until("nobody is connected", ({ clients }) => clients.length === 0);
    assertEquals(free(), before);
  });

  it("lets two processes exchange a million packets through a switch, while it stands still", async () => {
    const before = free();
    using receiver = openPort(device, "vale0:b", { rxSlots: 1024 });
    using holder = openPort(device, "vale1:hold");
    const sender = await client("send", "vale0:a", PACKETS);
    process.kill(daemon.pid, "SIGSTOP");
    let received: Received;
    try {
      received = receiveNumbers(receiver, 0, PACKETS - 1, true, 1000);
    } finally {
      process.kill(daemon.pid, "SIGCONT");
    }
    assertEquals(received.wrong, -1);
    assert(received.count > 0);
    assertEquals(await sender.json(), "sent");
    const { ports } = askStatus(socket);
    const b = ports.find((port) => port.name === "vale0:b")!;
    assertEquals(received.count + b.rx.dropNoRoom, PACKETS);
    receiver.close();
    holder.close();
    await until(
      "one is connected",
      ({ clients }) => clients.every((one) => one.ports.length === 0),
    );
    assertEquals(free(), before);
  });

  it("wakes sleepers across processes, both ways", async () => {
    const other = await client("echo", "netmap:p}1", 2000);
    using port = openPort(device, "netmap:p{1");
    for (let n = 0; n < 2000; n++) {
      sendNumbers(port, n, 1);
      assertEquals(receiveNumbers(port, n, n, false).count, 1);
    }
    assertEquals(await other.json(), "echoed");
  });

  for (let first = 0; first < KILLS; first += 50) {
    it(
      `takes everything back of clients that are killed at any moment, and nobody else loses anything${
        first > 0 ? ` (${first})` : ""
      }`,
      async () => {
        const a = await client("receive", "netmap:q}1", 1e12);
        const b = await client("send", "netmap:q{1", 1e12);
        using target = openPort(device, "vale0:target", { rxSlots: 64 });
        const before = askStatus(socket);
        for (let i = first; i < Math.min(KILLS, first + 50); i++) {
          const act = i % 3 === 2 ? "receiveForEver" : "sendForEver";
          const victim = await client(act, i % 2 === 0 ? "vale0:victim" : "vale0:other");
          for (let n = 0; n < 3; n++) {
            target.receive();
            await pause(Math.random() * 5);
          }
          await victim.kill();
          await until(
            "the victim is gone",
            ({ clients }) => clients.length === before.clients.length,
          );
          assertEquals(free(), before.regions);
          target.receive();
          target.receive();
          using other = openPort(device, "vale0:witness");
          assertEquals(other.send([new Uint8Array(60).fill(0xff)]), 1);
          assertEquals(target.receive().length, 1);
          other.close();
          // They end when a packet is lost.
          assert(!a.isOver && !b.isOver, a.stderr + b.stderr);
        }
        await a.kill();
        await b.kill();
      },
    );
  }

  it("leaves pipes whole whose reader was killed anywhere in it", async () => {
    using port = openPort(device, "netmap:p{1", { slots: 512 });
    const before = free();
    for (let i = 0; i < Math.min(KILLS, 8); i++) {
      const victim = await client("receiveForEver", "netmap:p}1");
      const [tx] = port.txRings;
      const begin = performance.now();
      let deadline = begin + 10_000;
      for (let n = 0; performance.now() < deadline; port.txsync()) {
        const isFirst = n < 2000;
        for (; !tx.empty(); n++) tx.advance(1);
        if (isFirst && n >= 2000) deadline = performance.now() + Math.random() * 20;
      }
      assert(performance.now() - begin < 9000, "it takes nothing");
      await victim.kill();
      await until("the victim is gone", ({ clients }) => clients.length === 1);
      assertEquals(free(), before);
    }
  });

  it("whose end is a clean error to its clients, who may go on with the next one", async () => {
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      const other = await client("outlive", "vale0:a");
      using port = openPort(device, "vale0:b");
      await until("it has sent", ({ ports }) => ports.some((one) => one.tx.batches > 0));
      await daemon.kill(signal);
      if (signal === "SIGTERM") assertEquals(existsSync(socket), false);
      assertThrows(() => openPort(device, "vale0:c"), Error, "Cannot reach a netmap daemon");
      assertEquals(port.memory.size > 0, true);
      assertEquals(port.poll(1, 1000), POLLERR);
      await startDaemon();
      const answer = await other.json() as Record<string, unknown>;
      assertEquals([answer.waited, answer.poll], [POLLERR, POLLERR]);
      // An orderly end takes the ports first, and then the connections.
      const [code, message] = answer.txsync as string[];
      assertEquals(code, "ENXIO");
      assert(/daemon ended|has no port/.test(message), message);
      assertEquals(answer.slots, 1024);
      port.close();
      using again = openPort(device, "vale0:b");
      assertEquals(again.send([new Uint8Array(60)]), 1);
      await other.ended;
    }
  });

  it("serves no second one at its path, and nobody but its user", async () => {
    assertEquals(statSync(socket).mode & 0o777, 0o600);
    const second = new Child("daemon_fixture.ts", socket);
    children.push(second);
    assert(await second.ended !== 0);
    assert(second.stderr.includes("as another daemon does"), second.stderr);
  });

  it("gives no more than its limits say", async () => {
    await daemon.kill("SIGTERM");
    await startDaemon({ descriptors: 3, buffers: 5000 });
    const codes = (name: string): string => {
      try {
        ports.push(openPort(device, name));
        return "";
      } catch (error) {
        return (error as NetmapError).code;
      }
    };
    const ports: Port[] = [];
    assertEquals(codes("vale0:a"), "");
    assertEquals(codes("vale0:b"), "");
    assertEquals(codes("vale0:c"), "ENOMEM");
    assertEquals(codes("netmap:p{1"), "ENOMEM");
    assertEquals(codes("netmap:p{1@conf:slots=64"), "");
    assertEquals(codes("vale0:d@conf:slots=64"), "ENOSPC");
    for (const port of ports) port.close();
    assertEquals(codes("vale0:a"), "");
  });

  it("tells what it does", async () => {
    const one = await client("stdin", "vale0:a");
    using port = openPort(device, "netmap:p{1");
    const { clients, ports, trust } = askStatus(socket);
    assertEquals(trust, { uids: [...new Set([0, process.getuid!()])], gids: [] });
    assertEquals(
      clients.map(({ pid, ports }) => [pid, ports]),
      [[one.pid, ["vale0:a"]], [process.pid, ["p{1"]]],
    );
    const open = ports.filter(({ users }) => users > 0);
    assertEquals(open.map(({ name, kind, users }) => [name, kind, users]).sort(), [
      ["p{1", "pipe", 1],
      ["vale0:a", "vale", 1],
    ]);
    one.endInput();
    assertEquals(await one.ended, 0);
    assertEquals(port.closed, false);
  });

  it("leaves no descriptor open in its clients", () => {
    openPort(device, "vale0:a").close();
    const count = (): number => readdirSync("/proc/self/fd").length;
    const first = count();
    for (let i = 0; i < 20; i++) openPort(device, "vale0:a").close();
    assertEquals(count(), first);
  });
});
