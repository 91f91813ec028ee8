/**
 * Deno's refusals, as sentences.
 *
 * @module
 */

import { EPERM } from "../errno.ts";
import { NetmapError } from "../errors.ts";

/**
 * The error for a library that Deno may not open.
 *
 * @param error what opening it threw
 * @param path the library
 * @returns null when it was something else that failed
 */
export function deniedError(error: unknown, path: string): NetmapError | null {
  const name = error instanceof Error ? error.name : "";
  if (name !== "NotCapable" && name !== "PermissionDenied") return null;
  return new NetmapError(
    EPERM,
    `Cannot open '${path}' as Deno runs without the right to call libraries: start it with '--allow-ffi'`,
    { cause: error },
  );
}
