/**
 * Finding and opening the C library.
 *
 * @module
 */

import { ENOENT, ENOSYS } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { deniedError } from "../sys/denied.ts";
import { LIBNETMAP, LIBNETMAP_OFFSET, type LibnetmapCalls } from "./symbols.ts";

/** Names under which it may be installed: FreeBSD's has a number, Linux builds have what they like. */
export const LIBNETMAP_NAMES: readonly string[] = ["libnetmap.so", "libnetmap.so.0"];

/** The library, opened. */
export interface OpenedLibrary {
  /** What dlopen took. */
  readonly path: string;
  /** Its functions. */
  readonly calls: LibnetmapCalls;
}

/**
 * Opens the library.
 *
 * @param path where it is; one of {@linkcode LIBNETMAP_NAMES} when left out
 * @throws {NetmapError} ENOENT when there is none, ENOSYS when it lacks functions, EPERM in Deno
 *   without `--allow-ffi`; each says how to go on without it
 */
export function openLibrary(path?: string): OpenedLibrary {
  const paths = path === undefined ? LIBNETMAP_NAMES : [path];
  let cause: unknown;
  for (const one of paths) {
    try {
      const calls = { ...runtime().open(one, LIBNETMAP), ...openLater(one) };
      return { path: one, calls };
    } catch (error) {
      const denied = deniedError(error, one);
      if (denied) throw denied;
      cause ??= error;
    }
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isThere = /symbol/i.test(reason) && !/no such file/i.test(reason);
  throw new NetmapError(
    isThere ? ENOSYS : ENOENT,
    `Cannot open libnetmap as none of ${paths.map((one) => `'${one}'`).join(", ")} can be used ` +
      `(${reason}): build it as a shared library and give its 'path', or use openPort() of ` +
      "'@netmap/core', which opens the same ports and needs no C library",
    { cause },
  );
}

/** Functions that an old library may lack. */
function openLater(path: string): Partial<LibnetmapCalls> {
  try {
    return runtime().open(path, LIBNETMAP_OFFSET);
  } catch {
    return {};
  }
}
