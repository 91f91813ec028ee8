/**
 * What the program runs on.
 *
 * @module
 */

import { runtime } from "../runtime/pick.ts";

/** The runtime, for output and reports. @returns `bun` or `deno` */
export function runtimeName(): "bun" | "deno" {
  return runtime().name;
}

/**
 * The address of a view's first byte in this process, for structures with pointers in them. It
 * holds as long as the view is reachable and not detached.
 *
 * @param view where to point
 * @returns the address
 */
export function addressOf(view: ArrayBufferView): number {
  return runtime().addressOf(view);
}
