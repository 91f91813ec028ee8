/**
 * The engine of a daemon as a device: `NETMAP=unix:/run/netmap.sock`.
 *
 * @module
 */

import {
  closeFd,
  type Descriptor,
  type DeviceProvider,
  EACCES,
  ECONNREFUSED,
  ENOENT,
  type NetmapDevice,
  NetmapError,
} from "@netmap/core";
import type { PortKind } from "@netmap/engine";
import process from "node:process";
import { connectSocket, receiveMessage, sendMessage } from "../internal/socket.ts";
import { MSG_STATUS, words } from "../internal/protocol.ts";
import type { DaemonStatus } from "../server/status.ts";
import { lostError, readReply, RemoteAttachment, replyError } from "./attachment.ts";
import { RemoteDescriptor } from "./remote_descriptor.ts";

/** Where a daemon is looked for when no path is given, in this order. */
export function defaultSockets(): string[] {
  const runtime = environment("XDG_RUNTIME_DIR");
  return ["/run/netmap.sock", ...(runtime === "" ? [] : [`${runtime}/netmap.sock`])];
}

/** The engine of a daemon. */
export class RemoteDevice implements NetmapDevice {
  /** What kind of device it is. */
  readonly kind = "remote";
  /** What applications print: `unix:/run/netmap.sock`. */
  readonly name: string;
  readonly #path: string;
  readonly #kinds: readonly PortKind[];
  #attachment: RemoteAttachment | null = null;

  /**
   * A daemon's engine, whether it runs yet or not.
   *
   * @param path of the daemon's socket; nothing is connected before a port is opened
   * @param kinds code of the port kinds that this thread will sync: `feature.kinds`
   */
  constructor(path: string, kinds: readonly PortKind[]) {
    this.name = `unix:${path}`;
    this.#path = path;
    this.#kinds = kinds;
  }

  /**
   * A new descriptor. After the daemon was restarted it is one of the new daemon.
   *
   * @throws {NetmapError} ENOENT or ECONNREFUSED when no daemon is there, EACCES for who is not
   * trusted, ENOSPC at the daemon's limits
   */
  open(): Descriptor {
    this.#attachment?.drain();
    if (this.#attachment?.lost) {
      if (this.#attachment.users === 0) this.#attachment.close();
      this.#attachment = null;
    }
    this.#attachment ??= new RemoteAttachment({
      name: this.name,
      fd: connect(this.#path),
      connect: () => connect(this.#path),
    }, this.#kinds);
    return new RemoteDescriptor(this.#attachment);
  }

  /** Gives the mappings back; ports that are open are of no use afterwards. */
  close(): void {
    this.#attachment?.close();
    this.#attachment = null;
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The kind of device that `NETMAP=unix:PATH` names; without a path, and when nothing is selected,
 * the first of the default sockets that answers.
 *
 * @param kinds code of the port kinds, asked for when a device is made
 *
 * @example
 * ```ts
 * import { pickDevice, registerDevice } from "@netmap/core";
 * import { remoteProvider } from "@netmap/daemon";
 * import { vale } from "@netmap/vale";
 * registerDevice(remoteProvider(() => [...vale().kinds ?? []]));
 * console.log(pickDevice("unix:/tmp/netmap.sock").name); // unix:/tmp/netmap.sock
 * ```
 */
export function remoteProvider(kinds: () => readonly PortKind[]): DeviceProvider {
  return {
    scheme: "unix",
    order: 20,
    open(argument, selected): NetmapDevice | null {
      if (argument !== "") return new RemoteDevice(argument, kinds());
      const paths = defaultSockets();
      const path = paths.find(answers);
      if (path !== undefined) return new RemoteDevice(path, kinds());
      if (!selected) return null;
      throw new NetmapError(
        ENOENT,
        `Cannot find a netmap daemon at ${
          paths.map((one) => `'${one}'`).join(" or ")
        }: start netmapd, or say where it is with NETMAP=unix:PATH`,
      );
    },
  };
}

/**
 * What a daemon tells of itself.
 *
 * @param path of its socket
 * @throws {NetmapError} ENOENT or ECONNREFUSED when no daemon is there, EACCES for who is not trusted
 */
export function askStatus(path: string): DaemonStatus {
  const fd = connect(path);
  try {
    sendMessage(fd, words(MSG_STATUS), [], true);
    const message = receiveMessage(fd, true)!;
    if (message.bytes.length === 0) throw lostError(`unix:${path}`);
    const reply = readReply(message);
    if (reply.errno !== 0) throw replyError(reply);
    return JSON.parse(new TextDecoder().decode(reply.answer));
  } finally {
    closeFd(fd);
  }
}

function connect(path: string): number {
  try {
    return connectSocket(path);
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    const { errno } = error;
    if (errno === ENOENT || errno === ECONNREFUSED) {
      throw new NetmapError(
        errno,
        `Cannot reach a netmap daemon at '${path}' as nobody serves it: start netmapd with ` +
          `'--socket ${path}'`,
        { cause: error },
      );
    }
    if (errno !== EACCES) throw error;
    throw new NetmapError(
      EACCES,
      `Cannot connect to '${path}' as its permissions forbid it: ask whoever runs the daemon`,
      { cause: error },
    );
  }
}

function answers(path: string): boolean {
  try {
    closeFd(connectSocket(path));
    return true;
  } catch (error) {
    if (error instanceof NetmapError) return false;
    throw error;
  }
}

function environment(name: string): string {
  try {
    return process.env[name] ?? "";
  } catch {
    // Deno without --allow-env: as if unset.
    return "";
  }
}
