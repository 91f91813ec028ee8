/**
 * The system calls that a kernel netmap is reached by. The real ones go to libc; a test may stand
 * in for the kernel at this seam.
 *
 * @module
 */

import { errnoFromOs, type ErrnoOs } from "../errno.ts";
import { constants } from "../sys/constants.ts";
import { closeFd, cString, errno, libc, waitFd } from "../sys/system.ts";
import { mapMemory, type Mapping } from "../sys/mapping.ts";
import { O_CLOEXEC, O_RDWR } from "../sys/linux.ts";
import { PollSet } from "../sys/poll_set.ts";

/** What a kernel answers to. Calls return a negative errno (Linux's numbers) when they fail. */
export interface KernelCalls {
  /** Whose ioctl numbers to use. */
  readonly os: ErrnoOs;
  /** open(2) of the device node, for reading and writing. */
  open(path: string): number;
  /** ioctl(2); `argument` is null for the ioctls that have none. */
  ioctl(fd: number, request: number, argument: Uint8Array | null): number;
  /** Maps the descriptor's region. @throws {NetmapError} what mmap(2) fails with */
  map(fd: number, bytes: number): Mapping;
  /** poll(2) on one descriptor. @returns the events that hold, 0 on timeout */
  poll(fd: number, events: number, timeoutMs: number): number;
  /** The same without blocking the isolate. */
  wait(fd: number, events: number, signal?: AbortSignal): Promise<number>;
  /** close(2). */
  close(fd: number): void;
}

/** The system's own calls. */
export function systemCalls(): KernelCalls {
  const { os } = constants();
  const set = new PollSet();
  const failed = (result: number): number => result >= 0 ? result : -errnoFromOs(errno(), os);
  return {
    os,
    open: (path) => failed(libc().open(cString(path), O_RDWR | O_CLOEXEC, 0)),
    ioctl: (fd, request, argument) => failed(libc().ioctl(fd, request, argument)),
    map: (fd, bytes) => mapMemory(fd, bytes),
    poll(fd, events, timeoutMs) {
      if (set.length === 0) set.add(fd, events);
      else set.set(0, fd, events);
      return set.wait(timeoutMs) === 0 ? 0 : set.revents(0);
    },
    wait: waitFd,
    close: closeFd,
  };
}
