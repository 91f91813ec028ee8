/**
 * Sending at a rate: how many packets are due.
 *
 * Counted from one begin, so that no rounding adds up: over any second the number is right to one
 * batch. A pause (a garbage collection, a stopped process) is made up for if it was short.
 *
 * @module
 */

/** The longest pause that is made up for, in milliseconds. */
const MAX_BEHIND_MS = 1000;

/** A rate. */
export class Pacer {
  readonly #perMs: number;
  #begin: number;
  #sent = 0;

  /**
   * Begins now, with nothing sent.
   *
   * @param rate packets a second, more than 0
   * @param now milliseconds of `performance.now()`
   */
  constructor(rate: number, now: number) {
    this.#perMs = rate / 1000;
    this.#begin = now;
  }

  /**
   * How many packets may be sent now.
   *
   * @param now milliseconds of `performance.now()`
   */
  due(now: number): number {
    const behind = (now - this.#begin) * this.#perMs - this.#sent;
    const most = MAX_BEHIND_MS * this.#perMs;
    if (behind > most + 1) {
      // What is left out shall not come later: the begin moves on.
      this.#begin += (behind - most) / this.#perMs;
      return Math.floor(most);
    }
    return Math.max(0, Math.floor(behind));
  }

  /** Packets were sent. */
  sent(count: number): void {
    this.#sent += count;
  }

  /**
   * How long until the next packet.
   *
   * @param now milliseconds of `performance.now()`
   * @returns milliseconds, 0 when one is due
   */
  wait(now: number): number {
    return Math.max(0, (this.#sent + 1) / this.#perMs - (now - this.#begin));
  }
}
