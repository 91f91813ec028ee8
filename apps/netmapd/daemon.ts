/**
 * The daemon: an engine with all features, what the configuration sets up in it, and its sockets.
 *
 * @module
 */

import { pid } from "@netmap/core";
import {
  type FuseMount,
  prometheusText,
  serve,
  serveFuse,
  type ServeOptions,
  type Server,
} from "@netmap/daemon";
import type { Engine } from "@netmap/engine";
import { embeddedEngine } from "@netmap/netmap";
import { attach, newif, setZeroCopy } from "@netmap/vale";
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import process from "node:process";
import type { Config } from "./config.ts";

/** Told of what happens. */
export type Log = (event: string, fields?: Record<string, unknown>) => void;

/** First descriptor that systemd hands over (sd_listen_fds(3)). */
const LISTEN_FDS_START = 3;

/** A daemon that serves. */
export class Daemon {
  readonly #engine: Engine;
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #metrics: HttpServer | null;
  readonly #log: Log;
  #mount: FuseMount | null = null;

  /**
   * Sets everything up.
   *
   * @param socket where it is served
   * @param config what the file says
   * @param log where events go
   * @throws {NetmapError} what cannot be had: the path, an interface
   */
  constructor(socket: string, config: Config, log: Log) {
    this.#log = log;
    this.#engine = embeddedEngine();
    try {
      setUpSwitches(this.#engine, config);
      this.#server = serve(this.#engine, serveOptions(socket, config, log));
    } catch (error) {
      this.#engine.close();
      throw error;
    }
    this.#running = this.#engine.run(this.#stop.signal);
    this.#metrics = config.metrics === undefined ? null : this.#serveMetrics(config.metrics, log);
  }

  /** Path of its socket. */
  get socket(): string {
    return this.#server.path;
  }

  /**
   * Serves the engine as a device file too, for programs that were built against netmap's headers.
   *
   * @throws {NetmapError} with what is missing: root, FUSE, Linux 6.9
   */
  async serveFile(path: string): Promise<void> {
    this.#mount = await serveFuse(this.#engine, path, {
      log: (why) => this.#log("file", { path, why }),
    });
  }

  /** Takes over what a changed configuration says of trust and limits. */
  reload({ trust, limits }: Config): void {
    this.#server.reload({ trust, limits });
  }

  /** Ends it: clients see their ports go, interfaces get back what was changed. */
  async close(): Promise<void> {
    this.#metrics?.close();
    this.#mount?.close();
    this.#stop.abort();
    await this.#running;
    await this.#server.close();
    this.#engine.close();
  }

  #serveMetrics(where: string, log: Log): HttpServer {
    const http = createServer((_request, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(prometheusText(this.#server.status()));
    });
    http.on("error", (error) => log("metrics failed", { where, error: String(error) }));
    const port = /^127\.0\.0\.1:(\d+)$/.exec(where)?.[1];
    if (port !== undefined) return http.listen(Number(port), "127.0.0.1");
    // What an earlier one has left.
    if (lstatSync(where, { throwIfNoEntry: false })?.isSocket()) unlinkSync(where);
    return http.listen(where, () => chmodSync(where, 0o600));
  }
}

function serveOptions(socket: string, config: Config, log: Log): ServeOptions {
  const { trust, limits, mode } = config;
  return {
    socket,
    ...listenFd(),
    ...(mode === undefined ? {} : { mode: parseInt(mode, 8) }),
    ...(trust === undefined ? {} : { trust }),
    ...(limits === undefined ? {} : { limits }),
    log,
  };
}

/** A socket that systemd listens on already. */
function listenFd(): { fd?: number } {
  const { LISTEN_PID, LISTEN_FDS } = process.env;
  return Number(LISTEN_PID) === pid() && Number(LISTEN_FDS) >= 1 ? { fd: LISTEN_FDS_START } : {};
}

function setUpSwitches(engine: Engine, { switches = [] }: Config): void {
  for (const { name, attach: interfaces = [], ports = [], zeroCopy } of switches) {
    for (const port of ports) {
      newif(engine.device, port);
      attach(engine.device, `${name}:${port}`);
    }
    for (const one of interfaces) attach(engine.device, `${name}:${one}`);
    if (zeroCopy !== undefined && ports.length + interfaces.length > 0) {
      setZeroCopy(engine, `${name}:`, zeroCopy);
    }
  }
}
