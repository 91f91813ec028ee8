/**
 * Descriptors that stand for interrupts: a NIC's socket becomes readable, its handler runs.
 *
 * An embedded engine has no interrupt context of its own. Handlers run while somebody is in
 * `poll()`, awaits `wait()`, or runs the engine; a bridge of two NICs with no other user calls
 * `engine.run(signal)`.
 *
 * Pollers run in every round beside the sources: they look by themselves whether there is
 * something to do. While there are pollers a round never sleeps longer than NAP_MS.
 *
 * @module
 */

import { POLLIN, PollSet, waitFd } from "@netmap/core";

/** Where interrupts come from. */
export interface InterruptSource {
  /** Descriptor to wait on. */
  readonly fd: number;
  /** Events of `poll(2)`; POLLIN when silent. */
  readonly events?: number;
  /** Serves the source; called when the descriptor is ready. */
  handle(revents: number): void;
}

/** Longest sleep between two looks of a poller that found nothing, in milliseconds. */
const NAP_MS = 1;
/** Rounds without a find before a poller's engine sleeps at all. */
const IDLE_ROUNDS = 64;

/** The sources of one engine. */
export class InterruptSources {
  readonly #sources: Set<InterruptSource> = new Set();
  readonly #pollers: Set<() => boolean> = new Set();
  #users = 0;
  #idleRounds = 0;
  #pumping = false;
  readonly #running: Map<InterruptSource, AbortController> = new Map();

  /** Adds a source. */
  add(source: InterruptSource): void {
    this.#sources.add(source);
    if (this.#users > 0) this.#pump(source);
  }

  /** Removes a source: its handler is not called any more. */
  remove(source: InterruptSource): void {
    this.#sources.delete(source);
    this.#running.get(source)?.abort();
    this.#running.delete(source);
  }

  /** How many sources and pollers there are. */
  get size(): number {
    return this.#sources.size + this.#pollers.size;
  }

  /** Adds a poller: called in every round. @param round returns whether there was something to do */
  addPoller(round: () => boolean): void {
    this.#pollers.add(round);
    if (this.#users > 0 && this.#pollers.size === 1) this.#pumpPollers();
  }

  /** Removes a poller. */
  removePoller(round: () => boolean): void {
    this.#pollers.delete(round);
  }

  /**
   * Blocks until `fd` is readable or a source was served.
   *
   * @param fd the waiter's own descriptor, -1 for none
   * @param timeoutMs as in poll(2)
   * @returns whether anything happened
   */
  poll(fd: number, timeoutMs: number): boolean {
    const worked = this.#pollers.size > 0 && this.#pollRound();
    if (this.#pollers.size > 0) {
      const nap = worked || this.#idleRounds < IDLE_ROUNDS ? 0 : NAP_MS;
      if (timeoutMs < 0 || timeoutMs > nap) timeoutMs = nap;
    }
    const sources = [...this.#sources];
    const set = new PollSet();
    if (fd >= 0) set.add(fd, POLLIN);
    for (const source of sources) set.add(source.fd, source.events ?? POLLIN);
    if (set.wait(timeoutMs) === 0) return worked;
    const first = fd >= 0 ? 1 : 0;
    for (let i = 0; i < sources.length; i++) {
      const revents = set.revents(first + i);
      if (revents !== 0 && this.#sources.has(sources[i])) sources[i].handle(revents);
    }
    return true;
  }

  /** Serves all sources from the event loop while somebody waits. Balanced by {@link release}. */
  acquire(): void {
    if (this.#users++ > 0) return;
    for (const source of this.#sources) this.#pump(source);
    if (this.#pollers.size > 0) this.#pumpPollers();
  }

  /** See {@link acquire}. */
  release(): void {
    if (--this.#users > 0) return;
    for (const abort of this.#running.values()) abort.abort();
    this.#running.clear();
  }

  /** Serves all sources until the signal says stop. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.acquire();
    try {
      await new Promise<void>((resolve) => {
        // Keeps the program alive though there may be no source yet.
        const alive = setInterval(() => {}, 1 << 30);
        signal.addEventListener("abort", () => {
          clearInterval(alive);
          resolve();
        }, { once: true });
      });
    } finally {
      this.release();
    }
  }

  #pollRound(): boolean {
    let worked = false;
    for (const round of [...this.#pollers]) worked = round() || worked;
    this.#idleRounds = worked ? 0 : this.#idleRounds + 1;
    return worked;
  }

  /** Runs the pollers from the event loop, which gets its turn after every round. */
  async #pumpPollers(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#users > 0 && this.#pollers.size > 0) {
        this.#pollRound();
        const nap = this.#idleRounds < IDLE_ROUNDS ? 0 : NAP_MS;
        await new Promise((resolve) => setTimeout(resolve, nap));
      }
    } finally {
      this.#pumping = false;
    }
  }

  async #pump(source: InterruptSource): Promise<void> {
    const abort = new AbortController();
    this.#running.set(source, abort);
    while (!abort.signal.aborted) {
      let revents: number;
      try {
        revents = await waitFd(source.fd, source.events ?? POLLIN, abort.signal);
      } catch (error) {
        if (abort.signal.aborted) return;
        throw error;
      }
      if (abort.signal.aborted) return;
      source.handle(revents);
    }
  }
}
