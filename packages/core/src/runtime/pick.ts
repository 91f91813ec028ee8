/**
 * Which runtime this is: decided by what it can do, once, at the first use.
 *
 * @module
 */

import { ENOSYS } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { bunRuntime } from "./bun.ts";
import { denoRuntime } from "./deno.ts";
import type { Runtime } from "./runtime.ts";

let picked: Runtime | undefined;

/**
 * The first runtime of several that is there.
 *
 * @param makers each gives a runtime, or undefined where it is not the one
 * @returns the runtime
 * @throws {NetmapError} ENOSYS if none is there
 */
export function firstRuntime(makers: readonly (() => Runtime | undefined)[]): Runtime {
  for (const make of makers) {
    const found = make();
    if (found !== undefined) return found;
  }
  throw new NetmapError(
    ENOSYS,
    "Cannot call libc as this runtime has neither 'bun:ffi' nor 'Deno.dlopen': " +
      "run the program with bun or deno",
  );
}

/**
 * The runtime that this program runs on.
 *
 * @returns Bun or Deno
 * @throws {NetmapError} ENOSYS where there are no foreign calls, as on Node
 *
 * @example
 * ```ts
 * import { runtime } from "@netmap/core";
 * console.log(runtime().name); // bun or deno
 * ```
 */
export function runtime(): Runtime {
  return picked ??= firstRuntime([denoRuntime, bunRuntime]);
}
