/**
 * The list of extra buffers that a registration may ask for.
 *
 * ```
 *   ni_bufs_head --> buffer 900 --> buffer 901 --> 0        the first word of each buffer is the
 *                    | 901 |        |  0  |                 index of the next one, 0 ends the list
 * ```
 *
 * The device walks the list on close and takes back what is on it. Whoever moves one of these
 * buffers into a slot puts the buffer that it replaced on the list.
 *
 * @module
 */

import { IF_BUFS_HEAD } from "./abi/netmap_if.ts";
import type { Memory } from "./device.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import type { Ring } from "./ring.ts";

/**
 * Reads the list, never more of it than there are buffers.
 *
 * @param memory the region
 * @param nifp bytes from its start to the port's `netmap_if`
 * @param ring any ring of the port; null when it has none
 * @returns buffer indexes in order
 * @throws {NetmapError} EINVAL when the list comes back to itself or leaves the region
 */
export function readExtraBuffers(memory: Memory, nifp: number, ring: Ring | null): number[] {
  const { i32 } = memory;
  const seen = new Set<number>();
  let idx = i32[nifp / 4 + IF_BUFS_HEAD] >>> 0;
  while (idx !== 0) {
    const count = ring?.bufCount ?? 0;
    if (seen.has(idx) || idx >= count) {
      const why = seen.has(idx) ? "comes a second time" : `is none of ${count}`;
      throw new NetmapError(
        EINVAL,
        `Cannot read the list of extra buffers as buffer '${idx}', number ${seen.size} on it, ${why}`,
        { port: ring?.portName },
      );
    }
    seen.add(idx);
    idx = readWord(memory, ring!.bufferOffset(idx));
  }
  return [...seen];
}

/**
 * Writes the list, so that these buffers are taken back on close.
 *
 * @param memory the region
 * @param nifp bytes from its start to the port's `netmap_if`
 * @param ring any ring of the port
 * @param list buffer indexes, each once; the first word of each buffer is overwritten
 * @throws {NetmapError} EINVAL, with nothing written, for an index that is no buffer or comes twice
 */
export function writeExtraBuffers(
  memory: Memory,
  nifp: number,
  ring: Ring | null,
  list: readonly number[],
): void {
  const places = list.map((idx) => {
    if (ring === null || !Number.isInteger(idx) || idx < 2 || idx >= ring.bufCount) {
      throw new NetmapError(
        EINVAL,
        `Cannot put buffer '${idx}' on the list of extra buffers: indexes go from 2 to ${
          (ring?.bufCount ?? 0) - 1
        }`,
        { port: ring?.portName },
      );
    }
    return ring.bufferOffset(idx);
  });
  if (new Set(list).size !== list.length) {
    throw new NetmapError(
      EINVAL,
      "Cannot put a buffer on the list of extra buffers twice: name each index once",
      { port: ring?.portName },
    );
  }
  places.forEach((place, n) => writeWord(memory, place, list[n + 1] ?? 0));
  memory.i32[nifp / 4 + IF_BUFS_HEAD] = list[0] ?? 0;
}

// Buffers need not begin at a multiple of 4: buf_ofs is any number of bytes.
function readWord({ u8 }: Memory, at: number): number {
  return (u8[at] | u8[at + 1] << 8 | u8[at + 2] << 16 | u8[at + 3] << 24) >>> 0;
}

function writeWord({ u8 }: Memory, at: number, word: number): void {
  for (let n = 0; n < 4; n++) u8[at + n] = word >>> (8 * n);
}
