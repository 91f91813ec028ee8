/**
 * Option OFFSETS of REGISTER: packets may begin inside their buffers (`netmap_offsets_init`).
 *
 * The bits of a slot's `ptr` that hold an offset, and the largest one, are agreed on by whoever
 * first asks for them on a ring, and hold for all its users; who comes later may ask for as much or
 * less. A ring that nobody holds any more forgets them.
 *
 * @module
 */

import {
  EBUSY,
  EINVAL,
  EOPNOTSUPP,
  NETMAP_REQ_OPT_OFFSETS,
  NetmapError,
  NMREQ_OPT_OFFSETS,
  type NmreqOptOffsets,
  structView,
} from "@netmap/core";
import type { Adapter, RingRange } from "../../adapter.ts";
import type { ControlContext } from "../../feature.ts";
import {
  K_DIR,
  K_FLAGS,
  K_OFFSET_MASK,
  K_OFFSET_MASK_HI,
  K_OFFSET_MAX,
  K_RING_ID,
  K_USERS,
  NKR_NEEDRING,
  NR_RX,
  NR_TX,
} from "../../state/layout.ts";
import { clearOffsets, fillOffsets, setOffsets } from "../../state/offsets.ts";
import { findOption } from "../dispatch.ts";
import { withStatus } from "./option_status.ts";

/** Bits of a slot's `ptr`. */
const PTR_BITS = 64;
/** Larger gaps than buffers mean nothing, and 32 bits are enough for those. */
const MAX_GAP = 0x7fff_ffff;

/** What holds for a ring. */
interface Agreement {
  /** Low word of the mask. */
  readonly mask: number;
  /** High word of the mask. */
  readonly maskHi: number;
  /** Largest offset. */
  readonly max: number;
}

/**
 * Sets offsets up on the rings that a registration binds, which exist.
 *
 * @returns takes it back, for a registration that fails later
 * @throws {NetmapError} EOPNOTSUPP for a port without offsets, EINVAL for values that cannot be,
 *   EBUSY where a ring has less already; with nothing changed
 *
 * @example
 * ```ts
 * import { NR_REG_NULL, openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * using engine = createEngine();
 * using port = openPort(engine.device, {
 *   name: "headroom",
 *   mode: NR_REG_NULL,
 *   memId: 1,
 *   rings: 1,
 *   slots: 64,
 *   offsets: { initial: 64, max: 128, bits: 16 },
 * });
 * const [ring] = port.txRings;
 * console.log(ring.offset(0), ring.bufOffset(0) - ring.bufferOffset(ring.bufIdx(0))); // 64 64
 * ```
 */
export function initOffsets(
  context: ControlContext,
  adapter: Adapter,
  tx: RingRange,
  rx: RingRange,
): () => void {
  const bytes = findOption(context.request, NETMAP_REQ_OPT_OFFSETS);
  if (bytes === null) return () => {};
  return withStatus(bytes, () => {
    const option = structView(NMREQ_OPT_OFFSETS, bytes);
    const rings = [...ringsOf(adapter, NR_TX, tx), ...ringsOf(adapter, NR_RX, rx)];
    const asked = check(option, adapter);
    const agreed = agree(adapter, rings, asked);
    const began = begin(adapter, rings, agreed, option);
    const last = agreed.at(-1) ?? asked;
    option.maxOffset = last.max;
    option.offsetBits = bitsOf(last);
    return () => clearOffsets(adapter.engine.dp.state, adapter.region.memory.i32, began);
  });
}

function ringsOf(adapter: Adapter, dir: number, { first, count }: RingRange): number[] {
  return Array.from({ length: count }, (_, i) => adapter.kring(dir, first + i));
}

function check(option: NmreqOptOffsets, adapter: Adapter): Agreement {
  const { maxOffset: max, initialOffset: initial } = option;
  const refuse = (errno: number, why: string): NetmapError =>
    new NetmapError(errno, `Cannot use offsets in the buffers of '${adapter.name}' ${why}`);
  if (!adapter.hasOffsets) {
    throw refuse(
      EOPNOTSUPP,
      `as ports of kind '${adapter.kind.name}' do not take them: leave the option out`,
    );
  }
  if (option.offsetBits > PTR_BITS) {
    throw refuse(EINVAL, `of ${option.offsetBits} bits: 'ptr' has ${PTR_BITS}`);
  }
  const bits = option.offsetBits || PTR_BITS;
  const bufSize = adapter.region.bufs.objectSize;
  if (max > bufSize) throw refuse(EINVAL, `up to ${max}: a buffer has ${bufSize} bytes`);
  if (max >= 2 ** bits) throw refuse(EINVAL, `up to ${max}: ${bits} bits hold less`);
  if (initial > max) throw refuse(EINVAL, `of ${initial} at first: ${max} is the largest`);
  return { mask: lowBits(Math.min(bits, 32)), maskHi: lowBits(Math.max(bits - 32, 0)), max };
}

/** What will hold for each ring: what is there goes on to the rings behind it, as in netmap. */
function agree(adapter: Adapter, rings: readonly number[], asked: Agreement): Agreement[] {
  const { state } = adapter.engine.dp;
  let now = asked;
  return rings.map((k) => {
    const mask = state[k + K_OFFSET_MASK];
    if (mask === 0) return now;
    const there = { mask, maskHi: state[k + K_OFFSET_MASK_HI], max: state[k + K_OFFSET_MAX] };
    if ((now.mask & ~mask) !== 0 || (now.maskHi & ~there.maskHi) !== 0 || there.max < now.max) {
      const ring = `${state[k + K_DIR] === NR_TX ? "tx" : "rx"} ring ${state[k + K_RING_ID]}`;
      throw new NetmapError(
        EBUSY,
        `Cannot use offsets up to ${now.max} in ${bitsOf(now)} bits with '${adapter.name}' as ` +
          `${ring} has users and up to ${there.max} in ${bitsOf(there)}: ask for no more, or ` +
          "close them first",
      );
    }
    return now = there;
  });
}

/** @returns the rings that had no offsets before */
function begin(
  adapter: Adapter,
  rings: readonly number[],
  agreed: readonly Agreement[],
  { initialOffset, minGap }: NmreqOptOffsets,
): number[] {
  const { state } = adapter.engine.dp;
  const { i32 } = adapter.region.memory;
  const began = rings.filter((k) => state[k + K_OFFSET_MASK] === 0);
  for (const [n, k] of rings.entries()) {
    if (!began.includes(k)) continue;
    setOffsets(state, i32, k, { ...agreed[n], gap: Math.min(minGap, MAX_GAP) });
    // Slots that somebody else has packets in keep theirs: another user, or the other end of a pipe.
    const shared = state[k + K_USERS] > 1 || (state[k + K_FLAGS] & NKR_NEEDRING) !== 0;
    if (initialOffset > 0 && !shared) fillOffsets(state, i32, k, initialOffset);
  }
  return began;
}

function lowBits(bits: number): number {
  return bits >= 32 ? -1 : (1 << bits) - 1;
}

function bitsOf({ mask, maskHi }: Agreement): number {
  return 64 - (maskHi !== 0 ? Math.clz32(maskHi) : 32 + Math.clz32(mask));
}
