/**
 * Packet sockets (packet(7)) as the driver wants them. Whatever they change of an interface
 * (promiscuous mode) the kernel takes back when they are closed, also when the process is killed.
 *
 * @module
 */

import { check, closeFd, EPERM, errno, failure, libc, mapMemory, NetmapError } from "@netmap/core";
import type { NicOpenOptions } from "../driver.ts";
import type { InterfaceInfo } from "../interfaces.ts";
import {
  AF_PACKET,
  ETH_P_ALL_BE,
  PACKET_ADD_MEMBERSHIP,
  PACKET_COPY_THRESH,
  PACKET_IGNORE_OUTGOING,
  PACKET_MR_PROMISC,
  PACKET_RX_RING,
  PACKET_STATISTICS,
  PACKET_VERSION,
  PACKET_VNET_HDR,
  SO_ERROR,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_PACKET,
  SOL_SOCKET,
  TPACKET_V2,
} from "../internal/linux_net.ts";
import { newBigFrame } from "./big_frame.ts";
import type { RxSocket } from "./rx_socket.ts";
import { newTxSocket, type TxSocket } from "./transmit.ts";

/** Headers in front of a frame of the ring, rounded up. */
const RING_HEADERS = 96;
const FRAME_MIN = 2048;
const FRAME_MAX = 16384;
const BLOCK_BYTES = 1 << 17;
/** Bytes (as the kernel counts them) that superframes may wait in: some 200 of 64 KB. */
const QUEUE_BYTES = 16 << 20;

/** Opens a socket to receive from an interface, with its ring. */
export function openRxSocket(info: InterfaceInfo, options: NicOpenOptions): RxSocket {
  const fd = openSocket(info.name);
  try {
    const ignoresOutgoing = trySet(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set(fd, PACKET_VERSION, TPACKET_V2, "use version 2 of packet rings");
    set(fd, PACKET_VNET_HDR, 1, "receive offload headers");
    set(fd, PACKET_COPY_THRESH, 1, "receive long frames whole");
    // The first takes the right to administer the network, as raising the system's limit does.
    if (!trySet(fd, SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)) {
      trySet(fd, SOL_SOCKET, SO_RCVBUF, QUEUE_BYTES);
    }
    const { frameBytes, numFrames } = makeRing(fd, info, options);
    bindTo(fd, info, ETH_P_ALL_BE);
    if (options.promiscuous) setPromiscuous(fd, info);
    const frames = mapMemory(fd, frameBytes * numFrames, { populate: true });
    return {
      fd,
      frames,
      frameBytes,
      numFrames,
      ignoresOutgoing,
      next: 0,
      taken: 0,
      error: 0,
      big: newBigFrame(),
    };
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Opens a socket to send to an interface. It hears nothing. */
export function openTxSocket(info: InterfaceInfo): TxSocket {
  const fd = openSocket(info.name);
  try {
    bindTo(fd, info, 0);
    return newTxSocket(fd);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

const WORDS = new Int32Array(2);
const LENGTH = new Int32Array(1);

/** Packets that the kernel had no room for since the last look. */
export function readDrops(fd: number): number {
  LENGTH[0] = 8;
  // struct tpacket_stats: packets, drops; reading resets both.
  if (libc().getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, WORDS, LENGTH) === -1) return 0;
  return WORDS[1] >>> 0;
}

/** Takes a socket's pending error away. @returns its errno, 0 for none */
export function takeSocketError(fd: number): number {
  LENGTH[0] = 4;
  if (libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, WORDS, LENGTH) === -1) return 0;
  return WORDS[0];
}

function openSocket(name: string): number {
  // Protocol 0 hears nothing: with ETH_P_ALL it would hear all interfaces until it is bound.
  const fd = libc().socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd !== -1) return fd;
  const number = errno();
  if (number !== EPERM) throw failure(number, `open a packet socket for '${name}'`);
  throw new NetmapError(
    EPERM,
    `Cannot open interface '${name}' as this process may not use packet sockets: run it as root, ` +
      "or give the runtime the capability CAP_NET_RAW ('setcap cap_net_raw+ep' on its program)",
    { port: name },
  );
}

function trySet(fd: number, level: number, option: number, value: number): boolean {
  WORDS[0] = value;
  return libc().setsockopt(fd, level, option, WORDS, 4) === 0;
}

function set(fd: number, option: number, value: number, what: string): void {
  if (!trySet(fd, SOL_PACKET, option, value)) throw failure(errno(), what);
}

function makeRing(
  fd: number,
  info: InterfaceInfo,
  options: NicOpenOptions,
): { frameBytes: number; numFrames: number } {
  let frameBytes = FRAME_MIN;
  while (frameBytes < FRAME_MAX && frameBytes < info.mtu + 18 + RING_HEADERS) frameBytes *= 2;
  const aBlock = BLOCK_BYTES / frameBytes;
  const blocks = Math.max(1, Math.ceil(options.backlog / aBlock));
  const numFrames = blocks * aBlock;
  // struct tpacket_req
  const request = new Int32Array([BLOCK_BYTES, blocks, frameBytes, numFrames]);
  check(
    libc().setsockopt(fd, SOL_PACKET, PACKET_RX_RING, request, 16),
    `make a ring of ${numFrames} frames of ${frameBytes} bytes for '${info.name}'`,
  );
  return { frameBytes, numFrames };
}

function bindTo(fd: number, info: InterfaceInfo, protocol: number): void {
  // struct sockaddr_ll
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, true);
  view.setInt32(4, info.index, true);
  check(libc().bind(fd, address, address.length), `bind a packet socket to '${info.name}'`);
}

function setPromiscuous(fd: number, info: InterfaceInfo): void {
  // struct packet_mreq
  const membership = new Uint8Array(16);
  const view = new DataView(membership.buffer);
  view.setInt32(0, info.index, true);
  view.setUint16(4, PACKET_MR_PROMISC, true);
  check(
    libc().setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, membership.length),
    `receive frames of all addresses from '${info.name}'`,
  );
}
