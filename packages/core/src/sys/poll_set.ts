/**
 * `poll(2)` over descriptors that stay the same from call to call, without an allocation per call.
 *
 * ```
 *   word 0: fd      word 1: revents << 16 | events      (struct pollfd, little endian)
 * ```
 *
 * @module
 */

import { EINTR, EINVAL } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { errno, failure, libc } from "./libc.ts";

/** The longest that poll(2) can be asked to wait, in milliseconds: 24 days. */
const LONGEST = 0x7fffffff;

/**
 * A list of descriptors and the events that are wanted of each.
 *
 * @example
 * ```ts
 * import { closeFd, createEventfd, POLLIN, PollSet, signalEventfd } from "@netmap/core";
 * const fd = createEventfd();
 * const set = new PollSet();
 * const at = set.add(fd, POLLIN);
 * signalEventfd(fd);
 * console.log(set.wait(-1), set.revents(at) === POLLIN); // 1 true
 * closeFd(fd);
 * ```
 */
export class PollSet {
  /** Descriptors in the set. */
  length = 0;
  #words = new Int32Array(16);

  /**
   * Appends a descriptor.
   *
   * @param fd the descriptor; a negative one is skipped by poll
   * @param events POLLIN, POLLOUT
   * @returns its index
   */
  add(fd: number, events: number): number {
    const index = this.length;
    if (2 * index === this.#words.length) {
      const words = new Int32Array(4 * index);
      words.set(this.#words);
      this.#words = words;
    }
    this.length = index + 1;
    this.set(index, fd, events);
    return index;
  }

  /**
   * Replaces what an index waits for.
   *
   * @param index 0 to length - 1
   * @param fd the descriptor; a negative one is skipped by poll
   * @param events POLLIN, POLLOUT
   * @throws {NetmapError} EINVAL for an index that was not added
   */
  set(index: number, fd: number, events: number): void {
    if (!(index >= 0 && index < this.length)) {
      throw new NetmapError(
        EINVAL,
        `Cannot set entry '${index}' of a poll set as it has ${this.length}: add it first`,
      );
    }
    this.#words[2 * index] = fd;
    this.#words[2 * index + 1] = events & 0xffff;
  }

  /** Empties the set. */
  clear(): void {
    this.length = 0;
  }

  /**
   * What the last wait found.
   *
   * @param index 0 to length - 1
   * @returns the events that hold, POLLERR, POLLHUP and POLLNVAL among them; 0 for none
   */
  revents(index: number): number {
    return index >= 0 && index < this.length ? this.#words[2 * index + 1] >>> 16 : 0;
  }

  /**
   * Blocks the thread until an event holds.
   *
   * @param timeoutMs milliseconds, fractions rounded up; 0 returns at once, a negative one waits
   *   for ever
   * @returns how many descriptors have events; 0 on timeout
   * @throws {NetmapError} EINVAL for more descriptors than the process may have, ENOMEM
   */
  wait(timeoutMs: number): number {
    const { poll } = libc();
    const forEver = timeoutMs < 0;
    const end = timeoutMs > 0 ? performance.now() + timeoutMs : 0;
    let left = forEver ? -1 : Math.min(Math.ceil(timeoutMs), LONGEST);
    for (;;) {
      const found = poll(this.#words, this.length, left);
      if (found > 0) return found;
      if (found === -1) this.#passInterruption();
      // Also after the longest time that fits into an int: a caller's timeout is kept to the end.
      if (!forEver) left = end === 0 ? 0 : Math.min(Math.ceil(end - performance.now()), LONGEST);
      if (!forEver && left <= 0) return 0;
    }
  }

  #passInterruption(): void {
    const number = errno();
    if (number !== EINTR) throw failure(number, `poll ${this.length} descriptors`);
    // A failed poll leaves revents as they were: nothing holds.
    for (let i = 0; i < this.length; i++) this.#words[2 * i + 1] &= 0xffff;
  }
}
