/**
 * A received frame that needs more than a copy, in memory of its own: put together, its VLAN tag
 * back in its place, its checksum completed, and then given out in parts, each a packet.
 *
 * ```
 *    memory   0        64      150       156           160                            B
 *             | msghdr | iovec | virtio  |  room for   | frame ...    64 KB           | one part
 *             |        |       | header  |  a VLAN tag |                              | in the making
 * ```
 *
 * @module
 */

import {
  closeFd,
  copyBetween,
  copyWithin,
  createMemfd,
  EAGAIN,
  errno,
  libc,
  mapMemory,
  type Memory,
} from "@netmap/core";
import {
  MSG_DONTWAIT,
  MSG_TRUNC,
  TP_STATUS_COPY,
  TP_STATUS_VLAN_TPID_VALID,
  TP_STATUS_VLAN_VALID,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
  VIRTIO_NET_HDR_GSO_NONE,
  VIRTIO_NET_HDR_SIZE,
} from "../internal/linux_net.ts";
import { completeChecksum } from "../offload/checksum.ts";
import { newSuperframe, openSuperframe, segmentBytes, writeSegment } from "../offload/segment.ts";
import {
  type BigFrame,
  type RxSocket,
  TP_LEN,
  TP_MAC_NET,
  TP_SNAPLEN,
  TP_VLAN_TCI_TPID,
} from "./rx_socket.ts";

const IOVEC_AT = 64;
const FRAME_AT = 160;
const HEADER_AT = FRAME_AT - VIRTIO_NET_HDR_SIZE;
/** IP's longest packet with Ethernet header and VLAN tags, and then some. */
const FRAME_MAX = 65536 + 64;
const PART_AT = (FRAME_AT + FRAME_MAX + 4095) & ~4095;
const BYTES = 2 * PART_AT;
const MAC_BYTES = 12;
const VLAN_BYTES = 4;
const ETH_P_8021Q = 0x8100;

// struct msghdr and struct iovec of 64-bit machines, in words.
const MSG_IOV = 4;
const MSG_IOVLEN = 6;
const MSG_FLAGS = 12;
const IOV_LEN = 2;

/** Memory for big frames. */
export function newBigFrame(): BigFrame {
  const memfd = createMemfd("netmap-af-packet-rx", BYTES);
  const memory = mapMemory(memfd, BYTES);
  closeFd(memfd);
  const { i32, address } = memory;
  const point = (word: number, to: number): void => {
    i32[word] = to % 2 ** 32;
    i32[word + 1] = Math.floor(to / 2 ** 32);
  };
  point(MSG_IOV, address + IOVEC_AT);
  i32[MSG_IOVLEN] = 1;
  point(IOVEC_AT >> 2, address + HEADER_AT);
  i32[(IOVEC_AT >> 2) + IOV_LEN] = VIRTIO_NET_HDR_SIZE + FRAME_MAX;
  return {
    memory,
    loaded: false,
    at: 0,
    length: 0,
    superframe: newSuperframe(memory),
    isSuperframe: false,
    part: 0,
    packets: 0,
    bytes: 0,
  };
}

/**
 * Takes a frame of the ring, or what it stands for in the socket's queue.
 *
 * @param rx the socket
 * @param frameAt byte of its ring at which the frame begins
 * @param status of the frame
 * @returns false when it is lost: cut off by the kernel, or a superframe that we cannot cut
 */
export function loadBigFrame(rx: RxSocket, frameAt: number, status: number): boolean {
  const { big, frames } = rx;
  const { memory } = big;
  const { u16 } = memory;
  const f32 = frames.i32;
  const f = frameAt >> 2;
  const length = f32[f + TP_LEN];
  if ((status & TP_STATUS_COPY) !== 0) {
    if (fetchQueued(rx) !== length) return false;
  } else {
    if (f32[f + TP_SNAPLEN] !== length || length > FRAME_MAX) return false;
    const from = frameAt + (f32[f + TP_MAC_NET] & 0xffff) - VIRTIO_NET_HDR_SIZE;
    copyBetween(memory, HEADER_AT, frames, from, VIRTIO_NET_HDR_SIZE + length);
  }
  const header = HEADER_AT >> 1;
  const flags = u16[header] & 0xff;
  const gsoType = u16[header] >>> 8;
  const gsoSize = u16[header + 2];
  let csumStart = u16[header + 3];
  const csumOffset = u16[header + 4];
  big.at = FRAME_AT;
  big.length = length;
  if ((status & TP_STATUS_VLAN_VALID) !== 0 && length >= MAC_BYTES) {
    const tag = f32[f + TP_VLAN_TCI_TPID];
    const hasTpid = (status & TP_STATUS_VLAN_TPID_VALID) !== 0;
    putTag(big, hasTpid ? tag >>> 16 : ETH_P_8021Q, tag & 0xffff);
    csumStart += VLAN_BYTES;
  }
  big.part = 0;
  big.isSuperframe = gsoType !== VIRTIO_NET_HDR_GSO_NONE;
  if (big.isSuperframe) {
    big.loaded = openSuperframe(
      big.superframe,
      memory,
      big.at,
      big.length,
      gsoType,
      gsoSize,
    );
    return big.loaded;
  }
  if ((flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0) {
    completeChecksum(memory, big.at, big.length, csumStart, csumOffset);
  }
  big.loaded = true;
  return true;
}

/** Receives a frame from the socket's queue. @returns its length, -1 when there is none */
function fetchQueued(rx: RxSocket): number {
  const { memory } = rx.big;
  for (let tries = 0; tries < 3; tries++) {
    const got = libc().recvmsg(rx.fd, memory.u8, MSG_DONTWAIT);
    if (got >= VIRTIO_NET_HDR_SIZE) {
      return (memory.i32[MSG_FLAGS] & MSG_TRUNC) === 0 ? got - VIRTIO_NET_HDR_SIZE : -1;
    }
    const number = errno();
    if (number === EAGAIN) return -1;
    // An error of the socket (ENETDOWN) is told once, and before the packets that wait.
    rx.error = number;
  }
  return -1;
}

/** Puts a VLAN tag that the interface has taken out back behind the addresses. */
function putTag(big: BigFrame, tpid: number, tci: number): void {
  const { memory } = big;
  copyWithin(memory, big.at - VLAN_BYTES, big.at, MAC_BYTES);
  big.at -= VLAN_BYTES;
  big.length += VLAN_BYTES;
  const at = big.at + MAC_BYTES;
  memory.u8[at] = tpid >>> 8;
  memory.u8[at + 1] = tpid;
  memory.u8[at + 2] = tci >>> 8;
  memory.u8[at + 3] = tci;
}

/** Bytes of the part that is next. */
export function partBytes(big: BigFrame): number {
  return big.isSuperframe ? segmentBytes(big.superframe, big.part) : big.length;
}

/**
 * Writes bytes of the part that is next.
 *
 * @param to where to
 * @param dst first byte there, a multiple of 4
 * @param from first byte of the part
 * @param bytes how many; a part is written from its first byte on, piece by piece
 */
export function writePart(
  big: BigFrame,
  to: Memory,
  dst: number,
  from: number,
  bytes: number,
): void {
  if (!big.isSuperframe) {
    copyBetween(to, dst, big.memory, big.at + from, bytes);
    return;
  }
  if (from === 0) {
    if (bytes === segmentBytes(big.superframe, big.part)) {
      writeSegment(big.superframe, big.part, to, dst);
      return;
    }
    writeSegment(big.superframe, big.part, big.memory, PART_AT);
  }
  copyBetween(to, dst, big.memory, PART_AT + from, bytes);
}

/** Goes on to the next part; after the last one there is no frame any more. */
export function nextPart(big: BigFrame): void {
  big.part++;
  if (!big.isSuperframe || big.part === big.superframe.segments) big.loaded = false;
}
