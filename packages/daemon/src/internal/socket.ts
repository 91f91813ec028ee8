/**
 * Unix sockets that carry whole messages, and descriptors beside them (unix(7), SOCK_SEQPACKET).
 *
 * ```
 *   msghdr 56   name 8 | namelen 4 + 4 | iov 8 | iovlen 8 | control 8 | controllen 8 | flags 4 + 4
 *   cmsghdr     len 8 | level 4 | type 4 | descriptors 4 each, padded to 8
 * ```
 *
 * @module
 */

import {
  addressOf,
  check,
  closeFd,
  EAGAIN,
  EINVAL,
  errno,
  failure,
  libc,
  NetmapError,
  retry,
} from "@netmap/core";

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
/** Too many descriptors of this user are on their way (unix(7)). */
const ETOOMANYREFS = 109;
const SHUT_WR = 1;
const MSG_DONTWAIT = 0x40;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** Bytes of `sun_path`. */
const PATH_BYTES = 108;
const CMSG_HEADER = 16;
/** Descriptors in one message at most; the system's limit is 253. */
const MOST_FDS = 16;
/** Clients that may wait to be accepted. */
const BACKLOG = 128;

/** Longest message in bytes: below what a socket's buffer takes (net.core.wmem_default). */
export const MOST_BYTES: number = 128 * 1024;

/** Who is at the other end of a connection, as the kernel saw it. */
export interface Peer {
  /** Process. */
  readonly pid: number;
  /** User. */
  readonly uid: number;
  /** Group. */
  readonly gid: number;
}

/** A message that came. */
export interface Message {
  /** Its bytes, valid until the next one is received. */
  readonly bytes: Uint8Array;
  /** Descriptors that came with it, for the receiver to close. */
  readonly fds: number[];
}

const header = new Uint8Array(56);
const headerWords = new DataView(header.buffer);
const iovec = new DataView(new ArrayBuffer(16));
const control = new DataView(new ArrayBuffer(CMSG_HEADER + 4 * MOST_FDS));
const inbox = new Uint8Array(MOST_BYTES);

function point(bytes: Uint8Array, controlBytes: number): void {
  iovec.setBigUint64(0, BigInt(addressOf(bytes)), true);
  iovec.setBigUint64(8, BigInt(bytes.length), true);
  header.fill(0);
  headerWords.setBigUint64(16, BigInt(addressOf(iovec)), true);
  headerWords.setBigUint64(24, 1n, true);
  if (controlBytes === 0) return;
  headerWords.setBigUint64(32, BigInt(addressOf(control)), true);
  headerWords.setBigUint64(40, BigInt(controlBytes), true);
}

/**
 * Sends a message.
 *
 * @param fd the socket
 * @param bytes at least one, at most MOST_BYTES
 * @param fds descriptors that the receiver gets copies of
 * @param wait whether to block until there is room
 * @returns false when there is no room now
 * @throws {NetmapError} EPIPE or ECONNRESET when nobody is there any more, EINVAL for too much
 */
export function sendMessage(
  fd: number,
  bytes: Uint8Array,
  fds: readonly number[] = [],
  wait: boolean = false,
): boolean {
  if (bytes.length > MOST_BYTES || fds.length > MOST_FDS) {
    throw new NetmapError(
      EINVAL,
      `Cannot send ${bytes.length} bytes and ${fds.length} descriptors in a message: it takes ` +
        `${MOST_BYTES} and ${MOST_FDS}`,
    );
  }
  const controlBytes = fds.length === 0 ? 0 : CMSG_HEADER + 4 * fds.length;
  if (controlBytes > 0) {
    control.setBigUint64(0, BigInt(controlBytes), true);
    control.setInt32(8, SOL_SOCKET, true);
    control.setInt32(12, SCM_RIGHTS, true);
    fds.forEach((one, i) => control.setInt32(CMSG_HEADER + 4 * i, one, true));
  }
  const flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
  const sent = retry(() => {
    point(bytes, controlBytes);
    return libc().sendmsg(fd, header, flags);
  });
  if (sent >= 0) return true;
  if (errno() === EAGAIN || errno() === ETOOMANYREFS) return false;
  throw failure(errno(), "send a message to the other end of a unix socket");
}

/**
 * Receives a message.
 *
 * @param fd the socket
 * @param wait whether to block until there is one
 * @returns null when there is none now; no bytes at all when the other end is closed
 * @throws {NetmapError} ECONNRESET and the like, EINVAL for a message that is too long
 */
export function receiveMessage(fd: number, wait: boolean = false): Message | null {
  const flags = MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT);
  const got = retry(() => {
    point(inbox, control.byteLength);
    return libc().recvmsg(fd, header, flags);
  });
  if (got < 0) {
    if (errno() === EAGAIN) return null;
    throw failure(errno(), "receive a message from the other end of a unix socket");
  }
  const fds = takeFds(Number(headerWords.getBigUint64(40, true)));
  const outcome = headerWords.getInt32(48, true);
  if ((outcome & (MSG_TRUNC | MSG_CTRUNC)) !== 0) {
    for (const one of fds) closeFd(one);
    throw new NetmapError(EINVAL, "Cannot take a message from a unix socket as it is too long");
  }
  return { bytes: inbox.subarray(0, got), fds };
}

function takeFds(controlBytes: number): number[] {
  if (controlBytes < CMSG_HEADER) return [];
  if (control.getInt32(8, true) !== SOL_SOCKET || control.getInt32(12, true) !== SCM_RIGHTS) {
    return [];
  }
  const count = (Number(control.getBigUint64(0, true)) - CMSG_HEADER) >> 2;
  return Array.from({ length: count }, (_, i) => control.getInt32(CMSG_HEADER + 4 * i, true));
}

function socketAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length >= PATH_BYTES || name.includes(0)) {
    throw new NetmapError(
      EINVAL,
      `Cannot use '${path}' as the path of a socket: give 1 to ${PATH_BYTES - 1} bytes`,
    );
  }
  const address = new Uint8Array(2 + name.length + 1);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}

function openSocket(flags: number): number {
  return check(
    libc().socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0),
    "open a unix socket",
  );
}

/**
 * Connects to a socket.
 *
 * @param path of the socket
 * @returns the connection
 * @throws {NetmapError} ENOENT or ECONNREFUSED when nobody serves it, EACCES
 */
export function connectSocket(path: string): number {
  const address = socketAddress(path);
  const fd = openSocket(0);
  if (retry(() => libc().connect(fd, address, address.length)) === 0) return fd;
  const error = failure(errno(), `connect to '${path}'`);
  closeFd(fd);
  throw error;
}

/**
 * Makes a socket at a path, which must be free.
 *
 * @param path where
 * @returns the descriptor to accept from, non-blocking
 * @throws {NetmapError} EADDRINUSE when there is a file, EACCES, ENOENT
 */
export function listenSocket(path: string): number {
  const address = socketAddress(path);
  const fd = openSocket(SOCK_NONBLOCK);
  const { bind, listen } = libc();
  if (bind(fd, address, address.length) === 0 && listen(fd, BACKLOG) === 0) return fd;
  const error = failure(errno(), `serve at '${path}'`);
  closeFd(fd);
  throw error;
}

/** Takes a connection. @returns null when none waits */
export function acceptConnection(fd: number): number | null {
  const got = retry(() => libc().accept4(fd, null, null, SOCK_CLOEXEC));
  if (got >= 0) return got;
  if (errno() === EAGAIN) return null;
  throw failure(errno(), "accept a connection");
}

/** Two sockets that are connected to each other. */
export function socketPair(): [number, number] {
  const pair = new Int32Array(2);
  check(
    libc().socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair),
    "make a pair of unix sockets",
  );
  return [pair[0], pair[1]];
}

/** Who connected, or made the pair (`SO_PEERCRED`). */
export function peerOf(fd: number): Peer {
  const words = new Int32Array(3);
  const length = new Uint32Array([12]);
  check(
    libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, words, length),
    "ask who is at the other end of a unix socket",
  );
  return { pid: words[0], uid: words[1], gid: words[2] };
}

/** Lets the other end of a connection know that nothing comes any more. */
export function endSending(fd: number): void {
  libc().shutdown(fd, SHUT_WR);
}
