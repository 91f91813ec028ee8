/**
 * Addresses as people write them: Ethernet, IPv4, IPv6, and ranges of them with ports.
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";

function fail(what: string, text: string, expected: string): never {
  throw new NetmapError(EINVAL, `Cannot read '${text}' as ${what}: write it as ${expected}`);
}

/**
 * An Ethernet address.
 *
 * @param text six bytes, `02:6e:6d:00:00:01`
 * @throws {NetmapError} EINVAL when it is none
 *
 * @example
 * ```ts
 * import { parseMac } from "@netmap/traffic";
 * console.log(parseMac("2:0:0:0:0:ff").join()); // 2,0,0,0,0,255
 * ```
 */
export function parseMac(text: string): Uint8Array {
  const parts = text.split(":");
  if (parts.length !== 6 || parts.some((part) => !/^[0-9a-f]{1,2}$/i.test(part))) {
    fail("an Ethernet address", text, "'02:00:00:00:00:01'");
  }
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
}

/** An Ethernet address as text. */
export function formatMac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * An IP address.
 *
 * @param text `10.0.0.1`, or `fd00::1` as RFC 4291 has it
 * @returns 4 or 16 bytes
 * @throws {NetmapError} EINVAL when it is none
 *
 * @example
 * ```ts
 * import { parseIp } from "@netmap/traffic";
 * console.log(parseIp("10.0.0.1").length, parseIp("fd00::1").length); // 4 16
 * ```
 */
export function parseIp(text: string): Uint8Array {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text, text);
}

function parseIpv4(part: string, text: string): Uint8Array {
  const parts = part.split(".");
  if (parts.length !== 4 || parts.some((one) => !/^\d{1,3}$/.test(one) || Number(one) > 255)) {
    fail("an IP address", text, "'10.0.0.1' or 'fd00::1'");
  }
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array {
  const bad = (): never => fail("an IPv6 address", text, "'fd00::1'");
  const halves = text.split("::");
  if (halves.length > 2) bad();
  const [front, back] = halves.map((half) => half === "" ? [] : half.split(":"));
  const groups = (list: readonly string[], isLast: boolean): number[] =>
    list.flatMap((group, i) => {
      // The last 32 bits may be written as an IPv4 address.
      if (isLast && i === list.length - 1 && group.includes(".")) {
        const [a, b, c, d] = parseIpv4(group, text);
        return [a << 8 | b, c << 8 | d];
      }
      return /^[0-9a-f]{1,4}$/i.test(group) ? [Number.parseInt(group, 16)] : bad();
    });
  const head = groups(front, back === undefined);
  const tail = back === undefined ? [] : groups(back, true);
  const missing = 8 - head.length - tail.length;
  if (back === undefined ? missing !== 0 : missing < 1) bad();
  const all = [...head, ...new Array(missing).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Addresses and ports from one to another, both included. */
export interface AddressRange {
  /** The first address, 4 or 16 bytes. */
  readonly first: Uint8Array;
  /** How many more addresses follow it, by the last 32 bits. */
  readonly more: number;
  /** The first port. */
  readonly firstPort: number;
  /** How many more ports follow it. */
  readonly morePorts: number;
}

/** Port of a range that names none, as in the classic pkt-gen. */
const DEFAULT_PORT = 1234;

/**
 * A range as pkt-gen takes it: `ip[:port[-ip[:port]]]`; with ports an IPv6 address is in brackets.
 *
 * @param text `10.0.0.1`, `10.0.0.1:53`, `10.0.0.1:1000-10.0.0.9:1999`, `[fd00::1]:53`
 * @throws {NetmapError} EINVAL when it is none, or goes backwards
 *
 * @example
 * ```ts
 * import { parseAddressRange } from "@netmap/traffic";
 * const { more, firstPort, morePorts } = parseAddressRange("10.0.0.1:1000-10.0.0.9:1999");
 * console.log(more, firstPort, morePorts); // 8 1000 999
 * ```
 */
export function parseAddressRange(text: string): AddressRange {
  const ends = text.split("-");
  const bad = (): never =>
    fail("a range of addresses", text, "'10.0.0.1:1000-10.0.0.9:1999', the lower ones first");
  if (ends.length > 2) bad();
  const first = parseEnd(ends[0], text);
  const last = ends.length === 1 ? first : parseEnd(ends[1], text);
  if (first.ip.length !== last.ip.length) bad();
  const fixed = first.ip.length - 4;
  if (first.ip.some((byte, i) => i < fixed && byte !== last.ip[i])) bad();
  const more = low32(last.ip) - low32(first.ip);
  const firstPort = first.port ?? DEFAULT_PORT;
  const morePorts = (last.port ?? firstPort) - firstPort;
  if (more < 0 || morePorts < 0) bad();
  return { first: first.ip, more, firstPort, morePorts };
}

function parseEnd(text: string, all: string): { ip: Uint8Array; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  const dotted = /^([\d.]+)(?::(\d+))?$/.exec(text);
  const [, ip, digits] = bracketed ?? dotted ?? ["", text, undefined];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 0xffff) {
    fail("a range of addresses", all, "'10.0.0.1:1000', the port at most 65535");
  }
  return { ip: parseIp(ip), port };
}

function low32(ip: Uint8Array): number {
  const at = ip.length - 4;
  return ((ip[at] << 24) | (ip[at + 1] << 16) | (ip[at + 2] << 8) | ip[at + 3]) >>> 0;
}
