/**
 * Sending by copy: the friendly level of transmit rings.
 *
 * Invariant: a frame is taken from the caller only when a slot is free for it, so none is lost when
 * the rings are full; what was copied is published and synced also when a later frame is refused.
 *
 * @module
 */

import { NS_BUF_CHANGED } from "./abi/constants.ts";
import { EINVAL, EMSGSIZE } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import type { Ring } from "./ring.ts";

/** Transmit rings and which of them is filled next. */
export interface TxState {
  readonly rings: readonly Ring[];
  next: number;
}

/**
 * Copies frames into the transmit rings, one slot each, and syncs: at the end, and whenever all
 * rings are full.
 *
 * @param tx the rings; filled one after the other, going on where the last call ended
 * @param bytes the region
 * @param frames taken one by one, as long as there is room
 * @param txsync tells the device
 * @returns how many were taken
 * @throws {NetmapError} EMSGSIZE or EINVAL for a frame that no slot can hold
 */
export function sendFrames(
  tx: TxState,
  bytes: Uint8Array,
  frames: Iterable<Uint8Array>,
  txsync: () => void,
): number {
  const iterator = frames[Symbol.iterator]();
  let taken = 0;
  let ended = false;
  let fresh = false; // whether nothing was copied since the last sync
  while (!ended) {
    let ring = ringWithRoom(tx);
    if (ring === null && !fresh) {
      txsync();
      fresh = true;
      ring = ringWithRoom(tx);
    }
    if (ring === null) return taken;
    fresh = false;
    let i = ring.head;
    try {
      for (let room = ring.space(); room > 0; room--) {
        const { done, value } = iterator.next();
        if (done) {
          ended = true;
          break;
        }
        copyFrame(ring, i, bytes, value, taken);
        i = ring.next(i);
        taken++;
      }
      ring.head = ring.cur = i;
    } catch (error) {
      if (!ring.closed) {
        ring.head = ring.cur = i;
        txsync();
      }
      throw error;
    }
  }
  txsync();
  return taken;
}

/** The ring to fill, which stays the same until it is full, or null when all are. */
function ringWithRoom(tx: TxState): Ring | null {
  const { rings } = tx;
  for (let tried = 0; tried < rings.length; tried++) {
    const ring = rings[tx.next];
    if (!ring.empty()) return ring;
    tx.next = tx.next + 1 === rings.length ? 0 : tx.next + 1;
  }
  return null;
}

function copyFrame(ring: Ring, i: number, bytes: Uint8Array, frame: Uint8Array, n: number): void {
  const at = ring.bufOffset(i);
  const room = ring.bufSize - ring.offset(i);
  if (frame.length > room || frame.length === 0) {
    throw new NetmapError(
      frame.length === 0 ? EINVAL : EMSGSIZE,
      `Cannot send frame ${n} of ${frame.length} bytes on '${ring.portName}' as a slot holds ` +
        `1 to ${room}: the ${n} frames before it were sent`,
      { port: ring.portName },
    );
  }
  bytes.set(frame, at);
  // A buffer that the user swapped in is still new to the device.
  ring.setSlot(i, frame.length, ring.slotFlags(i) & NS_BUF_CHANGED);
}
