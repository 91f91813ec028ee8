/**
 * What there is to know of a descriptor before it is mapped: `statx(2)`, and `fstatfs(2)` where the
 * blocks are large.
 *
 * @module
 */

import { check, libc } from "./libc.ts";
import { AT_EMPTY_PATH, HUGETLBFS_MAGIC, STATX_INO, STATX_SIZE, STATX_TYPE } from "./linux.ts";

/** A descriptor's file. */
export interface FileStat {
  /** Bytes of a regular file or memfd; infinite for devices, which answer mmap by themselves. */
  readonly size: number;
  /** Bytes of a huge page, where the file is made of them; else 0. */
  readonly hugePage: number;
  /** The same text for two descriptors if and only if they are of one file. */
  readonly id: string;
}

// struct statx as 32-bit words, statx(2): stx_blksize 1, stx_mode 7 (its low half), stx_ino 8 and 9,
// stx_size 10 and 11, stx_dev_major and _minor 34 and 35.
const STATX = new Uint8Array(256);
const WORDS = new Uint32Array(STATX.buffer);
// struct statfs, statfs(2): f_type and f_bsize are longs.
const STATFS = new Uint8Array(120);
const STATFS_WORDS = new Uint32Array(STATFS.buffer);
const NO_PATH = new Uint8Array(1);
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const PAGE = 4096;

/**
 * Looks at a descriptor's file.
 *
 * @param fd a memfd, file or device
 * @param what the call as the user should read it, for the error
 * @returns its size, the size of its pages where they are huge, and which file it is
 * @throws {NetmapError} EBADF
 *
 * @example
 * ```ts
 * import { closeFd, createMemfd, statFd } from "@netmap/core";
 * const fd = createMemfd("example", 8192);
 * console.log(statFd(fd).size); // 8192
 * closeFd(fd);
 * ```
 */
export function statFd(fd: number, what: string = `look at descriptor '${fd}'`): FileStat {
  const mask = STATX_TYPE | STATX_INO | STATX_SIZE;
  check(libc().statx(fd, NO_PATH, AT_EMPTY_PATH, mask, STATX), what);
  const isRegular = (WORDS[7] & S_IFMT) === S_IFREG;
  return {
    size: isRegular ? WORDS[10] + WORDS[11] * 2 ** 32 : Infinity,
    hugePage: isRegular && WORDS[1] > PAGE ? hugePageOf(fd, what) : 0,
    id: [34, 35, 9, 8].map((word) => WORDS[word]).join(":"),
  };
}

function hugePageOf(fd: number, what: string): number {
  check(libc().fstatfs(fd, STATFS), what);
  return STATFS_WORDS[0] === HUGETLBFS_MAGIC ? STATFS_WORDS[2] : 0;
}
