/**
 * Linux: the constants of its headers, and which of them differ by machine.
 *
 * Numbers are those of `asm-generic`, which x86-64 and arm64 share, except system call numbers and
 * the packing of `struct epoll_event`.
 *
 * @module
 */

import type { SystemConstants } from "./constants.ts";

// fcntl.h
export const O_RDONLY = 0x0;
export const O_WRONLY = 0x1;
export const O_RDWR = 0x2;
export const O_CREAT = 0x40;
export const O_EXCL = 0x80;
export const O_TRUNC = 0x200;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const F_SETFD = 2;
export const F_GETFD = 1;
export const FD_CLOEXEC = 1;
export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;
export const F_SEAL_SHRINK = 0x2;
export const AT_EMPTY_PATH = 0x1000;
export const STATX_TYPE = 0x1;
export const STATX_SIZE = 0x200;

// sys/mman.h
export const PROT_NONE = 0x0;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MFD_CLOEXEC = 0x1;
export const MFD_ALLOW_SEALING = 0x2;
export const MADV_DONTNEED = 4;
export const MADV_REMOVE = 9;

// sys/eventfd.h, sys/epoll.h, poll.h, sys/timerfd.h
export const EFD_CLOEXEC = 0x80000;
export const EFD_NONBLOCK = 0x800;
export const EFD_SEMAPHORE = 0x1;
export const EPOLL_CLOEXEC = 0x80000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLONESHOT = 0x40000000;
export const POLLPRI = 0x2;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;
export const POLLRDHUP = 0x2000;
export const CLOCK_MONOTONIC = 1;
export const TFD_CLOEXEC = 0x80000;
export const TFD_NONBLOCK = 0x800;

// linux/futex.h
export const FUTEX_WAIT = 0;
export const FUTEX_WAKE = 1;
export const FUTEX_PRIVATE_FLAG = 128;

// sys/resource.h
export const RLIMIT_NOFILE = 7;
export const RLIMIT_MEMLOCK = 8;

/** System call numbers, where libc has no function (or not every libc). */
export interface SyscallNumbers {
  readonly SYS_gettid: number;
  readonly SYS_tgkill: number;
  readonly SYS_futex: number;
  readonly SYS_bpf: number;
  readonly SYS_pidfd_open: number;
  readonly SYS_pidfd_getfd: number;
  readonly SYS_io_uring_setup: number;
  readonly SYS_io_uring_enter: number;
  readonly SYS_io_uring_register: number;
}

/** asm/unistd.h by machine. */
export const SYSCALLS: Readonly<Record<"x64" | "arm64", SyscallNumbers>> = {
  x64: {
    SYS_gettid: 186,
    SYS_tgkill: 234,
    SYS_futex: 202,
    SYS_bpf: 321,
    SYS_pidfd_open: 434,
    SYS_pidfd_getfd: 438,
    SYS_io_uring_setup: 425,
    SYS_io_uring_enter: 426,
    SYS_io_uring_register: 427,
  },
  arm64: {
    SYS_gettid: 178,
    SYS_tgkill: 131,
    SYS_futex: 98,
    SYS_bpf: 280,
    SYS_pidfd_open: 434,
    SYS_pidfd_getfd: 438,
    SYS_io_uring_setup: 425,
    SYS_io_uring_enter: 426,
    SYS_io_uring_register: 427,
  },
};

/**
 * Linux on one machine.
 *
 * @param arch `x64` or `arm64`
 * @returns its constants
 */
export function linuxConstants(arch: "x64" | "arm64"): SystemConstants & SyscallNumbers {
  return {
    os: "linux",
    // glibc, then musl
    libraries: [
      "libc.so.6",
      arch === "x64" ? "libc.musl-x86_64.so.1" : "libc.musl-aarch64.so.1",
    ],
    errnoSymbol: "__errno_location",
    // EPOLL_PACKED is x86-64's alone
    epoll: arch === "x64" ? { words: 3, dataWord: 1 } : { words: 4, dataWord: 2 },
    PROT_READ,
    PROT_WRITE,
    MAP_SHARED,
    MAP_PRIVATE,
    MAP_FIXED,
    MAP_ANONYMOUS,
    MAP_NORESERVE,
    MAP_POPULATE,
    ...SYSCALLS[arch],
  };
}
