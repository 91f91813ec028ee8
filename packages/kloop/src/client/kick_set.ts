/**
 * Sleeping until one of several eventfds is signalled, in one system call a sleep.
 *
 * The set is an epoll descriptor that watches for edges: what counts is that a signal came, not that
 * the eventfd is readable, so nobody has to read it. A signal that comes between two sleeps ends the
 * next one at once. Against `poll(2)` and a `read(2)` for each eventfd that is half the calls.
 *
 * @module
 */

import {
  check,
  closeFd,
  constants,
  EEXIST,
  EINTR,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  errno,
  failure,
  libc,
  POLLIN,
} from "@netmap/core";

/** linux/eventpoll.h: report changes and not states. */
const EPOLLET = 1 << 31;
/** What one look takes; what is more is there at the next. */
const EVENTS = 16;
/** The longest that epoll_wait(2) can be asked to wait, in milliseconds. */
const LONGEST = 0x7fffffff;

/** Eventfds that a thread sleeps on. */
export class KickSet {
  /** The epoll descriptor: readable while a signal came that no sleep has seen. */
  readonly fd: number;
  /** How often a sleep was a system call. */
  sleeps = 0;
  readonly #events: Int32Array;
  readonly #event: Int32Array;
  #closed = false;

  /** An empty set. @throws {NetmapError} EMFILE */
  constructor() {
    const { words } = constants().epoll;
    this.#event = new Int32Array(words);
    this.#events = new Int32Array(words * EVENTS);
    this.fd = check(libc().epoll_create1(EPOLL_CLOEXEC), "make an epoll descriptor");
  }

  /** Watches an eventfd; a second time is harmless. @throws {NetmapError} EBADF, EPERM for a file */
  add(fd: number): void {
    this.#event[0] = POLLIN | EPOLLET;
    if (libc().epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, this.#event) === 0) return;
    const number = errno();
    if (number !== EEXIST) throw failure(number, `watch eventfd '${fd}'`);
  }

  /**
   * Blocks the thread until a signal came since the last sleep.
   *
   * @param timeoutMs milliseconds, fractions rounded up; a negative one waits for ever
   * @returns whether one came; false when the time is over
   */
  sleep(timeoutMs: number): boolean {
    this.sleeps++;
    const { epoll_wait } = libc();
    const end = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
    let left = timeoutMs < 0 ? -1 : Math.min(Math.ceil(timeoutMs), LONGEST);
    for (;;) {
      const found = epoll_wait(this.fd, this.#events, EVENTS, left);
      if (found > 0) return true;
      if (found < 0 && errno() !== EINTR) throw failure(errno(), "wait for eventfds");
      if (timeoutMs < 0) continue;
      left = end === 0 ? 0 : Math.min(Math.ceil(end - performance.now()), LONGEST);
      if (left <= 0) return false;
    }
  }

  /** Forgets the signals that came, so that {@linkcode fd} is not readable. */
  forget(): void {
    libc().epoll_wait(this.fd, this.#events, EVENTS, 0);
  }

  /** Ends the set; whoever awaits its descriptor is told. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFd(this.fd);
  }
}
