/**
 * An engine as a device file: programs that were compiled against netmap's headers open it.
 *
 * @module
 */

import {
  check,
  closeFd,
  constants,
  drainEventfd,
  EINVAL,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  libc,
  NetmapError,
  POLLIN,
  waitFd,
} from "@netmap/core";
import type { Engine } from "@netmap/engine";
import process from "node:process";
import { setImmediate } from "node:timers";
import { FuseConnection } from "./connection.ts";
import { limitLog } from "./log_limit.ts";
import { type FuseCounters, FuseServer } from "./fuse_server.ts";
import {
  detach,
  mountFuse,
  type MountPoint,
  prepareMountPoint,
  removeMountPoint,
} from "./mount_point.ts";

/** How a file is served. */
export interface FuseOptions {
  /** Permissions of the file, 0600 when silent; chmod(2) changes them later. */
  readonly mode?: number;
  /** Takes a sentence for each request that failed, and for what was found at the start. */
  readonly log?: (line: string) => void;
  /** Microseconds to look for the next request before sleeping, 50 when silent. */
  readonly spinUs?: number;
}

/** A file that is served. */
export interface FuseMount extends Disposable {
  /** Where it is. */
  readonly path: string;
  /** What happened so far. */
  readonly counters: Readonly<FuseCounters>;
  /** Files that are open. */
  readonly openFiles: number;
  /** Settles when the mount is gone: closed here, or unmounted by somebody else. */
  readonly ended: Promise<void>;
  /** Unmounts; programs that still have it open get ENOTCONN. Closing twice is harmless. */
  close(): void;
}

/** Requests between two turns of the event loop. */
const BURST = 256;

/**
 * Serves an engine as a file at a path. Linux >= 6.9 and root (CAP_SYS_ADMIN).
 *
 * @param engine whose global memory region programs will map
 * @param path a regular file, or a name that is free; what a dead daemon left mounted is taken away
 * @param options permissions, log
 * @returns once programs can open it
 * @throws {NetmapError} with a sentence that says what is missing: EPERM, ENOENT, EOPNOTSUPP; EBUSY
 *   when another daemon serves the path
 *
 * @example
 * ```ts ignore
 * import { serveFuse } from "@netmap/daemon";
 * import { embeddedEngine } from "@netmap/netmap";
 * using mount = await serveFuse(embeddedEngine(), "/dev/netmap");
 * await mount.ended;
 * ```
 */
export async function serveFuse(
  engine: Engine,
  path: string,
  options: FuseOptions = {},
): Promise<FuseMount> {
  const { mode = 0o600, log = () => {}, spinUs = 50 } = options;
  if (!(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
    throw new NetmapError(EINVAL, `Cannot serve '${path}' with mode '${mode}': use 0 to 0777`);
  }
  // First what may be missing, so that nothing is made where nothing can be served.
  const connection = new FuseConnection();
  let place: MountPoint | null = null;
  try {
    place = await prepareMountPoint(path);
    if (place.cleaned > 0) log(`Took away ${place.cleaned} dead mounts at '${path}'`);
    mountFuse(place.path, connection.fd, mode);
  } catch (error) {
    connection.close();
    if (place !== null) removeMountPoint(place);
    throw error;
  }
  const mount = new Mount(engine, place, connection, { mode, log, spinUs });
  await mount.start();
  return mount;
}

class Mount implements FuseMount {
  readonly ended: Promise<void>;
  readonly #engine: Engine;
  readonly #place: MountPoint;
  readonly #connection: FuseConnection;
  readonly #server: FuseServer;
  readonly #log: (line: string) => void;
  readonly #spinMs: number;
  /** Readable when a request or a wake-up is there. */
  readonly #epollFd: number;
  readonly #stop: AbortController = new AbortController();
  readonly #atExit = (): void => this.close();
  #settle: () => void = () => {};
  #started: (error: unknown) => void = () => {};
  #starting = true;
  #closed = false;

  constructor(
    engine: Engine,
    place: MountPoint,
    connection: FuseConnection,
    { mode, log, spinUs }: Required<FuseOptions>,
  ) {
    this.#engine = engine;
    this.#place = place;
    this.#connection = connection;
    this.#log = log;
    this.#spinMs = spinUs / 1000;
    this.#server = new FuseServer({ engine, connection, mode, log: limitLog(log) });
    this.#epollFd = epollOf([connection.fd, this.#server.wakeFd]);
    this.ended = new Promise((resolve) => this.#settle = resolve);
    process.on("exit", this.#atExit);
  }

  get path(): string {
    return this.#place.path;
  }

  get counters(): Readonly<FuseCounters> {
    return this.#server.counters;
  }

  get openFiles(): number {
    return this.#server.files.size;
  }

  /** Answers the first message. @throws {NetmapError} what the kernel lacks */
  async start(): Promise<void> {
    this.#engine.interrupts.acquire();
    const started = new Promise<unknown>((resolve) => this.#started = resolve);
    void this.#run();
    const error = await started;
    if (error === null) return;
    this.close();
    throw error;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    process.off("exit", this.#atExit);
    try {
      detach(this.#place.path);
    } catch (error) {
      this.#log(String(error));
    }
    this.#stop.abort();
    this.#connection.close();
    this.#server.close();
    closeFd(this.#epollFd);
    this.#engine.interrupts.release();
    removeMountPoint(this.#place);
    this.#settle();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#closed) {
        const busy = this.#serve();
        if (this.#closed) return;
        if (busy) await turn();
        else await this.#sleep();
      }
    } catch (error) {
      if (this.#closed) return;
      this.#log(error instanceof Error ? error.stack ?? error.message : String(error));
      this.#started(error);
      this.close();
    }
  }

  /**
   * Serves what is there and what comes within the spin time.
   *
   * @returns whether there may be more
   */
  #serve(): boolean {
    const connection = this.#connection;
    const server = this.#server;
    let last = 0;
    for (let served = 0; served < BURST;) {
      const found = connection.receive();
      if (found === "request") {
        server.handle();
        served++;
        last = 0;
        if (this.#starting) this.#checkStart();
        if (this.#closed) return false;
        server.notify();
        continue;
      }
      if (found === "ended") {
        this.close();
        return false;
      }
      if (served === 0) return false;
      const now = performance.now();
      if (last === 0) last = now;
      else if (now - last > this.#spinMs) return false;
      // The program that will ask next may need this core.
      libc().sched_yield();
    }
    return true;
  }

  #checkStart(): void {
    const { refusal, started } = this.#server;
    if (refusal === null && !started) return;
    this.#starting = false;
    this.#started(refusal);
  }

  async #sleep(): Promise<void> {
    // Whoever wakes a sleeper after this makes the eventfd readable again.
    drainEventfd(this.#server.wakeFd);
    this.#server.notify();
    await waitFd(this.#epollFd, POLLIN, this.#stop.signal);
  }
}

function epollOf(fds: readonly number[]): number {
  const { words, dataWord } = constants().epoll;
  const epollFd = check(libc().epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor");
  const event = new Int32Array(words);
  for (const fd of fds) {
    event[0] = POLLIN;
    event[dataWord] = fd;
    check(libc().epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, event), `watch descriptor '${fd}'`);
  }
  return epollFd;
}

/** Lets the event loop have its turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
