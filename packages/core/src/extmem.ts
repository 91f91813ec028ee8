/**
 * External memory by file name: what `@extmem=/dev/hugepages/x` needs before a registration.
 *
 * @module
 */

import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { check, libc } from "./sys/libc.ts";
import { O_CLOEXEC, O_RDWR } from "./sys/linux.ts";
import { mapMemory, type Mapping } from "./sys/mapping.ts";
import { closeFd, cString } from "./sys/system.ts";

const SEEK_END = 2;

/**
 * Maps a whole file, to be a port's memory.
 *
 * @param path a file, for instance in /dev/shm or on a hugetlbfs
 * @returns the mapping, with the file's descriptor kept; closing it early harms no port
 * @throws {NetmapError} ENOENT, EACCES as from open(2); EINVAL for an empty file
 */
export function mapFile(path: string): Mapping {
  const what = `open '${path}' as external memory`;
  const fd = check(libc().open(cString(path), O_RDWR | O_CLOEXEC, 0), what);
  try {
    const bytes = check(libc().lseek(fd, 0, SEEK_END), what);
    if (bytes === 0) {
      throw new NetmapError(EINVAL, `Cannot ${what} as it is empty: make it as long as the memory`);
    }
    return mapMemory(fd, bytes, { keepFd: true });
  } finally {
    closeFd(fd);
  }
}
