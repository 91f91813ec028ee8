/**
 * What is behind an address of another process: the file that it mapped there, opened here as well.
 * So a program's own memory can be a port's (option EXTMEM), if it is shared memory of some file:
 * memfd, /dev/shm, MAP_SHARED | MAP_ANONYMOUS. Private memory (malloc, the stack) cannot be shared
 * after the fact.
 *
 * @module
 */

import { closeFd, cString, libc, O_CLOEXEC, O_RDWR, statFd } from "@netmap/core";
import type { UserMapping } from "@netmap/engine";
import { readFileSync } from "node:fs";

/** A line of `/proc/PID/maps`. */
export interface ProcessMapping {
  /** First address. */
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** `rw-s` and the like. */
  readonly flags: string;
  /** First byte of the file. */
  readonly offset: number;
}

/**
 * Reads one line of `/proc/PID/maps`.
 *
 * @returns null for a line that is none
 */
export function parseMapping(line: string): ProcessMapping | null {
  const found = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) /.exec(line);
  if (found === null) return null;
  const [start, end, offset] = [found[1], found[2], found[4]].map((hex) => parseInt(hex, 16));
  return { start, end, flags: found[3], offset };
}

/**
 * Finds what a process mapped, and opens it. The caller closes the descriptor.
 *
 * @param pid the process, or a thread of it
 * @param address first byte
 * @param bytes how many
 * @param taken files that are none of the process's own: the engine's
 * @returns null for memory that is not shared, not writable, not one mapping, or taken
 */
export function openCallerMapping(
  pid: number,
  address: number,
  bytes: number,
  taken: ReadonlySet<string>,
): UserMapping | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/maps`, "utf8");
  } catch {
    return null; // it ended
  }
  const mapping = text.split("\n").map(parseMapping).find((one) =>
    one !== null && address >= one.start && address + bytes <= one.end
  );
  if (!mapping || !/^rw.s$/.test(mapping.flags)) return null;
  const { start, end, offset } = mapping;
  const link = `/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`;
  const fd = libc().open(cString(link), O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return null;
  const { id, size } = statFd(fd);
  // What is past the file's end would kill who touches it: the daemon.
  if (taken.has(id) || offset + (address - start) + bytes > size) {
    closeFd(fd);
    return null;
  }
  return { address: start, fd, offset };
}
