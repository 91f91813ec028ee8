/**
 * The error numbers that netmap, sockets and memory mappings answer with.
 *
 * The exported constants are Linux's numbers, and every `NetmapError` carries those, whatever the
 * system: code that compares `error.errno === EOPNOTSUPP` means the same everywhere. Systems whose
 * own numbers differ are translated where the call is made, with {@linkcode errnoFromOs}.
 *
 * @module
 */

/** Operation not permitted: a capability or root is missing. */
export const EPERM = 1;
/** No such file, port name or switch. */
export const ENOENT = 2;
/** No such process. */
export const ESRCH = 3;
/** Interrupted by a signal before anything was done. */
export const EINTR = 4;
/** Input/output error. */
export const EIO = 5;
/** No such device or port; also: the descriptor has no port yet. */
export const ENXIO = 6;
/** Argument list too long. */
export const E2BIG = 7;
/** Bad file descriptor, or one that was closed. */
export const EBADF = 9;
/** Try again: nothing can be done without blocking. */
export const EAGAIN = 11;
/** The same number as {@linkcode EAGAIN}. */
export const EWOULDBLOCK = 11;
/** Out of memory, or a netmap pool is used up. */
export const ENOMEM = 12;
/** Permission denied. */
export const EACCES = 13;
/** A pointer leads outside what is mapped. */
export const EFAULT = 14;
/** Held by someone else. */
export const EBUSY = 16;
/** Exists already. */
export const EEXIST = 17;
/** No such device. */
export const ENODEV = 19;
/** Not a directory. */
export const ENOTDIR = 20;
/** Is a directory. */
export const EISDIR = 21;
/** Invalid argument. */
export const EINVAL = 22;
/** The system's table of open files is full. */
export const ENFILE = 23;
/** The process has too many open files. */
export const EMFILE = 24;
/** The descriptor does not know this ioctl. */
export const ENOTTY = 25;
/** File too large. */
export const EFBIG = 27;
/** No space left. */
export const ENOSPC = 28;
/** Seek on something that has no position. */
export const ESPIPE = 29;
/** Read-only file system. */
export const EROFS = 30;
/** The other end is closed. */
export const EPIPE = 32;
/** Argument out of a function's domain. */
export const EDOM = 33;
/** Result too large. */
export const ERANGE = 34;
/** A lock would never be granted. */
export const EDEADLK = 35;
/** Name too long. */
export const ENAMETOOLONG = 36;
/** The system does not have this call. */
export const ENOSYS = 38;
/** Directory not empty. */
export const ENOTEMPTY = 39;
/** Too many symbolic links. */
export const ELOOP = 40;
/** Protocol error. */
export const EPROTO = 71;
/** Value too large for its type. */
export const EOVERFLOW = 75;
/** Not a socket. */
export const ENOTSOCK = 88;
/** A destination address is required. */
export const EDESTADDRREQ = 89;
/** Message or request too long. */
export const EMSGSIZE = 90;
/** Unknown socket option. */
export const ENOPROTOOPT = 92;
/** Protocol not supported. */
export const EPROTONOSUPPORT = 93;
/** Operation not supported by this port, device or build. */
export const EOPNOTSUPP = 95;
/** The same number as {@linkcode EOPNOTSUPP}. */
export const ENOTSUP = 95;
/** Address family not supported. */
export const EAFNOSUPPORT = 97;
/** Address in use. */
export const EADDRINUSE = 98;
/** Address not available. */
export const EADDRNOTAVAIL = 99;
/** The interface is down. */
export const ENETDOWN = 100;
/** Network unreachable. */
export const ENETUNREACH = 101;
/** Connection aborted. */
export const ECONNABORTED = 103;
/** Connection reset by the peer. */
export const ECONNRESET = 104;
/** No buffer space. */
export const ENOBUFS = 105;
/** Connected already. */
export const EISCONN = 106;
/** Not connected. */
export const ENOTCONN = 107;
/** Timed out. */
export const ETIMEDOUT = 110;
/** Nobody listens there. */
export const ECONNREFUSED = 111;
/** Host unreachable. */
export const EHOSTUNREACH = 113;
/** Already in progress. */
export const EALREADY = 114;
/** Now in progress. */
export const EINPROGRESS = 115;
/** Canceled. */
export const ECANCELED = 125;
/** The owner of a lock died. */
export const EOWNERDEAD = 130;

/** Systems whose error numbers are known here. */
export type ErrnoOs = "linux" | "freebsd";

/** Name to Linux's number; the canonical name stands first where two share a number. */
const LINUX: Readonly<Record<string, number>> = {
  EPERM,
  ENOENT,
  ESRCH,
  EINTR,
  EIO,
  ENXIO,
  E2BIG,
  EBADF,
  EAGAIN,
  ENOMEM,
  EACCES,
  EFAULT,
  EBUSY,
  EEXIST,
  ENODEV,
  ENOTDIR,
  EISDIR,
  EINVAL,
  ENFILE,
  EMFILE,
  ENOTTY,
  EFBIG,
  ENOSPC,
  ESPIPE,
  EROFS,
  EPIPE,
  EDOM,
  ERANGE,
  EDEADLK,
  ENAMETOOLONG,
  ENOSYS,
  ENOTEMPTY,
  ELOOP,
  EPROTO,
  EOVERFLOW,
  ENOTSOCK,
  EDESTADDRREQ,
  EMSGSIZE,
  ENOPROTOOPT,
  EPROTONOSUPPORT,
  EOPNOTSUPP,
  EAFNOSUPPORT,
  EADDRINUSE,
  EADDRNOTAVAIL,
  ENETDOWN,
  ENETUNREACH,
  ECONNABORTED,
  ECONNRESET,
  ENOBUFS,
  EISCONN,
  ENOTCONN,
  ETIMEDOUT,
  ECONNREFUSED,
  EHOSTUNREACH,
  EALREADY,
  EINPROGRESS,
  ECANCELED,
  EOWNERDEAD,
};

/** Only what differs from Linux; FreeBSD's sys/errno.h. */
const FREEBSD: Readonly<Record<string, number>> = {
  ...LINUX,
  EAGAIN: 35,
  EDEADLK: 11,
  ENAMETOOLONG: 63,
  ENOSYS: 78,
  ENOTEMPTY: 66,
  ELOOP: 62,
  EPROTO: 92,
  EOVERFLOW: 84,
  ENOTSOCK: 38,
  EDESTADDRREQ: 39,
  EMSGSIZE: 40,
  ENOPROTOOPT: 42,
  EPROTONOSUPPORT: 43,
  EOPNOTSUPP: 45,
  EAFNOSUPPORT: 47,
  EADDRINUSE: 48,
  EADDRNOTAVAIL: 49,
  ENETDOWN: 50,
  ENETUNREACH: 51,
  ECONNABORTED: 53,
  ECONNRESET: 54,
  ENOBUFS: 55,
  EISCONN: 56,
  ENOTCONN: 57,
  ETIMEDOUT: 60,
  ECONNREFUSED: 61,
  EHOSTUNREACH: 65,
  EALREADY: 37,
  EINPROGRESS: 36,
  ECANCELED: 85,
  EOWNERDEAD: 96,
};

function namesOf(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, errno]) => [errno, name]));
}

const TABLES: Readonly<Record<ErrnoOs, Readonly<Record<string, number>>>> = {
  linux: LINUX,
  freebsd: FREEBSD,
};
const NAMES: Readonly<Record<ErrnoOs, ReadonlyMap<number, string>>> = {
  linux: namesOf(LINUX),
  freebsd: namesOf(FREEBSD),
};

/**
 * The name of an error number.
 *
 * @param errno the number; its sign does not matter, as kernels return it negated
 * @param os whose numbering it is
 * @returns `"EBUSY"`, or `"E999"` for a number that has no name here
 *
 * @example
 * ```ts
 * import { errnoName } from "@netmap/core";
 * console.log(errnoName(16)); // EBUSY
 * ```
 */
export function errnoName(errno: number, os: ErrnoOs = "linux"): string {
  const number = Math.abs(errno);
  return NAMES[os].get(number) ?? `E${number}`;
}

/**
 * The number that a system gives to a name.
 *
 * @param name `"EBUSY"`
 * @param os whose numbering is wanted
 * @returns the number, or undefined for an unknown name
 *
 * @example
 * ```ts
 * import { errnoNumber } from "@netmap/core";
 * console.log(errnoNumber("EAGAIN", "freebsd")); // 35
 * ```
 */
export function errnoNumber(name: string, os: ErrnoOs = "linux"): number | undefined {
  return Object.hasOwn(TABLES[os], name) ? TABLES[os][name] : undefined;
}

/**
 * Translates a system's own error number to the constants of this file.
 *
 * @param errno what the system call left, in the numbering of `os`
 * @param os the system that was called
 * @returns the number as the constants here have it; unknown ones as they came
 *
 * @example
 * ```ts
 * import { EOPNOTSUPP, errnoFromOs } from "@netmap/core";
 * console.log(errnoFromOs(45, "freebsd") === EOPNOTSUPP); // true
 * ```
 */
export function errnoFromOs(errno: number, os: ErrnoOs): number {
  const name = NAMES[os].get(errno);
  return name === undefined ? errno : LINUX[name];
}
