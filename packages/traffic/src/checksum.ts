/**
 * The Internet checksum (RFC 1071), and changing it when a field changes (RFC 1624).
 *
 * @module
 */

/**
 * Sum of 16-bit words in network order, not folded: sums may be added up before {@linkcode foldSum}.
 *
 * @param bytes where
 * @param at first byte, which is the high one of a word
 * @param length bytes; an odd last one is followed by 0
 * @returns the sum; exact for up to 2^36 bytes
 *
 * @example
 * ```ts
 * import { foldSum, wordSum } from "@netmap/traffic";
 * // The example of RFC 1071, section 3.
 * const bytes = Uint8Array.from([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
 * console.log(foldSum(wordSum(bytes, 0, 8)).toString(16)); // ddf2
 * ```
 */
export function wordSum(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0;
  const even = at + (length & ~1);
  for (let i = at; i < even; i += 2) sum += bytes[i] << 8 | bytes[i + 1];
  return (length & 1) === 1 ? sum + (bytes[even] << 8) : sum;
}

/** Folds a sum into 16 bits, carries added back. @returns 0 to 65535 */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The checksum of a sum: its complement. @returns 0 to 65535 */
export function checksumOf(sum: number): number {
  return ~foldSum(sum) & 0xffff;
}
