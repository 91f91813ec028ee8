/**
 * What differs between systems: numbers and names. One file a system implements this; the rest of
 * `sys/` reads it through {@linkcode constants}.
 *
 * @module
 */

import { ENOSYS, type ErrnoOs } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import type { EpollLayout } from "../runtime/runtime.ts";
import { runtime } from "../runtime/pick.ts";
import { linuxConstants } from "./linux.ts";

/** A system's numbers, under the names of its C headers. */
export interface SystemConstants {
  /** Whose errno numbers calls leave. */
  readonly os: ErrnoOs;
  /** Where libc may be, the first that opens is taken. */
  readonly libraries: readonly string[];
  /** The function that gives errno's address. */
  readonly errnoSymbol: string;
  /** Shape of `struct epoll_event`. */
  readonly epoll: EpollLayout;
  /** Pages that can be read. */
  readonly PROT_READ: number;
  /** Pages that can be written. */
  readonly PROT_WRITE: number;
  /** Stores reach the file and all who map it. */
  readonly MAP_SHARED: number;
  /** Stores stay in this mapping. */
  readonly MAP_PRIVATE: number;
  /** At this address, in place of what is there. */
  readonly MAP_FIXED: number;
  /** Zeros in place of a file. */
  readonly MAP_ANONYMOUS: number;
  /** Promise no memory for it. */
  readonly MAP_NORESERVE: number;
  /** Touch all pages now. */
  readonly MAP_POPULATE: number;
  /** Number of gettid(2). */
  readonly SYS_gettid: number;
  /** Number of tgkill(2). */
  readonly SYS_tgkill: number;
}

let chosen: SystemConstants | undefined;

/**
 * The constants of the system that this program runs on.
 *
 * @returns its numbers and names
 * @throws {NetmapError} ENOSYS on a system that has no file here yet
 */
export function constants(): SystemConstants {
  if (chosen !== undefined) return chosen;
  const { os, arch } = runtime();
  if (os === "linux" && (arch === "x64" || arch === "arm64")) {
    chosen = linuxConstants(arch);
    return chosen;
  }
  throw new NetmapError(
    ENOSYS,
    `Cannot use '${os}' on '${arch}' as only Linux on x64 and arm64 is described so far: ` +
      `add a file beside 'sys/linux.ts' and name it in 'sys/constants.ts'`,
  );
}
