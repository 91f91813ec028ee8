/**
 * Frames of a capture file (pcap, as `tcpdump -w` writes it).
 *
 * ```
 *   magic version version zone sigfigs snaplen link | seconds fraction captured length frame | ...
 *   24 bytes in the writer's byte order               16 bytes, then `captured` bytes
 * ```
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const PCAPNG = 0x0a0d0d0a;
const ETHERNET = 1;

/**
 * Reads the frames of a capture.
 *
 * @param file the whole file
 * @param name for errors
 * @returns views of the file, one a frame; frames of no bytes are left out
 * @throws {NetmapError} EINVAL when it is no capture of Ethernet frames, or has none
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { readPcap } from "@netmap/traffic";
 * const longest = (path: string): number =>
 *   Math.max(...readPcap(readFileSync(path), path).map(({ length }) => length));
 * ```
 */
export function readPcap(file: Uint8Array, name: string): Uint8Array[] {
  const fail = (why: string): never => {
    throw new NetmapError(EINVAL, `Cannot send '${name}' as ${why}`);
  };
  if (file.length < 24) fail(`it has ${file.length} bytes and no capture has less than 24`);
  const little = [MICROSECONDS, NANOSECONDS].includes(word(file, 0, true));
  const magic = word(file, 0, little);
  if (magic === PCAPNG) fail("it is a pcapng file: convert it with 'editcap -F pcap'");
  if (magic !== MICROSECONDS && magic !== NANOSECONDS) fail("it is no pcap file");
  const link = word(file, 20, little) & 0xffff;
  if (link !== ETHERNET) fail(`it holds frames of link type ${link}, not of Ethernet (1)`);
  const frames: Uint8Array[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = word(file, at + 8, little);
    at += 16;
    // A capture that was cut off ends with the last whole frame.
    if (at + length > file.length) break;
    if (length > 0) frames.push(file.subarray(at, at + length));
    at += length;
  }
  if (frames.length === 0) fail("there is no frame in it");
  return frames;
}

function word(bytes: Uint8Array, at: number, little: boolean): number {
  const [a, b, c, d] = little
    ? [bytes[at + 3], bytes[at + 2], bytes[at + 1], bytes[at]]
    : [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return (a << 24 | b << 16 | c << 8 | d) >>> 0;
}
