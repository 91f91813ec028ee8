/**
 * CSB mode and the loop on any device: functions that build control requests and have them carried out.
 *
 * @module
 */

import {
  type ControlRequest,
  csbEnable,
  type KloopEventfds,
  NM_OPT_SYNC_KLOOP_DIRECT_RX,
  NM_OPT_SYNC_KLOOP_DIRECT_TX,
  optKloopEventfds,
  optKloopMode,
  syncKloopStart,
  syncKloopStop,
} from "@netmap/core";
import type { Csb } from "./client/csb.ts";

/** Who carries out requests: a descriptor of any device, or an attached thread's end of one. */
export interface Controlled {
  /** Carries out a control request. @throws {NetmapError} with the errno that netmap gives */
  control(request: ControlRequest): void;
}

/** How the loop is to run. */
export interface StartOptions {
  /** Pairs of eventfds, one for each bound ring, transmit rings first; absent to busy-wait. */
  readonly eventfds?: readonly KloopEventfds[];
  /** Microseconds between two looks of a busy wait that found nothing, 0 to 1000000; 0 if absent. */
  readonly sleepUs?: number;
  /** Rings that whoever kicks them syncs. */
  readonly direct?: "tx" | "rx" | "both";
  /** The port's name, for error messages. */
  readonly name?: string;
}

const DIRECT: Readonly<Record<string, number>> = {
  tx: NM_OPT_SYNC_KLOOP_DIRECT_TX,
  rx: NM_OPT_SYNC_KLOOP_DIRECT_RX,
  both: NM_OPT_SYNC_KLOOP_DIRECT_TX | NM_OPT_SYNC_KLOOP_DIRECT_RX,
};

/**
 * Runs the sync loop of a descriptor in CSB mode **in this thread, until another one stops it**. So it
 * belongs into a Worker.
 *
 * @param descriptor a kernel's, an engine's in its owner, or an `AttachedKloop` in a Worker
 * @param options eventfds, or how to busy-wait
 * @throws {NetmapError} ENXIO without a port, EINVAL without CSB mode or for options that cannot be,
 * EBUSY while a loop runs, EBADF for an eventfd that is not open, EIO when the port goes away
 *
 * @example
 * ```ts
 * import type { Descriptor, KloopEventfds } from "@netmap/core";
 * import { startKloop } from "@netmap/kloop";
 * function serve(descriptor: Descriptor, eventfds: readonly KloopEventfds[]): void {
 *   startKloop(descriptor, { eventfds }); // returns after a stopKloop()
 * }
 * ```
 */
export function startKloop(descriptor: Controlled, options: StartOptions = {}): void {
  const { eventfds, sleepUs = 0, direct, name = "" } = options;
  const list: Uint8Array[] = [];
  if (direct !== undefined) list.push(optKloopMode(DIRECT[direct]));
  if (eventfds !== undefined) list.push(optKloopEventfds(eventfds));
  descriptor.control(syncKloopStart(name, sleepUs, list).request);
}

/**
 * Stops the sync loop of a descriptor and waits until it has ended. Where none runs, the next start
 * returns at once: a stop that overtakes its start is not lost.
 *
 * @param descriptor the same descriptor, in any thread
 * @throws {NetmapError} ENXIO without a port
 *
 * @example
 * ```ts
 * import type { Descriptor } from "@netmap/core";
 * import { stopKloop } from "@netmap/kloop";
 * function end(descriptor: Descriptor): void {
 *   stopKloop(descriptor);
 *   descriptor.close();
 * }
 * ```
 */
export function stopKloop(descriptor: Controlled, name: string = ""): void {
  descriptor.control(syncKloopStop(name).request);
}

/**
 * Puts a registered descriptor into CSB mode. From then on its own syncs and polls are refused.
 *
 * @param descriptor registered with NR_EXCLUSIVE
 * @param csb entries, one of each for every bound ring
 * @throws {NetmapError} EINVAL for a registration that is not exclusive, EFAULT for memory that is not
 * there or, with the embedded engine, not shared; EBUSY while a loop runs
 *
 * @example
 * ```ts
 * import type { Descriptor } from "@netmap/core";
 * import { type Csb, createCsb, enableCsb } from "@netmap/kloop";
 * function intoCsbMode(descriptor: Descriptor, rings: number): Csb {
 *   const csb = createCsb(rings);
 *   enableCsb(descriptor, csb);
 *   return csb;
 * }
 * ```
 */
export function enableCsb(
  descriptor: Controlled,
  csb: Pick<Csb, "option">,
  name: string = "",
): void {
  descriptor.control(csbEnable(name, [csb.option()]).request);
}
