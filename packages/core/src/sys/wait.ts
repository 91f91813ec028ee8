/**
 * Waiting for descriptors without blocking the isolate.
 *
 * ```
 *   waitFd(fd) --> Watched(fd): waiter, waiter   --epoll_ctl(ONESHOT)-->  epoll descriptor
 *   promise    <-- deliver(fd, serial, events)   <--- pump (runtime) ---  epoll_wait
 * ```
 *
 * Invariant: a descriptor is in the epoll set exactly while it has waiters, and is armed for what
 * any of them wants. The serial tells a late event of an earlier wait from one of this.
 *
 * An isolate that waited once keeps an epoll descriptor (and in Deno an eventfd), as neither runtime
 * tells a Worker of its end: two descriptors stay for each Worker that waited and ended.
 *
 * @module
 */

import { POLLERR, POLLIN, POLLOUT } from "../device.ts";
import { EBADF, EEXIST, EIO, ENOENT, EPERM } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import type { EventPump } from "../runtime/runtime.ts";
import type { Libc } from "../runtime/symbols.ts";
import { constants } from "./constants.ts";
import { check, errno, failure, libc, libcPath } from "./libc.ts";
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  EPOLLONESHOT,
  POLLHUP,
} from "./linux.ts";

interface Waiter {
  readonly events: number;
  readonly resolve: (events: number) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  onAbort: (() => void) | undefined;
}

interface Watched {
  readonly fd: number;
  serial: number;
  waiters: Waiter[];
}

/** All waits of one isolate. */
class WaitSet {
  readonly #libc: Libc;
  readonly #epollFd: number;
  readonly #event: Int32Array;
  readonly #dataWord: number;
  readonly #watched = new Map<number, Watched>();
  readonly #pump: EventPump;
  #serial = 0;

  constructor() {
    this.#libc = libc();
    const { epoll } = constants();
    this.#event = new Int32Array(epoll.words);
    this.#dataWord = epoll.dataWord;
    this.#epollFd = check(this.#libc.epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor");
    try {
      this.#pump = runtime().createPump({
        libc: this.#libc,
        libraryPath: libcPath(),
        epollFd: this.#epollFd,
        layout: epoll,
        check,
        deliver: (ready, count) => {
          for (let i = 0; i < count; i++) {
            this.#deliver(ready[3 * i], ready[3 * i + 1], ready[3 * i + 2]);
          }
        },
        fail: (cause) => this.#failAll(cause),
      });
    } catch (error) {
      this.#libc.close(this.#epollFd);
      throw error;
    }
  }

  #failAll(cause: unknown): void {
    const reason = new NetmapError(
      EIO,
      "Cannot wait any longer as the thread that waits failed: see the cause",
      { cause },
    );
    for (const fd of [...this.#watched.keys()]) this.rejectAll(fd, reason);
  }

  wait(fd: number, events: number, signal: AbortSignal | undefined): Promise<number> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { events, resolve, reject, signal, onAbort: undefined };
      let watched = this.#watched.get(fd);
      const isNew = watched === undefined;
      watched ??= { fd, serial: 0, waiters: [] };
      watched.waiters.push(waiter);
      const number = this.#arm(watched, isNew);
      if (number !== 0) {
        watched.waiters.pop();
        // A regular file is always ready, says poll(2); epoll refuses it.
        if (number === EPERM) resolve(events & (POLLIN | POLLOUT));
        else reject(failure(number, `wait for descriptor '${fd}'`));
        return;
      }
      if (isNew) this.#watched.set(fd, watched);
      if (signal !== undefined) {
        waiter.onAbort = () => {
          this.#remove(watched, waiter);
          reject(signal.reason);
        };
        signal.addEventListener("abort", waiter.onAbort, { once: true });
      }
      this.#pump.start();
    });
  }

  rejectAll(fd: number, reason: NetmapError): void {
    const watched = this.#watched.get(fd);
    if (watched === undefined) return;
    for (const waiter of watched.waiters.splice(0)) {
      this.#release(waiter);
      waiter.reject(reason);
    }
    this.#drop(watched);
  }

  #deliver(fd: number, serial: number, found: number): void {
    const watched = this.#watched.get(fd);
    if (watched === undefined || watched.serial !== serial) return;
    const stay: Waiter[] = [];
    for (const waiter of watched.waiters) {
      const events = found & (waiter.events | POLLERR | POLLHUP);
      if (events === 0) {
        stay.push(waiter);
        continue;
      }
      this.#release(waiter);
      waiter.resolve(events);
    }
    watched.waiters = stay;
    if (stay.length === 0) this.#drop(watched);
    else this.#arm(watched, false);
  }

  /** @returns 0, or the errno of epoll_ctl */
  #arm(watched: Watched, isNew: boolean): number {
    let events = 0;
    for (const waiter of watched.waiters) events |= waiter.events;
    watched.serial = this.#serial = (this.#serial + 1) | 0;
    this.#event[0] = events | EPOLLONESHOT;
    this.#event[this.#dataWord] = watched.fd;
    this.#event[this.#dataWord + 1] = watched.serial;
    let number = this.#control(isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, watched.fd);
    // Someone closed the descriptor under its waiters and its number is another file's now; or the
    // set still holds the old file, which lives on in another process.
    if (number === ENOENT && !isNew) number = this.#control(EPOLL_CTL_ADD, watched.fd);
    else if (number === EEXIST && isNew) number = this.#control(EPOLL_CTL_MOD, watched.fd);
    return number;
  }

  #control(operation: number, fd: number): number {
    return this.#libc.epoll_ctl(this.#epollFd, operation, fd, this.#event) === -1 ? errno() : 0;
  }

  #remove(watched: Watched, waiter: Waiter): void {
    const index = watched.waiters.indexOf(waiter);
    if (index < 0) return;
    watched.waiters.splice(index, 1);
    this.#release(waiter);
    if (watched.waiters.length === 0) this.#drop(watched);
  }

  #drop(watched: Watched): void {
    this.#control(EPOLL_CTL_DEL, watched.fd);
    this.#watched.delete(watched.fd);
    if (this.#watched.size === 0) this.#pump.stop();
  }

  #release(waiter: Waiter): void {
    if (waiter.onAbort !== undefined) {
      waiter.signal?.removeEventListener("abort", waiter.onAbort);
    }
  }
}

let shared: WaitSet | undefined;

/**
 * Waits until a descriptor is ready, while the isolate goes on. As `poll(2)` it looks at the
 * state and not at changes, so nothing is missed between two waits. Any number of waits may be
 * open at once, also of the same descriptor; they keep the process alive, and nothing else does.
 *
 * @param fd the descriptor
 * @param events POLLIN | POLLOUT
 * @param signal ends the wait early
 * @returns the events that hold, POLLERR and POLLHUP among them
 * @throws {NetmapError} EBADF for a descriptor that is not open, or is closed with `closeFd` while
 *   it is waited for; the signal's reason when it is aborted
 *
 * @example
 * ```ts
 * import { closeFd, createEventfd, POLLIN, signalEventfd, waitFd } from "@netmap/core";
 * const fd = createEventfd();
 * setTimeout(() => signalEventfd(fd), 10);
 * console.log(await waitFd(fd, POLLIN)); // 1
 * closeFd(fd);
 * ```
 */
export function waitFd(fd: number, events: number, signal?: AbortSignal): Promise<number> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  try {
    shared ??= new WaitSet();
  } catch (error) {
    return Promise.reject(error);
  }
  return shared.wait(fd, events, signal);
}

/**
 * Ends the waits of a descriptor that is about to be closed.
 *
 * @param fd the descriptor
 */
export function rejectWaits(fd: number): void {
  shared?.rejectAll(
    fd,
    new NetmapError(EBADF, `Cannot wait for descriptor '${fd}' as it was closed`),
  );
}
