/**
 * Superframes as a stack would hand them to an interface, and a socket that hands them over.
 *
 * @module
 */

import { check, closeFd, libc } from "@netmap/core";
import {
  AF_PACKET,
  PACKET_VNET_HDR,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_PACKET,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from "../internal/linux_net.ts";

/** What a frame is made of. */
export interface FrameShape {
  readonly v6: boolean;
  readonly udp: boolean;
  /** VLAN tags, 0 to 2. */
  readonly vlans: number;
  /** Words of IPv4 options, or of an IPv6 destination options header (two words each). */
  readonly ipOptions: number;
  /** Words of TCP options. */
  readonly tcpOptions: number;
  readonly tcpFlags: number;
  readonly id: number;
  readonly seq: number;
  readonly payload: number;
  /** Payload of a segment; 0 for an ordinary frame that wants its checksum completed. */
  readonly mss: number;
  readonly seed: number;
}

/** A frame with its `struct virtio_net_hdr` in front. */
export function makeFrame(shape: FrameShape): Uint8Array {
  const { v6, udp, vlans, ipOptions, tcpOptions, payload, mss } = shape;
  const l3 = 14 + vlans * 4;
  const extension = v6 ? (ipOptions > 0 ? 8 * ipOptions : 0) : 4 * ipOptions;
  const l4 = l3 + (v6 ? 40 : 20) + extension;
  const l4Header = udp ? 8 : 20 + tcpOptions * 4;
  const bytes = l4 + l4Header + payload;
  const all = new Uint8Array(10 + bytes);
  const frame = all.subarray(10);
  let random = shape.seed | 0;
  for (let i = 0; i < bytes; i++) {
    random = Math.imul(random, 1103515245) + 12345 | 0;
    frame[i] = random >>> 16;
  }
  const view = new DataView(frame.buffer, frame.byteOffset);
  frame.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1]);
  for (let i = 0; i < vlans; i++) view.setUint32(12 + i * 4, 0x81000000 | (100 + i));
  view.setUint16(l3 - 2, v6 ? 0x86dd : 0x0800);
  const protocol = udp ? 17 : 6;
  const l4Bytes = l4Header + payload;
  if (v6) {
    view.setUint32(l3, 0x60000000);
    view.setUint16(l3 + 4, extension + l4Bytes);
    frame[l3 + 6] = extension > 0 ? 60 : protocol;
    frame[l3 + 7] = 64;
    if (extension > 0) {
      frame.fill(0, l3 + 40, l4); // Pad1 options
      frame[l3 + 40] = protocol;
      frame[l3 + 41] = extension / 8 - 1;
    }
  } else {
    frame[l3] = 0x45 + ipOptions;
    view.setUint16(l3 + 2, 20 + extension + l4Bytes);
    view.setUint16(l3 + 4, shape.id);
    view.setUint16(l3 + 6, 0x4000);
    frame[l3 + 8] = 64;
    frame[l3 + 9] = protocol;
    frame.fill(1, l3 + 20, l4); // NOP options
    view.setUint16(l3 + 10, 0);
    view.setUint16(l3 + 10, ~fold(sum(frame, l3, l4)) & 0xffff);
  }
  if (udp) view.setUint16(l4 + 4, l4Bytes);
  else {
    view.setUint32(l4 + 4, shape.seq);
    frame[l4 + 12] = (l4Header / 4) << 4;
    frame[l4 + 13] = shape.tcpFlags;
    frame.fill(1, l4 + 20, l4 + l4Header);
  }
  // What a sender leaves in the field: the sum of the pseudo header.
  const [from, to] = v6 ? [l3 + 8, l3 + 40] : [l3 + 12, l3 + 20];
  view.setUint16(l4 + (udp ? 6 : 16), fold(sum(frame, from, to) + protocol + l4Bytes));
  const header = new DataView(all.buffer);
  all[0] = VIRTIO_NET_HDR_F_NEEDS_CSUM;
  all[1] = gsoType(shape);
  header.setUint16(2, l4 + l4Header, true);
  header.setUint16(4, mss, true);
  header.setUint16(6, l4, true);
  header.setUint16(8, udp ? 6 : 16, true);
  return all;
}

function gsoType({ mss, udp, v6, tcpFlags }: FrameShape): number {
  if (mss === 0) return VIRTIO_NET_HDR_GSO_NONE;
  if (udp) return VIRTIO_NET_HDR_GSO_UDP_L4;
  return (v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4) |
    ((tcpFlags & 0x80) !== 0 ? VIRTIO_NET_HDR_GSO_ECN : 0);
}

/** Whether a frame made of a shape has good checksums, reckoned the plain way. */
export function hasGoodChecksums(frame: Uint8Array, { v6, udp, vlans }: FrameShape): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset);
  const l3 = 14 + vlans * 4;
  let l4 = l3 + (v6 ? 40 : (frame[l3] & 0xf) * 4);
  if (v6 && frame[l3 + 6] === 60) l4 += (frame[l4 + 1] + 1) * 8;
  const end = l3 + (v6 ? 40 + view.getUint16(l3 + 4) : view.getUint16(l3 + 2));
  if (
    end !== frame.length || (!v6 && fold(sum(frame, l3, l3 + (frame[l3] & 0xf) * 4)) !== 0xffff)
  ) {
    return false;
  }
  const [from, to] = v6 ? [l3 + 8, l3 + 40] : [l3 + 12, l3 + 20];
  const pseudo = sum(frame, from, to) + (udp ? 17 : 6) + (end - l4);
  return fold(pseudo + sum(frame, l4, end)) === 0xffff;
}

/** Sum of big-endian halves. */
export function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += (i - from) % 2 === 0 ? bytes[i] * 256 : bytes[i];
  return total;
}

/** Adds a sum's carries, the plain way. */
export function fold(total: number): number {
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 65536);
  return total;
}

/** A packet socket that takes frames with their virtio-net header. */
export class OffloadSender implements Disposable {
  readonly #fd: number;

  constructor(name: string) {
    const { socket, bind, setsockopt, if_nametoindex } = libc();
    this.#fd = check(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket");
    check(setsockopt(this.#fd, SOL_PACKET, PACKET_VNET_HDR, new Int32Array([1]), 4), "set it up");
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setInt32(4, if_nametoindex(new TextEncoder().encode(`${name}\0`)), true);
    check(bind(this.#fd, address, 20), "bind it");
  }

  /** Sends a frame made by {@linkcode makeFrame}. */
  send(frame: Uint8Array): void {
    check(libc().sendto(this.#fd, frame, frame.length, 0, null, 0), "send a superframe");
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
