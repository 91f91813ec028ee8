/**
 * Loops that never end and still let timers, signals and sockets have their turn.
 *
 * @module
 */

import { ENXIO, NetmapError, POLLERR, type Port } from "@netmap/core";
import { setImmediate } from "node:timers";

/** How long a loop goes on before others have a turn: Ctrl-C and timers are at most this late. */
const SLICE_MS = 8;

/** Time that a loop has until it has to give way. */
export class Turns {
  #end = 0;

  /** Whether others should have a turn. @param now milliseconds of `performance.now()` */
  isOver(now: number): boolean {
    return now >= this.#end;
  }

  /** Lets everybody else have a turn. */
  async pass(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#end = performance.now() + SLICE_MS;
  }
}

/** A port and the events that are waited for on it. */
export type Wait = readonly [port: Port, events: number];

/**
 * Waits until one of several waits is over, or a time, or the signal aborts.
 *
 * @param waits on which ports for what; with none it is a pause
 * @param signal ends it, without an error
 * @param ms at most; for ever when left out
 * @throws {NetmapError} ENXIO when a port is gone, EBADF when it was closed
 */
export async function waitForAny(
  waits: readonly Wait[],
  signal: AbortSignal,
  ms?: number,
): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener("abort", end, { once: true });
  const timer = ms === undefined ? undefined : setTimeout(end, ms);
  if (signal.aborted) end();
  try {
    const pause = waits.length > 0 || over.signal.aborted ? [] : [
      new Promise<number>((resolve) => {
        over.signal.addEventListener("abort", () => resolve(0), { once: true });
      }),
    ];
    const ports = waits.map(async ([port, events]) => {
      const found = await port.wait(events, over.signal);
      if ((found & POLLERR) !== 0) {
        throw new NetmapError(ENXIO, `Cannot go on as '${port.name}' is gone: open it again`, {
          port: port.name,
        });
      }
      return found;
    });
    await Promise.race([...ports, ...pause]);
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
  }
}
