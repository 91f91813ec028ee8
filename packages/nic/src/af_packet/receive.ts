/**
 * The receive half: a TPACKET_V2 ring that the kernel fills, and a copy from there into netmap
 * buffers.
 *
 * ```
 *    frame of the ring (2048 bytes)
 *    0            32            76-10       76                                (tp_mac = 76)
 *    | tpacket2   | sockaddr_ll | virtio   | Ethernet frame ...
 *      status len snaplen mac net sec nsec tci tpid
 * ```
 *
 * With a virtio-net header each frame says what its sender left to the interface: a checksum to
 * complete, a superframe to cut. Both are done here, so that a slot holds what would be on a
 * wire. Frames that are longer than the ring's (superframes, jumbo frames) wait whole in the
 * socket's queue, in the same order (PACKET_COPY_THRESH), and are fetched one by one.
 *
 * Measured on a veth, nanoseconds of CPU a packet of 60 and of 1514 bytes (C, sender's part taken
 * off): recvmmsg 315 and 480, V2 195 and 270, V3 120 and 228. V3 gives its frames out a block at a
 * time, after 1 ms or more (a tick on kernels before 6.18): too late for a ping or a TCP window.
 *
 * @module
 */

import { closeFd, NS_MOREFRAG, RING_SLOTS, SLOT_BUF_IDX, SLOT_LEN_FLAGS } from "@netmap/core";
import {
  C_BAD_BUFFERS,
  C_BYTES,
  C_DROP_DEVICE,
  C_PACKETS,
  type DataPath,
  K_BUF_BASE,
  K_BUF_WORDS,
  K_HWCUR,
  K_HWTAIL,
  K_NUM_BUFS,
  K_NUM_SLOTS,
  K_RING,
} from "@netmap/engine";
import {
  PACKET_OUTGOING,
  TP_STATUS_KERNEL,
  TP_STATUS_LOSING,
  TP_STATUS_USER,
  TP_STATUS_VLAN_VALID,
  VIRTIO_NET_HDR_F_DATA_VALID,
  VIRTIO_NET_HDR_F_NEEDS_CSUM,
} from "../internal/linux_net.ts";
import { completeChecksum } from "../offload/checksum.ts";
import { loadBigFrame, nextPart, partBytes, writePart } from "./big_frame.ts";
import { copyFrame } from "./copy_frame.ts";
import { type RxSocket, TP_LEN, TP_MAC_NET, TP_SNAPLEN, TP_STATUS } from "./rx_socket.ts";
import { readDrops } from "./socket.ts";

/** Byte of `sll_pkttype` in a frame: tpacket2_hdr takes 32 bytes, the sockaddr_ll follows. */
const PKTTYPE_AT = 32 + 10;

/** Closes a socket and its ring. */
export function closeRxSocket(rx: RxSocket): void {
  rx.frames.close();
  rx.big.memory.close();
  closeFd(rx.fd);
}

/** Fills the free slots of a kring from hwtail on (K_BUSY held). */
export function receive(dp: DataPath, k: number, rx: RxSocket): void {
  const { state, counters } = dp;
  const memory = dp.regionOf(k);
  const i32 = memory.i32;
  const { frames, frameBytes, numFrames } = rx;
  const f32 = frames.i32;
  const f16 = frames.u16;
  const n = state[k + K_NUM_SLOTS];
  const slots = state[k + K_RING] + RING_SLOTS;
  const bufBase = state[k + K_BUF_BASE];
  const bufWords = state[k + K_BUF_WORDS];
  const numBufs = state[k + K_NUM_BUFS];
  const bufBytes = bufWords << 2;
  const hwcur = state[k + K_HWCUR];
  const stop = hwcur === 0 ? n - 1 : hwcur - 1;
  const c = k >> 1;
  let tail = Atomics.load(state, k + K_HWTAIL);
  const first = tail;
  let packets = 0;
  let bytes = 0;
  let frame = rx.next;
  let losing = 0;
  let isEmpty = false;
  while (tail !== stop) {
    const f = (frame * frameBytes) >> 2;
    const status = Atomics.load(f32, f + TP_STATUS);
    if ((status & TP_STATUS_USER) === 0) {
      isEmpty = true;
      break;
    }
    losing |= status & TP_STATUS_LOSING;
    const len = f32[f + TP_SNAPLEN];
    const mac = f32[f + TP_MAC_NET] & 0xffff;
    const at = (f << 2) + mac;
    // struct virtio_net_hdr: flags and gso_type are its first two bytes.
    const offload = f16[(at - 10) >> 1] & ~VIRTIO_NET_HDR_F_DATA_VALID;
    if (
      len === f32[f + TP_LEN] && len <= bufBytes && (mac & 3) === 0 &&
      (status & TP_STATUS_VLAN_VALID) === 0 && (offload & ~VIRTIO_NET_HDR_F_NEEDS_CSUM) === 0 &&
      (rx.ignoresOutgoing || frames.u8[(f << 2) + PKTTYPE_AT] !== PACKET_OUTGOING)
    ) {
      const slot = slots + (tail << 2);
      let idx = i32[slot + SLOT_BUF_IDX];
      if (idx <= 0 || idx >= numBufs) {
        // The user broke its slot: the packet goes where it harms nobody.
        idx = i32[slot + SLOT_BUF_IDX] = 0;
        counters[c + C_BAD_BUFFERS]++;
      }
      const dst = (bufBase + idx * bufWords) * 4;
      copyFrame(memory, dst, frames, at, len);
      if (offload !== 0) {
        completeChecksum(memory, dst, len, f16[(at - 4) >> 1], f16[(at - 2) >> 1]);
      }
      i32[slot + SLOT_LEN_FLAGS] = len;
      tail = tail + 1 === n ? 0 : tail + 1;
      packets++;
      bytes += len;
    } else {
      const used = receiveBig(dp, k, rx, f << 2, status, tail, stop);
      tail = (tail + used) % n;
      packets += rx.big.packets;
      bytes += rx.big.bytes;
      rx.big.packets = rx.big.bytes = 0;
      // No room for the rest of it: the frame stays, and is gone on with at the next sync.
      if (rx.big.loaded) break;
    }
    Atomics.store(f32, f + TP_STATUS, TP_STATUS_KERNEL);
    frame = frame + 1 === numFrames ? 0 : frame + 1;
    rx.taken++;
  }
  rx.next = frame;
  if (losing !== 0 || rx.taken >= numFrames) {
    counters[c + C_DROP_DEVICE] += readDrops(rx.fd);
    rx.taken = 0;
  } else if (isEmpty) {
    rx.taken = 0;
  }
  if (tail === first) return;
  counters[c + C_PACKETS] += packets;
  counters[c + C_BYTES] += bytes;
  Atomics.store(state, k + K_HWTAIL, tail);
}

/**
 * Takes a frame that needs more than a copy: longer than a buffer or the ring's frames, a
 * superframe, a VLAN tag to be put back.
 *
 * @param frameAt byte of the ring at which the frame begins
 * @returns slots that were filled
 */
function receiveBig(
  dp: DataPath,
  k: number,
  rx: RxSocket,
  frameAt: number,
  status: number,
  tail: number,
  stop: number,
): number {
  const { state, counters } = dp;
  const { big } = rx;
  const n = state[k + K_NUM_SLOTS];
  const c = k >> 1;
  if (!big.loaded) {
    if (!rx.ignoresOutgoing && rx.frames.u8[frameAt + PKTTYPE_AT] === PACKET_OUTGOING) return 0;
    if (!loadBigFrame(rx, frameAt, status)) {
      counters[c + C_DROP_DEVICE]++;
      return 0;
    }
  }
  const memory = dp.regionOf(k);
  const i32 = memory.i32;
  const slots = state[k + K_RING] + RING_SLOTS;
  const bufBase = state[k + K_BUF_BASE];
  const bufWords = state[k + K_BUF_WORDS];
  const numBufs = state[k + K_NUM_BUFS];
  const bufBytes = bufWords << 2;
  let room = stop - tail;
  if (room < 0) room += n;
  let used = 0;
  while (big.loaded) {
    const total = partBytes(big);
    const needed = Math.ceil(total / bufBytes);
    if (needed >= n) {
      // Could never be placed.
      counters[c + C_DROP_DEVICE]++;
      nextPart(big);
      continue;
    }
    if (used + needed > room) break;
    for (let i = 0; i < needed; i++) {
      const slot = slots + (((tail + used + i) % n) << 2);
      let idx = i32[slot + SLOT_BUF_IDX];
      if (idx <= 0 || idx >= numBufs) {
        idx = i32[slot + SLOT_BUF_IDX] = 0;
        counters[c + C_BAD_BUFFERS]++;
      }
      const from = i * bufBytes;
      const len = Math.min(bufBytes, total - from);
      writePart(big, memory, (bufBase + idx * bufWords) * 4, from, len);
      i32[slot + SLOT_LEN_FLAGS] = len | (i + 1 < needed ? NS_MOREFRAG << 16 : 0);
    }
    used += needed;
    big.packets++;
    big.bytes += total;
    nextPart(big);
  }
  return used;
}
