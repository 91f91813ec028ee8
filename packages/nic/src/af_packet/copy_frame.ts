/**
 * Copying one frame into a netmap buffer.
 *
 * @module
 */

import { copyBetween, type Memory, shortCopyLimit } from "@netmap/core";

let limit = -1;

/**
 * Copies a frame; up to 3 bytes behind its end are copied along, as words are moved.
 *
 * @param to region of the buffer
 * @param dst first byte there, a multiple of 4
 * @param from where the frame is
 * @param src its first byte there, a multiple of 4
 * @param bytes of the frame
 */
export function copyFrame(
  to: Memory,
  dst: number,
  from: Memory,
  src: number,
  bytes: number,
): void {
  if (limit < 0) limit = shortCopyLimit();
  if (bytes > limit) {
    copyBetween(to, dst, from, src, bytes);
    return;
  }
  const d = to.i32;
  const s = from.i32;
  const words = (bytes + 3) >> 2;
  let i = src >> 2;
  let o = dst >> 2;
  const end = i + words;
  for (; i + 4 <= end; i += 4, o += 4) {
    d[o] = s[i];
    d[o + 1] = s[i + 1];
    d[o + 2] = s[i + 2];
    d[o + 3] = s[i + 3];
  }
  for (; i < end; i++, o++) d[o] = s[i];
}
