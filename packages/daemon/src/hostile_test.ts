import { closeFd, NetmapError, openPort } from "@netmap/core";
import { nullKind } from "@netmap/engine";
import { vale } from "@netmap/vale";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { askStatus, RemoteDevice } from "./client/remote_device.ts";
import { MSG_ATTACH, MSG_CONTROL, MSG_OPEN, PROTOCOL, words } from "./internal/protocol.ts";
import { connectSocket, receiveMessage, sendMessage } from "./internal/socket.ts";
import { Child } from "./process_fixture.ts";
import { checkTrust, trustOf } from "./server/limits.ts";
import { readReply } from "./client/attachment.ts";

/** Messages of chance: 10^6 for the note on faults. */
const MESSAGES = Number(process.env.NETMAP_RANDOM_MESSAGES ?? 5000);

describe("A daemon's socket", () => {
  let folder: string;
  let socket: string;
  let daemon: Child;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "netmap-hostile-"));
    socket = join(folder, "sock");
    daemon = new Child("daemon_fixture.ts", socket);
    assertEquals(await daemon.line(), "ready");
  });

  afterEach(async () => {
    const isOver = daemon.isOver;
    await daemon.kill();
    const faults = daemon.unread.filter((line) => line.startsWith("fault"));
    assertEquals([isOver, daemon.stderr, faults], [false, "", []]);
    rmSync(folder, { recursive: true });
  });

  /** A connection that is attached; its number. */
  function attachRaw(): { fd: number; id: number } {
    const fd = connectSocket(socket);
    sendMessage(fd, words(MSG_ATTACH, PROTOCOL, process.pid), [], true);
    const { value, errno, fds } = readReply(receiveMessage(fd, true)!);
    for (const one of fds) closeFd(one);
    assertEquals(errno, 0);
    return { fd, id: value };
  }

  /** Reads what has come, so that the daemon does not end the connection. */
  function drain(fd: number): boolean {
    try {
      for (let got = receiveMessage(fd); got !== null; got = receiveMessage(fd)) {
        for (const one of got.fds) closeFd(one);
        if (got.bytes.length === 0) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  it("survives messages of chance, and serves others meanwhile", () => {
    const device = new RemoteDevice(socket, [nullKind, ...vale().kinds!]);
    const before = askStatus(socket).regions;
    let attached = attachRaw();
    let raw = -1;
    const random = (below: number): number => Math.floor(Math.random() * below);
    for (let i = 0; i < MESSAGES; i++) {
      if (raw < 0) {
        raw = connectSocket(socket);
        if (random(2) === 0) sendMessage(raw, words(MSG_OPEN, attached.id), [], true);
      }
      const bytes = new Uint8Array(4 * (1 + random(random(3) === 0 ? 200 : 40)));
      if (random(3) > 0) crypto.getRandomValues(bytes);
      const small = new Int32Array(bytes.buffer);
      small[0] = random(4) === 0 ? MSG_CONTROL : random(16);
      for (let w = 1; w < Math.min(small.length, 6); w++) {
        if (random(2) === 0) small[w] = random(120) - 2;
      }
      const isThread = random(8) === 0;
      try {
        // A thread may say which tag is its own: that is not for chance.
        if (!isThread) sendMessage(raw, bytes, random(9) === 0 ? [0] : [], true);
        else if (small[0] !== 2) sendMessage(attached.fd, bytes, [], true);
      } catch (error) {
        if (!(error instanceof NetmapError)) throw error;
      }
      if (!drain(attached.fd)) {
        closeFd(attached.fd);
        attached = attachRaw();
      }
      if (!drain(raw) || random(50) === 0) {
        closeFd(raw);
        raw = -1;
      }
      if (i % 500 !== 0) continue;
      using a = openPort(device, "vale0:a"), b = openPort(device, "vale0:b");
      assertEquals(a.send([new Uint8Array(60).fill(0xff)]), 1);
      assertEquals(b.receive().length, 1);
    }
    if (raw >= 0) closeFd(raw);
    closeFd(attached.fd);
    device.close();
    for (let i = 0; i < 100 && askStatus(socket).clients.length > 0; i++);
    assertEquals(askStatus(socket).regions, before);
  });

  it("wants an attachment of the same process before a descriptor", () => {
    const fd = connectSocket(socket);
    sendMessage(fd, words(MSG_OPEN, 99), [], true);
    assertEquals(readReply(receiveMessage(fd, true)!).errno, 22);
    assertEquals(receiveMessage(fd, true)!.bytes.length, 0);
    closeFd(fd);
  });

  it("speaks one protocol", () => {
    const fd = connectSocket(socket);
    sendMessage(fd, words(MSG_ATTACH, PROTOCOL + 1, process.pid), [], true);
    const { errno, rest } = readReply(receiveMessage(fd, true)!);
    assertEquals([errno, new TextDecoder().decode(rest).includes("same version")], [71, true]);
    closeFd(fd);
  });
});

describe("Trust", () => {
  it("is in root, the daemon's own user, and who is named", () => {
    const trust = trustOf({ uids: [4711], gids: [27] });
    for (const [uid, gid] of [[0, 5], [process.getuid!(), 5], [4711, 5], [12, 27]]) {
      checkTrust({ pid: 1, uid, gid }, trust);
    }
    const error = assertThrows(
      () => checkTrust({ pid: 1, uid: 12, gid: 5 }, trust),
      NetmapError,
      "Cannot serve user 12",
    );
    assertEquals(error.code, "EACCES");
  });
});
