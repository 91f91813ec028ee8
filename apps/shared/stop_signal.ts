/**
 * What ends an application early: Ctrl-C, SIGTERM, or nobody left to read what it prints. The first
 * one lets it finish cleanly, so that interfaces get back what was changed in them; the second is
 * obeyed at once.
 *
 * @module
 */

import process from "node:process";

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** A signal to abort by, and the end of listening for it. */
export interface StopSignal extends Disposable {
  /** Aborted by the first Ctrl-C, SIGTERM or broken pipe, or when the time is over. */
  readonly signal: AbortSignal;
}

/**
 * Listens for the reasons to stop.
 *
 * @param seconds stops by itself after this time; for ever when left out
 * @returns the signal; dispose it when the application is done
 */
export function stopSignal(seconds?: number): StopSignal {
  const abort = new AbortController();
  const timer = seconds === undefined
    ? undefined
    : setTimeout(() => abort.abort(), Math.ceil(seconds * 1000));
  const stop = (signal: NodeJS.Signals): void => {
    if (interrupted) process.exit(SIGNALS[signal as keyof typeof SIGNALS]);
    interrupted = true;
    abort.abort();
  };
  const broken = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") throw error;
    abort.abort();
  };
  let interrupted = false;
  for (const name of Object.keys(SIGNALS)) process.on(name, stop);
  process.stdout.on("error", broken);
  return {
    signal: abort.signal,
    [Symbol.dispose](): void {
      clearTimeout(timer);
      for (const name of Object.keys(SIGNALS)) process.off(name, stop);
    },
  };
}
