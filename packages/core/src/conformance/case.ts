/**
 * What a case of the suite is: data, with a function that asks a device and says what it should have
 * answered.
 *
 * @module
 */

import type { Descriptor, NetmapDevice } from "../device.ts";
import type { NetmapIoctls } from "../abi/ioctl.ts";
import type { Context } from "./context.ts";

/** Something that not every device has; a case that needs it is skipped where it is missing. */
export type Capability =
  | "null-ports"
  | "pipes"
  | "vale"
  | "persistent-ports"
  | "polling"
  | "monitors"
  | "external-memory"
  | "offsets"
  | "csb"
  | "interface"
  | "host-rings"
  | "raw-ioctl"
  | "real-fd";

/** What each capability is, as the end of "the device has no ...". */
export const CAPABILITIES: Readonly<Record<Capability, string>> = {
  "null-ports": "ports with nothing behind them (NR_REG_NULL)",
  "pipes": "pipes",
  "vale": "VALE switches",
  "persistent-ports": "persistent VALE ports (VALE_NEWIF)",
  "polling": "polling of attached ports, which takes two processors",
  "monitors": "monitors (NR_MONITOR_TX, NR_MONITOR_RX)",
  "external-memory": "ports in the caller's memory (option EXTMEM)",
  "offsets": "packets that start inside their buffers (option OFFSETS)",
  "csb": "CSB mode",
  "interface": "network interface to be tried: name one with --interface",
  "host-rings": "network interface with host rings to be tried: name one with --interface",
  "raw-ioctl": "ioctls by pointer",
  "real-fd": "descriptor that poll(2) takes",
};

/** What a case is about. */
export type Area =
  | "registration"
  | "rings"
  | "sync"
  | "poll"
  | "pipes"
  | "vale"
  | "persistent ports"
  | "extra buffers"
  | "exclusivity"
  | "memory"
  | "options"
  | "ioctls by pointer"
  | "port header"
  | "switch control"
  | "legacy"
  | "sync loop"
  | "monitors"
  | "errno";

/** One thing that a device has to do. */
export interface ConformanceCase {
  /** A sentence without its subject, which is the device. */
  readonly name: string;
  /** What it is about. */
  readonly area: Area;
  /** Without these it is skipped. */
  readonly needs?: readonly Capability[];
  /** What netmap does here where that is a fault, undefined, or not what we do; and what we do. */
  readonly reference?: string;
  /** The case says what we do where netmap does otherwise: skipped where netmap itself answers. */
  readonly oursOnly?: boolean;
  /** Asks. @throws when the device does anything else than what the name says */
  run(context: Context): void | Promise<void>;
}

/**
 * Makes an ioctl by pointer on a descriptor of the device.
 *
 * @param argument what the pointer points at, written back in place
 * @returns 0, or the errno that it fails with
 */
export type RawIoctl = (
  descriptor: Descriptor,
  command: keyof NetmapIoctls,
  argument: Uint8Array,
) => number;

/** What the suite is run on. */
export interface ConformanceTarget {
  /** The device. */
  readonly device: NetmapDevice;
  /** What it has. */
  readonly capabilities: ReadonlySet<Capability>;
  /** An interface that may be tried: no frame is sent on it. */
  readonly interface?: string;
  /** How ioctls by pointer are made; for capability `raw-ioctl`. */
  readonly rawIoctl?: RawIoctl;
  /** Whether netmap itself answers: true where silent for a kernel's device. */
  readonly isReference?: boolean;
  /** Called after each case. @throws when something was left behind */
  readonly settled?: () => void;
}

/**
 * Cases of one area.
 *
 * @param area what they are about
 * @param needs what all of them need
 * @param cases the rest of each
 */
export function inArea(
  area: Area,
  needs: readonly Capability[],
  cases: readonly Omit<ConformanceCase, "area">[],
): ConformanceCase[] {
  return cases.map((one) => ({ ...one, area, needs: [...needs, ...(one.needs ?? [])] }));
}
