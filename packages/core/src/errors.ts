/**
 * The one error class of the project: a number to compare, a name to read, a sentence to act on.
 *
 * @module
 */

import { EBADF, errnoName } from "./errno.ts";

/** What a {@linkcode NetmapError} may say about where it happened. */
export interface NetmapErrorOptions {
  /** The request that failed, by netmap's name: `NETMAP_REQ_REGISTER`. */
  request?: string | undefined;
  /** The port that it was about, as the user wrote it. */
  port?: string | undefined;
  /** What led to it. */
  cause?: unknown;
}

/**
 * A netmap operation that failed.
 *
 * @example
 * ```ts
 * import { EBUSY, NetmapError } from "@netmap/core";
 * try {
 *   throw new NetmapError(EBUSY, "Cannot bind ring 0 of 'em0' as another port holds it");
 * } catch (error) {
 *   if (error instanceof NetmapError) console.log(error.code, error.errno); // EBUSY 16
 * }
 * ```
 */
export class NetmapError extends Error {
  /** The error number, as the constants of `errno.ts` have it on every system. */
  readonly errno: number;
  /** Its name: `"EBUSY"`. */
  readonly code: string;
  /** The request that failed, by netmap's name, where one was made. */
  readonly request?: string;
  /** The port that it was about, where there is one. */
  readonly port?: string;

  /**
   * An error, to be thrown.
   *
   * @param errno one of the constants of `errno.ts`
   * @param message a sentence: what was asked, what is there, what to do; no final period
   * @param options where it happened
   */
  constructor(errno: number, message: string, options: NetmapErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = "NetmapError";
    this.errno = errno;
    this.code = errnoName(errno);
    if (options.request !== undefined) this.request = options.request;
    if (options.port !== undefined) this.port = options.port;
  }
}

/**
 * The error for anything used after its close.
 *
 * @param what the name of the port, region or device that was closed
 * @returns an EBADF, to be thrown by the caller
 *
 * @example
 * ```ts
 * import { closedError } from "@netmap/core";
 * console.log(closedError("vale0:a").message);
 * ```
 */
export function closedError(what: string): NetmapError {
  return new NetmapError(EBADF, `Cannot use '${what}' as it is closed: open it again`, {
    port: what,
  });
}
