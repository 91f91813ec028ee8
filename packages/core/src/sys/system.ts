/**
 * What the rest of the project asks of the system: descriptors to share memory and to wake each
 * other, and who is alive.
 *
 * @module
 */

import { EAGAIN, EINTR, EPERM } from "../errno.ts";
import { constants } from "./constants.ts";
import { check, errno, failure, libc } from "./libc.ts";
import {
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  F_ADD_SEALS,
  F_DUPFD_CLOEXEC,
  F_SEAL_SHRINK,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
} from "./linux.ts";
import { rejectWaits } from "./wait.ts";

export { check, errno, failure, libc, retry } from "./libc.ts";
export { PollSet } from "./poll_set.ts";
export { waitFd } from "./wait.ts";

/**
 * A string as C takes it.
 *
 * @param text without a NUL in it
 * @returns its UTF-8 bytes and a NUL
 */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(text + "\0");
}

/**
 * Memory without a file name, to be mapped here and by whoever is given the descriptor. It is
 * sparse: pages cost something once they are touched. It can grow but not shrink, so that no peer
 * can pull pages from under a mapping.
 *
 * @param name shown in /proc/PID/maps, up to 249 bytes
 * @param bytes its size
 * @returns the descriptor
 * @throws {NetmapError} EINVAL for a name too long, ENOMEM, EMFILE
 *
 * @example
 * ```ts
 * import { closeFd, createMemfd, mapMemory } from "@netmap/core";
 * const fd = createMemfd("example", 4096);
 * using memory = mapMemory(fd, 4096);
 * closeFd(fd); // the mapping stays
 * memory.u8[0] = 1;
 * ```
 */
export function createMemfd(name: string, bytes: number): number {
  const { memfd_create, ftruncate, fcntl, close } = libc();
  const fd = check(
    memfd_create(cString(name), MFD_CLOEXEC | MFD_ALLOW_SEALING),
    `make memory named '${name}'`,
  );
  if (ftruncate(fd, bytes) === -1 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) === -1) {
    const number = errno();
    close(fd);
    throw failure(number, `give memory '${name}' a size of ${bytes} bytes`);
  }
  return fd;
}

/**
 * A counter to wake others with: readable as long as it was signalled and not drained.
 *
 * @returns its descriptor, non-blocking and closed on exec
 * @throws {NetmapError} EMFILE
 */
export function createEventfd(): number {
  return check(libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "make an eventfd");
}

const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);
if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) ONE.reverse();
const COUNT = new Uint8Array(8);

/**
 * Makes an eventfd readable. Harmless when it is already.
 *
 * @param fd from {@linkcode createEventfd}
 * @throws {NetmapError} EBADF
 */
export function signalEventfd(fd: number): void {
  while (libc().write(fd, ONE, 8) === -1) {
    const number = errno();
    // EAGAIN: the counter is full, so it is readable.
    if (number === EAGAIN) return;
    if (number !== EINTR) throw failure(number, `signal eventfd '${fd}'`);
  }
}

/**
 * Makes an eventfd unreadable until the next signal. Harmless when it is already.
 *
 * @param fd from {@linkcode createEventfd}
 * @throws {NetmapError} EBADF
 */
export function drainEventfd(fd: number): void {
  while (libc().read(fd, COUNT, 8) === -1) {
    const number = errno();
    if (number === EAGAIN) return;
    if (number !== EINTR) throw failure(number, `drain eventfd '${fd}'`);
  }
}

/**
 * Closes a descriptor; whoever waits for it in this isolate is told. Closing what is not open is
 * an error, because the number may be someone else's by now.
 *
 * @param fd the descriptor
 * @throws {NetmapError} EBADF
 */
export function closeFd(fd: number): void {
  rejectWaits(fd);
  // Linux frees the number also when close is interrupted: never a second try.
  if (libc().close(fd) === -1 && errno() !== EINTR) {
    throw failure(errno(), `close descriptor '${fd}'`);
  }
}

/**
 * A second descriptor of the same file.
 *
 * @param fd the first one
 * @returns another number, closed on exec; both are to be closed
 * @throws {NetmapError} EBADF, EMFILE
 */
export function dupFd(fd: number): number {
  return check(libc().fcntl(fd, F_DUPFD_CLOEXEC, 0), `duplicate descriptor '${fd}'`);
}

/**
 * This process.
 *
 * @returns its id
 */
export function pid(): number {
  return libc().getpid();
}

let tid = 0;

/**
 * The thread that this isolate runs on.
 *
 * @returns the system's id of it, which is never 0
 */
export function threadId(): number {
  if (tid === 0) tid = libc().syscall0(constants().SYS_gettid);
  return tid;
}

/**
 * Whether a thread still runs, for locks whose owner may have died.
 *
 * @param pid its process
 * @param tid its id
 * @returns false once it ended
 */
export function threadAlive(pid: number, tid: number): boolean {
  if (libc().syscall3(constants().SYS_tgkill, pid, tid, 0) === 0) return true;
  // Someone else's thread may not be signalled, but it is there.
  return errno() === EPERM;
}

/**
 * Whether this process is root's.
 *
 * @returns true for effective user 0
 */
export function isRoot(): boolean {
  return libc().geteuid() === 0;
}
