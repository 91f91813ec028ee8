/**
 * UDP packets to send: one over and over, or with addresses, ports and lengths that change from
 * packet to packet.
 *
 * ```
 *   [virtio-net header] Ethernet | IPv4 or IPv6 | UDP | payload
 *    `--------------- `words[0..headerWords]` ------'   stays as it is
 * ```
 *
 * The checksums are right for every packet. A change costs a few bytes and two sums: what does not
 * change was added up before, the payload for each length.
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";
import { type AddressRange, parseAddressRange, parseMac } from "./address.ts";
import { checksumOf, wordSum } from "./checksum.ts";

const ETHERNET = 14;
const UDP = 8;
const PROTOCOL_UDP = 17;
/** Longest packet, virtio-net header included: what a slot's length can say. */
const MAX_LENGTH = 0xffff;

/** What to build. */
export interface PacketOptions {
  /** Bytes from the Ethernet header on, without CRC; 60 when silent. */
  readonly length?: number;
  /** The least of random lengths up to `length`; no random lengths when silent. */
  readonly minLength?: number;
  /** Ethernet source; `02:00:00:00:00:01` when silent. */
  readonly sourceMac?: string;
  /** Ethernet destination; broadcast when silent. */
  readonly targetMac?: string;
  /** Source addresses and ports, walked through; `10.0.0.1`, or `fd00::1` with a target of IPv6. */
  readonly source?: string;
  /** Destination addresses and ports, walked through; `10.1.0.1`, or `fd00:1::1`. */
  readonly target?: string;
  /** Random source addresses and ports instead. */
  readonly randomSource?: boolean;
  /** Random destination addresses and ports instead. */
  readonly randomTarget?: boolean;
  /** Bytes of an empty virtio-net header before each frame: 0, 10 or 12. */
  readonly virtioHeader?: number;
  /** IPv6 where neither `source` nor `target` says. */
  readonly ipv6?: boolean;
}

/** A source of packets. */
export class PacketSource {
  /** The packet as it is now, and its buffer's rest: a multiple of 16 bytes. */
  readonly bytes: Uint8Array;
  /** The same as words. */
  readonly words: Int32Array;
  /** Words that {@linkcode PacketSource.advance} may change: they begin at the first. */
  readonly headerWords: number;
  /** Bytes of the packet as it is now, virtio-net header included. */
  length: number;
  /** The most that {@linkcode PacketSource.length} gets. */
  readonly maxLength: number;
  /** Whether packets differ from each other. */
  readonly varies: boolean;
  readonly #frame: number;
  readonly #ip: number;
  readonly #udp: number;
  readonly #isV6: boolean;
  readonly #minLength: number;
  readonly #source: Walk;
  readonly #target: Walk;
  /** Sum of the first n bytes of the payload. */
  readonly #payloadSums: Uint32Array;
  readonly #ipSum: number;
  readonly #pseudoSum: number;
  #random = 0x2545f491;

  /**
   * Builds the first packet.
   *
   * @param options what to build
   * @throws {NetmapError} EINVAL for an address that is none, addresses of two kinds, or a length that
   *   has no room for the headers or that no slot can say
   */
  constructor(options: PacketOptions = {}) {
    const { length = 60, minLength = length, virtioHeader = 0, ipv6 = false } = options;
    const named = options.source ?? options.target;
    const isV6 = named === undefined ? ipv6 : parseAddressRange(named).first.length === 16;
    const source = parseAddressRange(options.source ?? (isV6 ? "fd00::1" : "10.0.0.1"));
    const target = parseAddressRange(options.target ?? (isV6 ? "fd00:1::1" : "10.1.0.1"));
    checkFamilies(source, target, isV6);
    const headers = ETHERNET + (isV6 ? 40 : 20) + UDP;
    checkLength(minLength, headers, MAX_LENGTH - virtioHeader);
    checkLength(length, minLength, MAX_LENGTH - virtioHeader);
    if (![0, 10, 12].includes(virtioHeader)) {
      throw new NetmapError(
        EINVAL,
        `Cannot put a virtio-net header of '${virtioHeader}' bytes before packets: use 0, 10 or 12`,
      );
    }
    this.#isV6 = isV6;
    this.#frame = virtioHeader;
    this.#ip = virtioHeader + ETHERNET;
    this.#udp = this.#ip + (isV6 ? 40 : 20);
    this.#minLength = minLength;
    this.maxLength = this.length = virtioHeader + length;
    this.headerWords = (virtioHeader + headers + 15) >> 4 << 2;
    const size = Math.max(this.headerWords * 4, (this.maxLength + 15) & ~15);
    this.words = new Int32Array(size / 4);
    this.bytes = new Uint8Array(this.words.buffer);
    this.#source = new Walk(source, options.randomSource === true);
    this.#target = new Walk(target, options.randomTarget === true);
    this.varies = minLength < length || this.#source.varies || this.#target.varies;
    this.#build(options);
    const payload = virtioHeader + headers;
    this.#payloadSums = payloadSums(this.bytes, payload, this.maxLength - payload);
    // Without what changes: lengths, addresses, checksums.
    this.#ipSum = isV6 ? 0 : wordSum(this.bytes, this.#ip, 12);
    this.#pseudoSum = PROTOCOL_UDP;
    this.#finish();
  }

  #build(
    { sourceMac = "02:00:00:00:00:01", targetMac = "ff:ff:ff:ff:ff:ff" }: PacketOptions,
  ): void {
    const { bytes } = this;
    const ip = this.#ip;
    bytes.set(parseMac(targetMac), this.#frame);
    bytes.set(parseMac(sourceMac), this.#frame + 6);
    bytes.set(this.#isV6 ? [0x86, 0xdd] : [0x08, 0x00], this.#frame + 12);
    if (this.#isV6) {
      // RFC 8200: version 6, next header UDP, hop limit 64.
      bytes[ip] = 0x60;
      bytes[ip + 6] = PROTOCOL_UDP;
      bytes[ip + 7] = 64;
    } else {
      // RFC 791: version 4, five words of header, do not fragment, time to live 64, UDP.
      bytes.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, PROTOCOL_UDP], ip);
    }
    const text = new TextEncoder().encode("netmap for Bun and Deno: a packet of pkt-gen. ");
    for (let i = this.#udp + UDP; i < this.maxLength; i++) {
      bytes[i] = text[(i - this.#udp - UDP) % text.length];
    }
  }

  /** Goes on to the next packet: source ports first, then source addresses, then the target's. */
  advance(): void {
    if (!this.varies) return;
    this.#source.randomize(this);
    this.#target.randomize(this);
    if (this.#source.advance()) this.#target.advance();
    if (this.#minLength < this.maxLength - this.#frame) {
      const range = this.maxLength - this.#frame - this.#minLength + 1;
      this.length = this.#frame + this.#minLength + (this.random() >>> 0) % range;
    }
    this.#finish();
  }

  /** 32 random bits (xorshift), the same in every run. */
  random(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#random = x;
  }

  /** Writes what changes from packet to packet. */
  #finish(): void {
    const { bytes } = this;
    const ip = this.#ip;
    const udp = this.#udp;
    const source = this.#source;
    const target = this.#target;
    const udpLength = this.length - udp;
    const wide = this.#isV6;
    source.write(bytes, wide ? ip + 8 : ip + 12, udp);
    target.write(bytes, wide ? ip + 24 : ip + 16, udp + 2);
    if (wide) {
      put16(bytes, ip + 4, udpLength);
    } else {
      const total = this.length - ip;
      put16(bytes, ip + 2, total);
      put16(
        bytes,
        ip + 10,
        checksumOf(this.#ipSum + total + source.addressSum + target.addressSum),
      );
    }
    put16(bytes, udp + 4, udpLength);
    const sum = this.#pseudoSum + 2 * udpLength + source.addressSum + target.addressSum +
      source.port + target.port + this.#payloadSums[this.length - udp - UDP];
    // RFC 768: 0 means that there is none, so a sum of 0 is sent as its other form.
    put16(bytes, udp + 6, checksumOf(sum) || 0xffff);
  }
}

/** Where a walk through a range is. */
class Walk {
  /** Sum of the address as it is now. */
  addressSum = 0;
  /** The port as it is now. */
  port: number;
  readonly varies: boolean;
  readonly #range: AddressRange;
  readonly #random: boolean;
  readonly #fixedSum: number;
  readonly #base: number;
  #low: number;
  #step = 0;

  constructor(range: AddressRange, random: boolean) {
    const { first, more, firstPort, morePorts } = range;
    this.#range = range;
    this.#random = random;
    this.varies = random || more > 0 || morePorts > 0;
    this.port = firstPort;
    this.#fixedSum = wordSum(first, 0, first.length - 4);
    this.#base = wordSum(first, first.length - 4, 2) * 0x10000 +
      wordSum(first, first.length - 2, 2);
    this.#low = this.#base;
    this.#sum();
  }

  /** One on. @returns whether it is at its begin again */
  advance(): boolean {
    const { more, firstPort, morePorts } = this.#range;
    if (this.#random) return true;
    if (this.port < firstPort + morePorts) {
      this.port++;
      return false;
    }
    this.port = firstPort;
    const wrapped = this.#step >= more;
    this.#step = wrapped ? 0 : this.#step + 1;
    this.#low = this.#base + this.#step;
    this.#sum();
    return wrapped;
  }

  /** Somewhere else. */
  randomize(source: PacketSource): void {
    if (!this.#random) return;
    this.#low = source.random() >>> 0;
    this.port = source.random() & 0xffff;
    this.#sum();
  }

  write(bytes: Uint8Array, at: number, portAt: number): void {
    const { first } = this.#range;
    const fixed = first.length - 4;
    for (let i = 0; i < fixed; i++) bytes[at + i] = first[i];
    const low = this.#low;
    bytes[at + fixed] = low >>> 24;
    bytes[at + fixed + 1] = low >>> 16;
    bytes[at + fixed + 2] = low >>> 8;
    bytes[at + fixed + 3] = low;
    put16(bytes, portAt, this.port);
  }

  #sum(): void {
    this.addressSum = this.#fixedSum + (this.#low >>> 16) + (this.#low & 0xffff);
  }
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

function payloadSums(bytes: Uint8Array, at: number, length: number): Uint32Array {
  const sums = new Uint32Array(length + 1);
  for (let n = 1; n <= length; n++) {
    const byte = bytes[at + n - 1];
    sums[n] = sums[n - 1] + ((n & 1) === 1 ? byte << 8 : byte);
  }
  return sums;
}

function checkFamilies(source: AddressRange, target: AddressRange, isV6: boolean): void {
  const length = isV6 ? 16 : 4;
  if (source.first.length === length && target.first.length === length) return;
  throw new NetmapError(
    EINVAL,
    "Cannot send from IPv4 to IPv6 or the other way: give addresses of one kind",
  );
}

function checkLength(length: number, low: number, high: number): void {
  if (Number.isInteger(length) && length >= low && length <= high) return;
  throw new NetmapError(
    EINVAL,
    `Cannot build packets of '${length}' bytes: use ${low} (its headers, or the least of random ` +
      `lengths) to ${high}`,
  );
}
