/**
 * Internet checksums (RFC 1071) over mapped memory.
 *
 * Sums are of 16-bit halves in the machine's own order (little endian on all machines that we
 * support): a ones' complement sum comes out the same in either order, so only constants and
 * lengths that are added to one are swapped.
 *
 * @module
 */

import type { Memory } from "@netmap/core";

/** Swaps the two bytes of a 16-bit number. */
export function swap16(value: number): number {
  return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
}

/** Brings a sum into 16 bits by adding its carries. @param sum 0 to 2^53 */
export function fold(sum: number): number {
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + sum % 0x10000;
  return sum;
}

/**
 * The sum of a range's 16-bit halves; the last byte of an odd range counts as if a zero followed.
 *
 * @param memory where the range is
 * @param from first byte, even
 * @param bytes how many, at most 2^17
 * @returns a sum of up to 33 bits, for {@linkcode fold}
 */
export function sumOf(memory: Memory, from: number, bytes: number): number {
  const { i32, u16, u8 } = memory;
  const end = from + bytes;
  let at = from;
  // Two sums of halves: each stays below 2^31 for as long as a superframe is.
  let low = 0;
  let high = 0;
  if ((at & 2) !== 0 && at + 2 <= end) {
    low += u16[at >> 1];
    at += 2;
  }
  let w = at >> 2;
  const lastWord = end >> 2;
  for (; w + 4 <= lastWord; w += 4) {
    const a = i32[w];
    const b = i32[w + 1];
    const c = i32[w + 2];
    const d = i32[w + 3];
    low += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff);
    high += (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16);
  }
  for (; w < lastWord; w++) {
    low += i32[w] & 0xffff;
    high += i32[w] >>> 16;
  }
  at = Math.max(at, w << 2);
  if (at + 2 <= end) {
    low += u16[at >> 1];
    at += 2;
  }
  if (at < end) low += u8[at];
  return low + high;
}

/**
 * Completes the checksum of a packet whose sender left that to its interface: the field holds the
 * sum of the pseudo header so far (virtio 1.2 §5.1.6.2, VIRTIO_NET_HDR_F_NEEDS_CSUM).
 *
 * @param memory where the packet is
 * @param at first byte of the packet, even
 * @param bytes of the packet
 * @param start first byte of the packet that is summed, `csum_start`
 * @param offset from there to the field, `csum_offset`
 * @returns false, and nothing is written, when these do not fit into the packet
 */
export function completeChecksum(
  memory: Memory,
  at: number,
  bytes: number,
  start: number,
  offset: number,
): boolean {
  if (start + offset + 2 > bytes || ((start | offset) & 1) !== 0) return false;
  const field = (at + start + offset) >> 1;
  const sum = fold(sumOf(memory, at + start, bytes - start));
  // 0 would mean to UDP that there is none; both are zero in ones' complement.
  memory.u16[field] = ~sum & 0xffff || 0xffff;
  return true;
}
