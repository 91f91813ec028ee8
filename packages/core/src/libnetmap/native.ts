/**
 * Structs and texts in a C library's memory: copied out and in, so that nothing of ours points into
 * memory that the library frees.
 *
 * @module
 */

import type { StructLayout } from "../abi/struct.ts";
import { structAssign, structView } from "../abi/struct_view.ts";
import { runtime } from "../runtime/pick.ts";
import { libc } from "../sys/libc.ts";

/** Bytes at an address, as they are now. */
export function readNative(address: number, bytes: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  if (bytes > 0) libc().memcpy(runtime().addressOf(copy), address, bytes);
  return copy;
}

/** A copy of a struct at an address; what it is set to goes nowhere. */
export function readStruct<T>(layout: StructLayout<T>, address: number): T {
  return structView(layout, readNative(address, layout.size));
}

/** Sets members of a struct at an address. */
export function writeStruct<T>(
  layout: StructLayout<T>,
  address: number,
  values: Partial<T>,
): void {
  const bytes = readNative(address, layout.size);
  structAssign(layout, structView(layout, bytes), values);
  libc().memcpy(address, runtime().addressOf(bytes), bytes.length);
}

/** The text that ends in a NUL at an address. */
export function readCString(address: number): string {
  return new TextDecoder().decode(readNative(address, libc().strlen(address)));
}
