/**
 * The calls into libc as data: one table, from which `bun.ts` and `deno.ts` make their own forms.
 *
 * A row says what a call takes and gives back, in six types that both runtimes know:
 *
 * | type    | C                       | here                                                 |
 * |---------|-------------------------|------------------------------------------------------|
 * | `i32`   | `int`, also `ssize_t`   | number                                               |
 * | `u32`   | `unsigned`, sizes       | number                                               |
 * | `i64`   | `long`, `off_t`         | number                                               |
 * | `usize` | addresses, long lengths | number                                               |
 * | `buf`   | a pointer               | a typed array (its first byte), or null for NULL     |
 * | `void`  | nothing                 | undefined                                            |
 *
 * Two choices are measured, not obvious. `size_t` of calls on the data path is `u32`, because each
 * 64-bit argument costs 30 ns in Deno (V8's fast calls take them as BigInt only). Likewise `ssize_t`
 * results are `i32`, because Deno makes a BigInt of each 64-bit result: nobody asks for 2 GiB at once.
 *
 * Rows that share a C function and differ in their arguments name it with `symbol`. Rows with
 * `on: "linux"` do not exist elsewhere and say so when they are called there.
 *
 * @module
 */

/** Types of arguments and results; see the table at the top of the file. */
export type FfiType = "i32" | "u32" | "i64" | "usize" | "buf" | "void";

/** Types of the arguments of a function that C calls. */
export type CallbackType = Extract<FfiType, "i32" | "u32" | "usize">;

/** One foreign function. */
export interface FfiRow {
  /** Types of the arguments, in order. */
  readonly args: readonly FfiType[];
  /** Type of the result. */
  readonly result: FfiType;
  /** The C function, where it is not the row's own name. */
  readonly symbol?: string;
  /** The system that has it, where not all have. */
  readonly on?: string;
}

/** A library's functions by name. */
export type FfiTable = Readonly<Record<string, FfiRow>>;

/** What a `buf` argument accepts: the call gets the address of its first byte. */
export type Buf =
  | Uint8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | null;

/** Arguments of a row as TypeScript sees them. */
export type FfiValues<A extends readonly FfiType[]> = {
  [I in keyof A]: A[I] extends "buf" ? Buf : number;
};

/** A table's functions as they are called. */
export type Ffi<T extends FfiTable> = {
  readonly [K in keyof T]: (
    ...args: FfiValues<T[K]["args"]>
  ) => T[K]["result"] extends "void" ? void : number;
};

/** The libc that the project uses: every foreign function there is, see `sys/libc.ts`. */
export const LIBC = {
  // Descriptors
  open: { args: ["buf", "i32", "u32"], result: "i32" }, // path, flags, mode
  close: { args: ["i32"], result: "i32" }, // fd
  read: { args: ["i32", "buf", "u32"], result: "i32" }, // fd, buf, count
  write: { args: ["i32", "buf", "u32"], result: "i32" }, // fd, buf, count
  ioctl: { args: ["i32", "u32", "buf"], result: "i32" }, // fd, request, argp
  ioctlWord: { args: ["i32", "u32", "usize"], result: "i32", symbol: "ioctl" }, // fd, request, arg
  fcntl: { args: ["i32", "i32", "i32"], result: "i32" }, // fd, cmd, arg
  dup: { args: ["i32"], result: "i32" }, // fd
  pipe2: { args: ["buf", "i32"], result: "i32" }, // int fds[2], flags
  ftruncate: { args: ["i32", "i64"], result: "i32" }, // fd, length
  lseek: { args: ["i32", "i64", "i32"], result: "i64" }, // fd, offset, whence
  statx: { args: ["i32", "buf", "i32", "u32", "buf"], result: "i32", on: "linux" }, // dirfd, path, flags, mask, out
  fstatfs: { args: ["i32", "buf"], result: "i32", on: "linux" }, // fd, out
  memfd_create: { args: ["buf", "u32"], result: "i32", on: "linux" }, // name, flags
  eventfd: { args: ["u32", "i32"], result: "i32", on: "linux" }, // initval, flags
  mount: { args: ["buf", "buf", "buf", "u32", "buf"], result: "i32", on: "linux" }, // source, target, type, flags, data
  umount2: { args: ["buf", "i32"], result: "i32", on: "linux" }, // target, flags
  timerfd_create: { args: ["i32", "i32"], result: "i32", on: "linux" }, // clockid, flags
  timerfd_settime: { args: ["i32", "i32", "buf", "buf"], result: "i32", on: "linux" }, // fd, flags, new, old

  // Memory
  mmap: { args: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "i64" }, // addr, length, prot, flags, fd, offset
  munmap: { args: ["usize", "usize"], result: "i32" }, // addr, length
  madvise: { args: ["usize", "usize", "i32"], result: "i32" }, // addr, length, advice
  memmove: { args: ["usize", "usize", "usize"], result: "void" }, // dest, src, n
  memcpy: { args: ["usize", "usize", "usize"], result: "void" }, // dest, src, n
  strlen: { args: ["usize"], result: "i32" }, // s
  memcpyBuf: { args: ["buf", "buf", "u32"], result: "void", symbol: "memcpy" }, // dest, src, n

  // Waiting
  poll: { args: ["buf", "u32", "i32"], result: "i32" }, // fds, nfds, timeout in ms
  ppoll: { args: ["buf", "u32", "buf", "buf"], result: "i32" }, // fds, nfds, timeout, sigmask
  epoll_create1: { args: ["i32"], result: "i32", on: "linux" }, // flags
  epoll_ctl: { args: ["i32", "i32", "i32", "buf"], result: "i32", on: "linux" }, // epfd, op, fd, event
  epoll_wait: { args: ["i32", "buf", "i32", "i32"], result: "i32", on: "linux" }, // epfd, events, maxevents, timeout in ms

  // Sockets
  socket: { args: ["i32", "i32", "i32"], result: "i32" }, // domain, type, protocol
  socketpair: { args: ["i32", "i32", "i32", "buf"], result: "i32" }, // domain, type, protocol, int sv[2]
  bind: { args: ["i32", "buf", "u32"], result: "i32" }, // fd, addr, addrlen
  connect: { args: ["i32", "buf", "u32"], result: "i32" }, // fd, addr, addrlen
  listen: { args: ["i32", "i32"], result: "i32" }, // fd, backlog
  accept4: { args: ["i32", "buf", "buf", "i32"], result: "i32" }, // fd, addr, addrlen, flags
  shutdown: { args: ["i32", "i32"], result: "i32" }, // fd, how
  sendto: { args: ["i32", "buf", "u32", "i32", "buf", "u32"], result: "i32" }, // fd, buf, len, flags, addr, addrlen
  sendtoAt: { args: ["i32", "usize", "u32", "i32", "buf", "u32"], result: "i32", symbol: "sendto" }, // fd, address, len, flags, addr, addrlen
  recvfrom: { args: ["i32", "buf", "u32", "i32", "buf", "buf"], result: "i32" }, // fd, buf, len, flags, addr, addrlen
  recvfromAt: {
    args: ["i32", "usize", "u32", "i32", "buf", "buf"],
    result: "i32",
    symbol: "recvfrom",
  }, // fd, address, len, flags, addr, addrlen
  sendmsg: { args: ["i32", "buf", "i32"], result: "i32" }, // fd, msg, flags
  recvmsg: { args: ["i32", "buf", "i32"], result: "i32" }, // fd, msg, flags
  sendmmsg: { args: ["i32", "buf", "u32", "i32"], result: "i32" }, // fd, msgvec, vlen, flags
  recvmmsg: { args: ["i32", "buf", "u32", "i32", "buf"], result: "i32" }, // fd, msgvec, vlen, flags, timeout
  setsockopt: { args: ["i32", "i32", "i32", "buf", "u32"], result: "i32" }, // fd, level, name, value, len
  getsockopt: { args: ["i32", "i32", "i32", "buf", "buf"], result: "i32" }, // fd, level, name, value, len
  getsockname: { args: ["i32", "buf", "buf"], result: "i32" }, // fd, addr, addrlen
  if_nametoindex: { args: ["buf"], result: "u32" }, // ifname

  // Processes and threads
  getpid: { args: [], result: "i32" },
  sched_yield: { args: [], result: "i32" },
  geteuid: { args: [], result: "u32" },
  kill: { args: ["i32", "i32"], result: "i32" }, // pid, sig
  getrlimit: { args: ["i32", "buf"], result: "i32" }, // resource, rlim
  setrlimit: { args: ["i32", "buf"], result: "i32" }, // resource, rlim
  prlimit: { args: ["i32", "i32", "buf", "buf"], result: "i32", on: "linux" }, // pid, resource, new, old
  sched_setaffinity: { args: ["i32", "u32", "buf"], result: "i32", on: "linux" }, // pid, cpusetsize, mask
  setns: { args: ["i32", "i32"], result: "i32", on: "linux" }, // fd, nstype
  process_vm_readv: {
    args: ["i32", "buf", "u32", "buf", "u32", "u32"],
    result: "i32",
    on: "linux",
  }, // pid, local_iov, liovcnt, remote_iov, riovcnt, flags
  process_vm_writev: {
    args: ["i32", "buf", "u32", "buf", "u32", "u32"],
    result: "i32",
    on: "linux",
  }, // pid, local_iov, liovcnt, remote_iov, riovcnt, flags

  // System calls that libc has no function for; the first argument is a SYS_ number of `sys/linux.ts`
  syscall0: { args: ["i32"], result: "i32", symbol: "syscall", on: "linux" }, // number
  syscall1: { args: ["i32", "i32"], result: "i32", symbol: "syscall", on: "linux" }, // number, int
  syscall2: { args: ["i32", "i32", "i32"], result: "i32", symbol: "syscall", on: "linux" }, // number, int, int
  syscall3: { args: ["i32", "i32", "i32", "i32"], result: "i32", symbol: "syscall", on: "linux" }, // number, int, int, int
  /** `bpf(2)`, `io_uring_register`-like: number, command, structure, size. */
  syscallBuf: {
    args: ["i32", "i32", "buf", "u32"],
    result: "i32",
    symbol: "syscall",
    on: "linux",
  },
  /** `io_uring_setup`, `getrandom`-like: number, entries, structure. */
  syscallIntBuf: { args: ["i32", "u32", "buf"], result: "i32", symbol: "syscall", on: "linux" },
  /** `futex(2)`: number, word, op, val, timeout, second word, val3. */
  futex: {
    args: ["i32", "buf", "i32", "u32", "buf", "buf", "u32"],
    result: "i32",
    symbol: "syscall",
    on: "linux",
  },
  /** `futex(2)` on an address: number, address, op, val, timeout, second word, val3. */
  futexAt: {
    args: ["i32", "usize", "i32", "u32", "buf", "buf", "u32"],
    result: "i32",
    symbol: "syscall",
    on: "linux",
  },
  /** Whatever else: number and six words. */
  syscall6: {
    args: ["i64", "usize", "usize", "usize", "usize", "usize", "usize"],
    result: "i64",
    symbol: "syscall",
    on: "linux",
  },

  // Where errno is; the name differs by system
  errnoLocation: { args: [], result: "i64", symbol: "errno location" },
} as const;

/** libc, callable. */
export type Libc = Ffi<typeof LIBC>;
