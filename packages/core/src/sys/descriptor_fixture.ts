/**
 * Descriptors whose numbers nobody else takes. The runtimes' own threads open and close files at any
 * time and get the lowest free number: what a test just closed may be theirs a moment later.
 */

import { check, closeFd, createEventfd, libc } from "./system.ts";

const F_DUPFD = 0;

/** An eventfd with the first free number from `from` on; far above what a runtime uses by itself. */
export function eventfdFrom(from: number): number {
  const fd = createEventfd();
  const high = check(libc().fcntl(fd, F_DUPFD, from), `have descriptor '${from}'`);
  closeFd(fd);
  return high;
}
