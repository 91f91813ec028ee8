/**
 * Frames of the suite's own: an Ethernet header with the type for local experiments, and a pattern.
 *
 * @module
 */

/** Destination of frames for everybody. */
export const EVERYBODY = -1;
const TYPE = 0x88b5; // IEEE Std 802, local experimental ethertype 1

/**
 * A frame.
 *
 * @param to number of the station that it is for, or EVERYBODY
 * @param from number of the station that it comes from
 * @param length bytes, at least 14
 * @param seed what its pattern begins with
 */
export function frame(to: number, from: number, length: number = 60, seed: number = 1): Uint8Array {
  const bytes = pattern(length, seed);
  putAddress(bytes, 0, to);
  putAddress(bytes, 6, from);
  bytes[12] = TYPE >> 8;
  bytes[13] = TYPE & 0xff;
  return bytes;
}

/** Bytes that differ from each other and by their seed. */
export function pattern(length: number, seed: number = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = seed * 31 + i * 7 + (i >> 8);
  return bytes;
}

/** Several frames between the same two, each with a pattern of its own. */
export function frames(count: number, to: number, from: number, length: number = 60): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => frame(to, from, length, i + 1));
}

function putAddress(bytes: Uint8Array, at: number, station: number): void {
  if (station === EVERYBODY) {
    bytes.fill(0xff, at, at + 6);
    return;
  }
  // 02: locally administered, one station's.
  bytes.set([0x02, 0, 0, 0, station >> 8, station & 0xff], at);
}
