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
/** Open for reading. */
export const O_RDONLY = 0x0;
/** Open for writing. */
export const O_WRONLY = 0x1;
/** Open for both. */
export const O_RDWR = 0x2;
/** Make the file if there is none. */
export const O_CREAT = 0x40;
/** With O_CREAT: fail if there is one. */
export const O_EXCL = 0x80;
/** Empty the file. */
export const O_TRUNC = 0x200;
/** EAGAIN in place of blocking. */
export const O_NONBLOCK = 0x800;
/** Closed in programs that this one starts. */
export const O_CLOEXEC = 0x80000;
/** fcntl: read the O_ flags. */
export const F_GETFL = 3;
/** fcntl: set the O_ flags that can change. */
export const F_SETFL = 4;
/** fcntl: set FD_CLOEXEC. */
export const F_SETFD = 2;
/** fcntl: read FD_CLOEXEC. */
export const F_GETFD = 1;
/** fcntl: a second descriptor, FD_CLOEXEC set. */
export const F_DUPFD_CLOEXEC = 1030;
/** Closed in programs that this one starts. */
export const FD_CLOEXEC = 1;
/** fcntl: forbid something of a memfd for good. */
export const F_ADD_SEALS = 1033;
/** fcntl: read what is forbidden. */
export const F_GET_SEALS = 1034;
/** Forbids to make a memfd shorter. */
export const F_SEAL_SHRINK = 0x2;
/** statx: the descriptor itself is meant. */
export const AT_EMPTY_PATH = 0x1000;
/** statx: the kind of file is wanted. */
export const STATX_TYPE = 0x1;
/** statx: the inode is wanted. */
export const STATX_INO = 0x100;
/** statx: the size is wanted. */
export const STATX_SIZE = 0x200;
/** statfs: files of huge pages. */
export const HUGETLBFS_MAGIC = 0x958458f6;

// sys/mman.h
/** Pages that nobody may touch. */
export const PROT_NONE = 0x0;
/** Pages that can be read. */
export const PROT_READ = 0x1;
/** Pages that can be written. */
export const PROT_WRITE = 0x2;
/** Stores reach the file and all who map it. */
export const MAP_SHARED = 0x01;
/** Stores stay in this mapping. */
export const MAP_PRIVATE = 0x02;
/** At this address, in place of what is there. */
export const MAP_FIXED = 0x10;
/** Zeros in place of a file. */
export const MAP_ANONYMOUS = 0x20;
/** Promise no memory for it. */
export const MAP_NORESERVE = 0x4000;
/** Touch all pages now. */
export const MAP_POPULATE = 0x8000;
/** memfd: closed in programs that this one starts. */
export const MFD_CLOEXEC = 0x1;
/** memfd: F_ADD_SEALS is allowed. */
export const MFD_ALLOW_SEALING = 0x2;
/** Drop the pages; a shared mapping finds the file again. */
export const MADV_DONTNEED = 4;
/** Punch a hole into the file. */
export const MADV_REMOVE = 9;

// sys/eventfd.h, sys/epoll.h, poll.h, sys/timerfd.h
/** eventfd: closed in programs that this one starts. */
export const EFD_CLOEXEC = 0x80000;
/** eventfd: EAGAIN in place of blocking. */
export const EFD_NONBLOCK = 0x800;
/** eventfd: a read takes 1 and not all. */
export const EFD_SEMAPHORE = 0x1;
/** epoll: closed in programs that this one starts. */
export const EPOLL_CLOEXEC = 0x80000;
/** epoll_ctl: watch one more. */
export const EPOLL_CTL_ADD = 1;
/** epoll_ctl: watch it no longer. */
export const EPOLL_CTL_DEL = 2;
/** epoll_ctl: watch it for something else. */
export const EPOLL_CTL_MOD = 3;
/** Report once, then only after EPOLL_CTL_MOD. */
export const EPOLLONESHOT = 0x40000000;
/** Something exceptional, such as a change of state. */
export const POLLPRI = 0x2;
/** The other end hung up. */
export const POLLHUP = 0x10;
/** The descriptor is not open. */
export const POLLNVAL = 0x20;
/** The other end writes no more. */
export const POLLRDHUP = 0x2000;
/** The clock that only goes forward. */
export const CLOCK_MONOTONIC = 1;
/** timerfd: closed in programs that this one starts. */
export const TFD_CLOEXEC = 0x80000;
/** timerfd: EAGAIN in place of blocking. */
export const TFD_NONBLOCK = 0x800;

// linux/futex.h
/** futex: sleep while the word has the value. */
export const FUTEX_WAIT = 0;
/** futex: wake up to so many. */
export const FUTEX_WAKE = 1;
/** futex: only this process uses the word. */
export const FUTEX_PRIVATE_FLAG = 128;

// sys/resource.h
/** Limit of open descriptors. */
export const RLIMIT_NOFILE = 7;
/** Limit of locked bytes. */
export const RLIMIT_MEMLOCK = 8;

/** System call numbers, where libc has no function (or not every libc). */
export interface SyscallNumbers {
  /** gettid(2). */
  readonly SYS_gettid: number;
  /** tgkill(2). */
  readonly SYS_tgkill: number;
  /** futex(2). */
  readonly SYS_futex: number;
  /** bpf(2). */
  readonly SYS_bpf: number;
  /** pidfd_open(2). */
  readonly SYS_pidfd_open: number;
  /** pidfd_getfd(2). */
  readonly SYS_pidfd_getfd: number;
  /** io_uring_setup(2). */
  readonly SYS_io_uring_setup: number;
  /** io_uring_enter(2). */
  readonly SYS_io_uring_enter: number;
  /** io_uring_register(2). */
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
