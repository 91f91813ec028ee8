/**
 * The errors of a ring, out of the way of the code that checks for them.
 *
 * @module
 */

import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";

/** A slot index that is not below `num_slots`. */
export function slotError(port: string, i: number, numSlots: number): NetmapError {
  const range = `slots go from 0 to ${numSlots - 1}`;
  return new NetmapError(EINVAL, `Cannot use slot '${i}' of a ring of '${port}': ${range}`, {
    port,
  });
}

/** A buffer index that is not in the region, or netmap's own. */
export function bufferError(port: string, idx: number, least: number, count: number): NetmapError {
  const range = `indexes go from ${least} to ${count - 1}`;
  return new NetmapError(EINVAL, `Cannot use buffer '${idx}' in a ring of '${port}': ${range}`, {
    port,
  });
}

/** A length or flags of more than 16 bits. */
export function halfError(port: string, what: string, value: number): NetmapError {
  const range = "16 bits hold 0 to 65535";
  return new NetmapError(EINVAL, `Cannot set ${what} '${value}' in a slot of '${port}': ${range}`, {
    port,
  });
}

/** An offset found in a slot that leads out of its buffer. */
export function offsetError(port: string, offset: number, bufSize: number): NetmapError {
  const room = `its buffers have ${bufSize} bytes`;
  return new NetmapError(
    EINVAL,
    `Cannot use offset '${offset}' in a slot of '${port}' as ${room}`,
    {
      port,
    },
  );
}

/** An offset that cannot be stored. */
export function setOffsetError(
  port: string,
  offset: number,
  bufSize: number,
  hasOffsets: boolean,
): NetmapError {
  const why = hasOffsets
    ? `it exceeds the buffer of ${bufSize} bytes or the bits agreed on`
    : "the port was opened without offsets: open it with 'offsets' or '@offset='";
  return new NetmapError(EINVAL, `Cannot set offset '${offset}' in a slot of '${port}' as ${why}`, {
    port,
  });
}

/** More slots to give away than the user holds. */
export function advanceError(port: string, n: number, space: number): NetmapError {
  const held = `${space} are the user's`;
  return new NetmapError(EINVAL, `Cannot advance a ring of '${port}' by '${n}' slots: ${held}`, {
    port,
  });
}
