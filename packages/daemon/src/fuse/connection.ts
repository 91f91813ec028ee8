/**
 * The descriptor of `/dev/fuse`: reads requests, writes answers, keeps no state about files.
 *
 * Invariant: each request that asks for an answer gets exactly one; `reply*` answer the request that
 * was read last, {@linkcode FuseConnection.replyIoctl} an earlier one.
 *
 * @module
 */

import {
  closeFd,
  cString,
  EACCES,
  EAGAIN,
  ECONNABORTED,
  EINTR,
  ENODEV,
  ENOENT,
  EPERM,
  errno,
  failure,
  libc,
  NetmapError,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  structView,
} from "@netmap/core";
import {
  FUSE_BACKING_MAP,
  FUSE_DEV_IOC_BACKING_OPEN,
  FUSE_IN_HEADER,
  FUSE_IOCTL_OUT,
  FUSE_NOTIFY_POLL,
  IN_HEADER_BYTES,
  OUT_HEADER_BYTES,
  wordOf,
} from "./protocol.ts";

/** Bytes of a message at most: an argument of ioctl has less than 16 KiB. */
const BUFFER_BYTES = 65536;
const FUSE_DEVICE = "/dev/fuse";

const UNIQUE = wordOf(FUSE_IN_HEADER, "unique", 0);
const NOTICE_BYTES = OUT_HEADER_BYTES + 8;

/** What a read of the connection found. */
export type Received = "request" | "nothing" | "ended";

/** A connection to the kernel. */
export class FuseConnection {
  /** Its descriptor. */
  readonly fd: number;
  /** The request that was read last, as bytes. */
  readonly input: Uint8Array = new Uint8Array(BUFFER_BYTES);
  /** The same as words. */
  readonly words: Uint32Array = new Uint32Array(this.input.buffer);
  /** Bytes of that request. */
  length = 0;
  /** The answer under construction, as bytes. */
  readonly output: Uint8Array = new Uint8Array(BUFFER_BYTES);
  /** The same as words. */
  readonly outWords: Uint32Array = new Uint32Array(this.output.buffer);
  readonly #notice: Uint8Array = new Uint8Array(NOTICE_BYTES);
  readonly #noticeWords: Uint32Array = new Uint32Array(this.#notice.buffer);
  #closed = false;

  /**
   * Opens `/dev/fuse`.
   *
   * @throws {NetmapError} ENOENT without FUSE, EACCES without the right to it
   */
  constructor() {
    this.fd = libc().open(cString(FUSE_DEVICE), O_RDWR | O_CLOEXEC | O_NONBLOCK, 0);
    if (this.fd < 0) throw openError(errno());
    this.#noticeWords[0] = NOTICE_BYTES;
    this.#noticeWords[1] = FUSE_NOTIFY_POLL;
  }

  /** Reads a request, if there is one. */
  receive(): Received {
    const { read } = libc();
    for (;;) {
      this.length = read(this.fd, this.input, BUFFER_BYTES);
      if (this.length >= IN_HEADER_BYTES) return "request";
      const number = this.length < 0 ? errno() : ENODEV;
      if (number === EAGAIN) return "nothing";
      // ENOENT: the asker took the request back while it was read.
      if (number === EINTR || number === ENOENT) continue;
      if (number === ENODEV || number === ECONNABORTED) return "ended";
      throw failure(number, `read '${FUSE_DEVICE}'`);
    }
  }

  /** Answers with an error, or with nothing where `number` is 0. @param number errno, positive */
  replyError(number: number): void {
    this.outWords[0] = OUT_HEADER_BYTES;
    this.#send(-number);
  }

  /** Answers with what stands in `output` behind the header. @param bytes of the body */
  reply(bytes: number): void {
    this.outWords[0] = OUT_HEADER_BYTES + bytes;
    this.#send(0);
  }

  /** The number of the request that was read last, for {@link replyIoctl}. */
  get unique(): readonly [number, number] {
    return [this.words[UNIQUE], this.words[UNIQUE + 1]];
  }

  /**
   * Answers an ioctl that was read earlier.
   *
   * @param unique its number
   * @param result 0 or a negative errno
   * @param argument what is copied out
   */
  replyIoctl([low, high]: readonly [number, number], result: number, argument: Uint8Array): void {
    const bytes = new Uint8Array(OUT_HEADER_BYTES + FUSE_IOCTL_OUT.size + argument.length);
    const words = new Uint32Array(bytes.buffer, 0, (OUT_HEADER_BYTES + FUSE_IOCTL_OUT.size) / 4);
    words.set([bytes.length, 0, low, high, result]);
    bytes.set(argument, OUT_HEADER_BYTES + FUSE_IOCTL_OUT.size);
    if (!this.#closed) libc().write(this.fd, bytes, bytes.length);
  }

  /** Tells the kernel to look at a polled file again. @param low @param high its `kh` */
  notifyPoll(low: number, high: number): void {
    const words = this.#noticeWords;
    words[4] = low;
    words[5] = high;
    // ENOENT: nobody polls it any more.
    libc().write(this.fd, this.#notice, NOTICE_BYTES);
  }

  /**
   * Makes a file known as one that opened files can be backed by.
   *
   * @param fd of the file
   * @returns its number
   * @throws {NetmapError} EPERM without CAP_SYS_ADMIN
   */
  openBacking(fd: number): number {
    const map = new Uint8Array(FUSE_BACKING_MAP.size);
    structView(FUSE_BACKING_MAP, map).fd = fd;
    const id = libc().ioctl(this.fd, FUSE_DEV_IOC_BACKING_OPEN, map);
    if (id > 0) return id;
    const number = errno();
    if (number !== EPERM) throw failure(number, `back a file of '${FUSE_DEVICE}' by a memfd`);
    throw new NetmapError(
      EPERM,
      "Cannot let FUSE map the engine's memory without CAP_SYS_ADMIN in the first user namespace: " +
        "run as root of the machine",
    );
  }

  /** Ends the connection: files that are open answer ENOTCONN. Closing twice is harmless. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFd(this.fd);
  }

  #send(error: number): void {
    const { outWords, words } = this;
    outWords[1] = error;
    outWords[2] = words[UNIQUE];
    outWords[3] = words[UNIQUE + 1];
    while (libc().write(this.fd, this.output, outWords[0]) < 0) {
      const number = errno();
      if (number === EINTR) continue;
      // The asker was killed, or the file system was unmounted: nobody wants the answer.
      if (number === ENOENT || number === ENODEV || number === ECONNABORTED) return;
      throw failure(number, `write '${FUSE_DEVICE}'`);
    }
  }
}

function openError(number: number): NetmapError {
  if (number === ENOENT || number === ENODEV) {
    return new NetmapError(
      number,
      `Cannot open '${FUSE_DEVICE}' as this machine has no FUSE: load it with 'modprobe fuse', or ` +
        "give the container the device",
    );
  }
  if (number === EACCES || number === EPERM) {
    return new NetmapError(
      number,
      `Cannot open '${FUSE_DEVICE}' without the right to read and write it: run as root`,
    );
  }
  return failure(number, `open '${FUSE_DEVICE}'`);
}
