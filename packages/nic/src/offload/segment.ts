/**
 * Taking superframes apart: a TCP segment or a series of UDP datagrams of up to 64 KB, as stacks
 * hand them to an interface that does the cutting (TSO, GSO) and as receivers merge them (GRO),
 * becomes the frames that would be on the wire. A slot of netmap holds one of these.
 *
 * ```
 *    | eth, vlan | ip | tcp |  payload: mss, mss, mss, rest       |
 *     \____________________/ \___/ \___/
 *          headerBytes       segment 0, 1, ...    each: headers + its part, lengths, id, seq, flags
 *                                                 and checksums made right
 * ```
 *
 * The result is byte for byte what the Linux kernel makes of the same superframe (tested).
 *
 * @module
 */

import { copyBetween, type Memory } from "@netmap/core";
import {
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from "../internal/linux_net.ts";
import { fold, sumOf, swap16 } from "./checksum.ts";

const ETH_TYPE_AT = 12;
const ETH_HEADER = 14;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ETH_P_8021Q = 0x8100;
const ETH_P_8021AD = 0x88a8;
const VLAN_BYTES = 4;
const MAX_VLANS = 4;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPV4_MIN = 20;
const IPV6_BYTES = 40;
const TCP_MIN = 20;
const UDP_BYTES = 8;
const TCP_FIN = 0x01;
const TCP_PSH = 0x08;
const TCP_CWR = 0x80;
/** Hop-by-hop, routing and destination options, which may stand before TCP (RFC 8200 §4). */
const IPV6_EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);
const MAX_EXTENSIONS = 8;

/** A superframe, where it is and how it will be cut. One object is used again and again. */
export interface Superframe {
  /** Where it is. */
  memory: Memory;
  /** Its first byte there, even. */
  at: number;
  /** Bytes from there to the IP header, to TCP or UDP, and to the payload. */
  l3: number;
  l4: number;
  headerBytes: number;
  /** Bytes of payload, and how many of them a segment carries. */
  payload: number;
  mss: number;
  /** How many segments it makes. */
  segments: number;
  isV6: boolean;
  isUdp: boolean;
  /** From the headers: identification, sequence number, TCP flags. */
  id: number;
  seq: number;
  tcpFlags: number;
  /** Sum of addresses and protocol, which all segments share. */
  pseudo: number;
}

/** An empty superframe, to be filled by {@linkcode openSuperframe}. */
export function newSuperframe(memory: Memory): Superframe {
  return {
    memory,
    at: 0,
    l3: 0,
    l4: 0,
    headerBytes: 0,
    payload: 0,
    mss: 0,
    segments: 0,
    isV6: false,
    isUdp: false,
    id: 0,
    seq: 0,
    tcpFlags: 0,
    pseudo: 0,
  };
}

function be16(u8: Uint8Array, at: number): number {
  return (u8[at] << 8) | u8[at + 1];
}

function putBe16(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value >>> 8;
  u8[at + 1] = value;
}

/**
 * Looks at a superframe's headers. Nothing in them is believed before it fits.
 *
 * @param sf filled in
 * @param memory where it is
 * @param at its first byte there, even
 * @param bytes how long it is
 * @param gsoType `VIRTIO_NET_HDR_GSO_*`, with or without the ECN bit
 * @param mss bytes of payload a segment, `gso_size`
 * @returns false when it is none that we know: tunnels, other protocols, lengths that do not fit
 */
export function openSuperframe(
  sf: Superframe,
  memory: Memory,
  at: number,
  bytes: number,
  gsoType: number,
  mss: number,
): boolean {
  const { u8 } = memory;
  const type = gsoType & ~VIRTIO_NET_HDR_GSO_ECN;
  if (
    type !== VIRTIO_NET_HDR_GSO_TCPV4 && type !== VIRTIO_NET_HDR_GSO_TCPV6 &&
    type !== VIRTIO_NET_HDR_GSO_UDP_L4
  ) return false;
  let ethType = bytes >= ETH_HEADER ? be16(u8, at + ETH_TYPE_AT) : 0;
  let l3 = ETH_HEADER;
  for (let i = 0; i < MAX_VLANS && (ethType === ETH_P_8021Q || ethType === ETH_P_8021AD); i++) {
    if (l3 + VLAN_BYTES > bytes) return false;
    ethType = be16(u8, at + l3 + 2);
    l3 += VLAN_BYTES;
  }
  sf.memory = memory;
  sf.at = at;
  sf.l3 = l3;
  sf.isUdp = type === VIRTIO_NET_HDR_GSO_UDP_L4;
  sf.isV6 = ethType === ETH_P_IPV6;
  const protocol = sf.isUdp ? IPPROTO_UDP : IPPROTO_TCP;
  const found = ethType === ETH_P_IP && type !== VIRTIO_NET_HDR_GSO_TCPV6
    ? findV4(sf, bytes, protocol)
    : sf.isV6 && type !== VIRTIO_NET_HDR_GSO_TCPV4 && findV6(sf, bytes, protocol);
  if (!found || !findPayload(sf, bytes)) return false;
  if (mss === 0 || sf.payload === 0) return false;
  sf.mss = mss;
  sf.segments = Math.ceil(sf.payload / mss);
  return true;
}

function findV4(sf: Superframe, bytes: number, protocol: number): boolean {
  const { u8 } = sf.memory;
  const ip = sf.at + sf.l3;
  if (sf.l3 + IPV4_MIN > bytes || u8[ip] >>> 4 !== 4 || u8[ip + 9] !== protocol) return false;
  const header = (u8[ip] & 0xf) * 4;
  // A fragment has no TCP header to repeat: nobody makes a superframe of one.
  if (header < IPV4_MIN || (be16(u8, ip + 6) & 0x3fff) !== 0) return false;
  sf.l4 = sf.l3 + header;
  sf.id = be16(u8, ip + 4);
  sf.pseudo = fold(sumOf(sf.memory, ip + 12, 8)) + swap16(protocol);
  return true;
}

function findV6(sf: Superframe, bytes: number, protocol: number): boolean {
  const { u8 } = sf.memory;
  const ip = sf.at + sf.l3;
  if (sf.l3 + IPV6_BYTES > bytes || u8[ip] >>> 4 !== 6) return false;
  let next = u8[ip + 6];
  let l4 = sf.l3 + IPV6_BYTES;
  for (let i = 0; i < MAX_EXTENSIONS && IPV6_EXTENSIONS.has(next); i++) {
    if (l4 + 8 > bytes) return false;
    next = u8[sf.at + l4];
    l4 += (u8[sf.at + l4 + 1] + 1) * 8;
  }
  if (next !== protocol) return false;
  sf.l4 = l4;
  sf.pseudo = fold(sumOf(sf.memory, ip + 8, 32)) + swap16(protocol);
  return true;
}

function findPayload(sf: Superframe, bytes: number): boolean {
  const { u8 } = sf.memory;
  const l4 = sf.at + sf.l4;
  if (sf.l4 + (sf.isUdp ? UDP_BYTES : TCP_MIN) > bytes) return false;
  const header = sf.isUdp ? UDP_BYTES : (u8[l4 + 12] >>> 4) * 4;
  if (!sf.isUdp) {
    if (header < TCP_MIN) return false;
    sf.seq = be16(u8, l4 + 4) * 0x10000 + be16(u8, l4 + 6);
    sf.tcpFlags = u8[l4 + 13];
  }
  sf.headerBytes = sf.l4 + header;
  sf.payload = bytes - sf.headerBytes;
  return sf.payload >= 0;
}

/**
 * Length of a segment.
 *
 * @param i number of the segment, from 0
 * @returns bytes with all headers
 */
export function segmentBytes(sf: Superframe, i: number): number {
  return sf.headerBytes + Math.min(sf.mss, sf.payload - i * sf.mss);
}

/**
 * Writes a segment.
 *
 * @param sf the superframe
 * @param i number of the segment, from 0
 * @param memory where to write
 * @param to first byte there, even; {@linkcode segmentBytes} are written
 */
export function writeSegment(sf: Superframe, i: number, memory: Memory, to: number): void {
  const { u8, u16 } = memory;
  const first = i * sf.mss;
  const data = Math.min(sf.mss, sf.payload - first);
  const headers = sf.headerBytes;
  const ip = to + sf.l3;
  const l4 = to + sf.l4;
  copyBetween(memory, to, sf.memory, sf.at, headers);
  copyBetween(memory, to + headers, sf.memory, sf.at + headers + first, data);
  if (sf.isV6) {
    putBe16(u8, ip + 4, headers - sf.l3 - IPV6_BYTES + data);
  } else {
    putBe16(u8, ip + 2, headers - sf.l3 + data);
    putBe16(u8, ip + 4, sf.id + i);
    u16[(ip + 10) >> 1] = 0;
    u16[(ip + 10) >> 1] = ~fold(sumOf(memory, ip, sf.l4 - sf.l3));
  }
  const l4Bytes = headers - sf.l4 + data;
  if (sf.isUdp) putBe16(u8, l4 + 4, l4Bytes);
  else patchTcp(sf, i, u8, l4, first);
  const field = (l4 + (sf.isUdp ? 6 : 16)) >> 1;
  u16[field] = 0;
  const sum = fold(sumOf(memory, l4, l4Bytes) + sf.pseudo + swap16(l4Bytes));
  u16[field] = ~sum & 0xffff || (sf.isUdp ? 0xffff : 0);
}

function patchTcp(sf: Superframe, i: number, u8: Uint8Array, l4: number, first: number): void {
  const seq = sf.seq + first;
  putBe16(u8, l4 + 4, (seq / 0x10000) & 0xffff);
  putBe16(u8, l4 + 6, seq & 0xffff);
  let flags = sf.tcpFlags;
  // What ends the data is said by the last segment, CWR by the first alone (RFC 3168 §6.1.2).
  if (i < sf.segments - 1) flags &= ~(TCP_FIN | TCP_PSH);
  if (i > 0) flags &= ~TCP_CWR;
  u8[l4 + 13] = flags;
}
