/**
 * An engine at a path: other processes connect, and use its ports as their own.
 *
 * ```
 *   client --- connect(2) ---> socket, mode 0600 --- SO_PEERCRED: trusted? ---> Host
 * ```
 *
 * @module
 */

import {
  closeFd,
  EADDRINUSE,
  ECONNREFUSED,
  EINVAL,
  ENOENT,
  NetmapError,
  POLLIN,
  waitFd,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import process from "node:process";
import { acceptConnection, connectSocket, listenSocket, peerOf } from "../internal/socket.ts";
import { type Host, hostOf } from "./host.ts";
import { checkTrust, type Limits, type Trust, trustOf } from "./limits.ts";
import { type DaemonStatus, statusOf } from "./status.ts";

/** How an engine is served. */
export interface ServeOptions {
  /** Path of the socket; a file of a daemon that ended without removing it is replaced. */
  readonly socket: string;
  /** A socket that listens already, as systemd hands it over; `socket` is then only its name. */
  readonly fd?: number;
  /** Permissions of the socket's file; 0600 when silent. */
  readonly mode?: number;
  /** Who is trusted beside root and the daemon's own user. */
  readonly trust?: Trust | undefined;
  /** What one process may have. */
  readonly limits?: Limits | undefined;
  /** Told of what happens: clients that come, go, or are refused. */
  readonly log?: (event: string, fields: Record<string, unknown>) => void;
}

/** A socket that is served. */
export class Server {
  /** Path of the socket. */
  readonly path: string;
  /** Who is trusted; may be set while it runs. */
  trust: { uids: number[]; gids: number[] };
  readonly #started: number = Date.now();
  readonly #fd: number;
  readonly #host: Host;
  readonly #ownsFile: boolean;
  readonly #stop = new AbortController();
  readonly #loop: Promise<void>;
  readonly #loops: Set<Promise<void>> = new Set();
  readonly #log: (event: string, fields: Record<string, unknown>) => void;
  #inode = 0;
  #closed = false;

  /** Made by {@linkcode serve}. */
  constructor(engine: Engine, options: ServeOptions) {
    this.path = options.socket;
    this.trust = trustOf(options.trust);
    this.#log = options.log ?? ((): void => {});
    this.#ownsFile = options.fd === undefined;
    this.#fd = options.fd ?? listenAt(options.socket, options.mode ?? 0o600);
    if (this.#ownsFile) this.#inode = lstatSync(options.socket).ino;
    this.#host = hostOf(engine);
    this.#host.setLimits(options.limits);
    this.#host.log = this.#log;
    this.#host.status = (): DaemonStatus => this.status();
    this.#loop = this.#accept();
  }

  /** What clients are told of it. */
  status(): DaemonStatus {
    const { path, trust } = this;
    return statusOf(this.#host, { socket: path, trust, started: this.#started });
  }

  /** Changes who is trusted, and what a process may have, for what comes from now on. */
  reload({ trust, limits }: Pick<ServeOptions, "trust" | "limits">): void {
    this.trust = trustOf(trust);
    this.#host.setLimits(limits);
  }

  /** Ends all connections, removes the socket. The engine stays. Closing twice is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop.abort();
    await this.#loop;
    // The file may be a later daemon's by now.
    if (this.#ownsFile && inodeOf(this.path) === this.#inode) unlinkSync(this.path);
    await Promise.all(this.#loops);
  }

  /** The same, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #accept(): Promise<void> {
    try {
      for (;;) {
        await waitFd(this.#fd, POLLIN, this.#stop.signal);
        try {
          const fd = acceptConnection(this.#fd);
          if (fd !== null) this.#welcome(fd);
        } catch (error) {
          // Out of descriptors, say: the client waits in the queue.
          this.#log("accept failed", { error: String(error) });
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#log("fault", { error: String(error) });
    } finally {
      closeFd(this.#fd);
    }
  }

  #welcome(fd: number): void {
    const peer = peerOf(fd);
    let refusal: NetmapError | null = null;
    try {
      checkTrust(peer, this.trust);
    } catch (error) {
      refusal = error as NetmapError;
      this.#log("refused", { ...peer, why: refusal.message });
    }
    const loop = this.#host.serve(fd, this.#stop.signal, refusal)
      .finally(() => this.#loops.delete(loop));
    this.#loops.add(loop);
  }
}

/**
 * Serves an engine on a unix socket.
 *
 * @param engine its interfaces are served by this thread: run `engine.run(signal)` beside it
 * @param options where, for whom
 * @returns the server; close it before the engine
 * @throws {NetmapError} EADDRINUSE when another daemon serves the path, EACCES, ENOENT
 *
 * @example
 * ```ts
 * import { serve } from "@netmap/daemon";
 * import { createEngine } from "@netmap/engine";
 * using engine = createEngine();
 * const server = serve(engine, { socket: `/tmp/netmap-example-${Math.random()}.sock` });
 * await server.close();
 * ```
 */
export function serve(engine: Engine, options: ServeOptions): Server {
  return new Server(engine, options);
}

function listenAt(path: string, mode: number): number {
  const mask = process.umask(0o177);
  try {
    const fd = listenOrReplace(path);
    chmodSync(path, mode);
    return fd;
  } finally {
    process.umask(mask);
  }
}

function listenOrReplace(path: string): number {
  try {
    return listenSocket(path);
  } catch (error) {
    if (!(error instanceof NetmapError) || error.errno !== EADDRINUSE) throw error;
  }
  if (!lstatSync(path).isSocket()) {
    throw new NetmapError(
      EINVAL,
      `Cannot serve at '${path}' as it is a file and no socket: give another path`,
    );
  }
  try {
    closeFd(connectSocket(path));
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    if (error.errno !== ECONNREFUSED && error.errno !== ENOENT) throw error;
    // Its daemon was killed.
    unlinkSync(path);
    return listenSocket(path);
  }
  throw new NetmapError(
    EADDRINUSE,
    `Cannot serve at '${path}' as another daemon does: stop it, or give another path`,
  );
}

function inodeOf(path: string): number {
  try {
    return lstatSync(path).ino;
  } catch {
    return -1;
  }
}
