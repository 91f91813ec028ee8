/**
 * A short wait as an interrupt source: for what no descriptor announces (a queueing discipline that
 * has room again, a switch that takes packets again).
 *
 * @module
 */

import { check, closeFd, drainEventfd, libc, TFD_CLOEXEC, TFD_NONBLOCK } from "@netmap/core";
import { CLOCK_MONOTONIC } from "@netmap/core";
import type { InterruptSource, InterruptSources } from "@netmap/engine";

/** Long enough for a queue to move on, short enough to keep an interface busy. */
const WAIT_NS = 1_000_000;

/** A timer that goes off once each time it is armed. */
export class RetryTimer {
  readonly #interrupts: InterruptSources;
  readonly #source: InterruptSource;
  readonly #spec: Int32Array = new Int32Array(8);
  #armed = false;

  /**
   * @param interrupts where it is waited for
   * @param expired called when it goes off
   */
  constructor(interrupts: InterruptSources, expired: () => void) {
    this.#interrupts = interrupts;
    const fd = check(
      libc().timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
      "make a timer",
    );
    // struct itimerspec: interval, then value, each seconds and nanoseconds of 64 bits.
    this.#spec[6] = WAIT_NS;
    this.#source = {
      fd,
      handle: () => {
        this.#disarm();
        // An expired timerfd reads like an eventfd: a count of 8 bytes.
        drainEventfd(fd);
        expired();
      },
    };
  }

  /** Starts the wait, unless it runs. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    check(
      libc().timerfd_settime(this.#source.fd, 0, this.#spec, null),
      "set a timer",
    );
    this.#interrupts.add(this.#source);
  }

  #disarm(): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#interrupts.remove(this.#source);
  }

  /** Gives the descriptor back. */
  close(): void {
    this.#disarm();
    closeFd(this.#source.fd);
  }
}
