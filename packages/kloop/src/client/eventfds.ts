/**
 * The eventfds of a CSB port: two for each ring, one a direction.
 *
 * @module
 */

import { closeFd, createEventfd, type KloopEventfds } from "@netmap/core";

/** Eventfds that are closed together. */
export class EventfdPairs implements Disposable {
  /** The pairs, as `optKloopEventfds` and `csbPort` take them. */
  readonly pairs: readonly KloopEventfds[];
  #closed = false;

  /** Takes over pairs of descriptors. */
  constructor(pairs: readonly KloopEventfds[]) {
    this.pairs = pairs;
  }

  /** Closes all of them. Twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const fds = new Set(this.pairs.flatMap(({ ioeventfd, irqfd }) => [ioeventfd, irqfd]));
    for (const fd of fds) if (fd >= 0) closeFd(fd);
  }

  /** Closes all of them. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Makes pairs of eventfds.
 *
 * @param rings how many rings are bound
 * @param shared one pair for all rings: a kick says that something is new and not where, which is
 * enough for loop and application alike, and costs two descriptors
 * @throws {NetmapError} EMFILE
 *
 * @example
 * ```ts
 * import { createEventfds } from "@netmap/kloop/client";
 * using eventfds = createEventfds(2, true);
 * console.log(eventfds.pairs.length); // 2
 * ```
 */
export function createEventfds(rings: number, shared: boolean = false): EventfdPairs {
  const pairs: KloopEventfds[] = [];
  try {
    for (let i = 0; i < rings; i++) {
      if (shared && i > 0) {
        pairs.push(pairs[0]);
        continue;
      }
      const ioeventfd = createEventfd();
      pairs.push({ ioeventfd, irqfd: -1 });
      pairs[i].irqfd = createEventfd();
    }
  } catch (error) {
    new EventfdPairs(pairs).close();
    throw error;
  }
  return new EventfdPairs(pairs);
}
