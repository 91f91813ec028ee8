/**
 * Long copies inside a region and between two, by what is fastest in the runtime, without an
 * allocation.
 *
 * Nanoseconds a copy between buffers of 2048 bytes, 8 of them (in the L1 cache) and 1024 of them:
 *
 * ```
 *                        8 buffers                      1024 buffers
 *    bytes          64   128   256  1514  2048      64   128   256  1514  2048
 *    Bun   loop      4     7    13    85   108      13    23    43   132   137
 *          memmove   3     3     4    13    16      13    15    25   129   128
 *          Array     9     9     9    14    15      15    20    31   129   136
 *    Deno  loop     10    19    36   209   280      18    37    64   215   315
 *          memmove  94    90    91    94   104      92   126   127   227   233
 *          Array    18    18    19    28    29      26    29    35   133   139
 * ```
 *
 * loop: 32-bit words unrolled by 8 or 16, in the caller's own function. memmove: by address through
 * FFI; in Deno its addresses are heap numbers (32 bytes allocated a call). Array: `copyWithin` of
 * a Uint8Array. So: memmove in Bun, `copyWithin` in Deno, and a loop of the caller's own up to
 * {@linkcode shortCopyLimit}.
 *
 * `copyWithin` stays inside one array. Between regions it therefore works on a *span*: one array
 * over everything from the lowest to the highest region seen, which never leaves this file and is
 * only touched where a region is mapped.
 *
 * ```
 *    span   [.......region A.........hole (never touched)........region B....]
 * ```
 *
 * @module
 */

import type { Memory } from "../device.ts";
import { EFAULT } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { libc } from "./libc.ts";

/** memmove by address, once it is known that the runtime is better with it. */
let memmove: ((dst: number, src: number, bytes: number) => void) | null | undefined;

let span = new Uint8Array(0);
let spanStart = 0;
let spanEnd = 0;

function prepare(): typeof memmove {
  return memmove = runtime().copiesByAddress ? libc().memmove : null;
}

/** Makes the span cover two regions more. */
function widen(a: Memory, b: Memory): void {
  const start = Math.min(a.address, b.address);
  const end = Math.max(a.address + a.size, b.address + b.size);
  spanStart = spanEnd === 0 ? start : Math.min(spanStart, start);
  spanEnd = Math.max(spanEnd, end);
  span = new Uint8Array(runtime().viewAt(spanStart, spanEnd - spanStart));
}

function outside(what: string, at: number, bytes: number, memory: Memory): NetmapError {
  const has = memory.closed ? "it is closed" : `it has ${memory.size} bytes`;
  return new NetmapError(
    EFAULT,
    `Cannot copy '${bytes}' bytes ${what} offset '${at}' of a region as ${has}`,
  );
}

/**
 * Up to which size a loop of 32-bit loads and stores, written out in the caller's own function, is
 * faster than {@linkcode copyWithin}.
 *
 * @returns bytes, a multiple of 16
 */
export function shortCopyLimit(): number {
  return runtime().copiesByAddress ? 48 : 112;
}

/**
 * Copies inside a region; source and destination may overlap.
 *
 * @param memory the region
 * @param dst first byte to write
 * @param src first byte to read
 * @param bytes how many, whole
 * @throws {NetmapError} EFAULT when either end is outside the region, or the region is closed
 *
 * @example
 * ```ts
 * import { closeFd, copyWithin, createMemfd, mapMemory } from "@netmap/core";
 * const fd = createMemfd("example", 4096);
 * using memory = mapMemory(fd, 4096);
 * memory.u8[0] = 7;
 * copyWithin(memory, 2048, 0, 60);
 * console.log(memory.u8[2048]); // 7
 * closeFd(fd);
 * ```
 */
export function copyWithin(memory: Memory, dst: number, src: number, bytes: number): void {
  const size = memory.size;
  // Written so that NaN fails too.
  if (!(bytes >= 0 && dst >= 0 && dst + bytes <= size)) throw outside("to", dst, bytes, memory);
  if (!(src >= 0 && src + bytes <= size)) throw outside("from", src, bytes, memory);
  const move = memmove === undefined ? prepare() : memmove;
  if (move) move(memory.address + dst, memory.address + src, bytes);
  else memory.u8.copyWithin(dst, src, src + bytes);
}

/**
 * Copies from one region to another. Both may map the same memory.
 *
 * @param dstMemory where to write
 * @param dst first byte there
 * @param srcMemory where to read
 * @param src first byte there
 * @param bytes how many, whole
 * @throws {NetmapError} EFAULT when either end is outside its region, or a region is closed
 *
 * @example
 * ```ts
 * import { closeFd, copyBetween, createMemfd, mapMemory } from "@netmap/core";
 * const fd = createMemfd("example", 8192);
 * using a = mapMemory(fd, 4096), b = mapMemory(fd, 4096, { offset: 4096 });
 * a.u8[0] = 7;
 * copyBetween(b, 100, a, 0, 60);
 * console.log(b.u8[100]); // 7
 * closeFd(fd);
 * ```
 */
export function copyBetween(
  dstMemory: Memory,
  dst: number,
  srcMemory: Memory,
  src: number,
  bytes: number,
): void {
  const dstSize = dstMemory.size;
  const srcSize = srcMemory.size;
  if (!(bytes >= 0 && dst >= 0 && dst + bytes <= dstSize)) {
    throw outside("to", dst, bytes, dstMemory);
  }
  if (!(src >= 0 && src + bytes <= srcSize)) throw outside("from", src, bytes, srcMemory);
  if (bytes === 0) return;
  const to = dstMemory.address;
  const from = srcMemory.address;
  const move = memmove === undefined ? prepare() : memmove;
  if (move) {
    move(to + dst, from + src, bytes);
    return;
  }
  if (
    to < spanStart || from < spanStart || to + dstSize > spanEnd || from + srcSize > spanEnd
  ) {
    widen(dstMemory, srcMemory);
  }
  const first = from - spanStart + src;
  span.copyWithin(to - spanStart + dst, first, first + bytes);
}
