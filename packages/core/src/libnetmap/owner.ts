/**
 * What a port of libnetmap knows of the library that it is from.
 *
 * @module
 */

import type { KernelDevice } from "../kernel/kernel_device.ts";
import type { NmContext } from "./context.ts";
import type { Nmport } from "./nmport.ts";
import type { LibnetmapCalls } from "./symbols.ts";

/** The library, as its ports see it. */
export interface NmportOwner {
  /** The C functions. */
  readonly calls: LibnetmapCalls;
  /** Their context. */
  readonly context: NmContext;
  /** The device that descriptors of the library's are of. */
  readonly device: KernelDevice;
  /** All ports that are not closed. */
  readonly ports: Set<Nmport>;
  /** How to end those that are open, by descriptor. */
  readonly opened: Map<number, () => void>;
}
