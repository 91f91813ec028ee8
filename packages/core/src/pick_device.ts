/**
 * Which device a program runs on: `NETMAP` says, or else the first that answers.
 *
 * ```
 *   NETMAP=kernel  kernel:/path  embedded  unix:/run/netmap.sock
 *   unset:         the kernel device if it opens, a daemon if one answers, else embedded
 * ```
 *
 * Devices register themselves, so that core knows none of those above it.
 *
 * @module
 */

import type { NetmapDevice } from "./device.ts";
import { EINVAL, ENODEV } from "./errno.ts";
import { NetmapError } from "./errors.ts";

/** A kind of device that can be picked. */
export interface DeviceProvider {
  /** First word of the selector: `kernel`, `unix`, `embedded`. */
  readonly scheme: string;
  /** Place in the search when nothing is selected: kernel 10, daemon 20, embedded 30. */
  readonly order: number;
  /**
   * Opens the device.
   *
   * @param argument what stands after the colon of the selector; empty without one
   * @param selected false while searching: return null when there is no such device here
   * @throws {NetmapError} when it was selected and cannot be had
   */
  open(argument: string, selected: boolean): NetmapDevice | null;
}

const providers: DeviceProvider[] = [];

/** Makes a kind of device known. A later one of the same scheme takes the place of an earlier. */
export function registerDevice(provider: DeviceProvider): void {
  const known = providers.findIndex((other) => other.scheme === provider.scheme);
  if (known >= 0) providers.splice(known, 1);
  providers.push(provider);
  providers.sort((a, b) => a.order - b.order);
}

/** The value of `NETMAP` in the environment; empty when unset or when it may not be read. */
export function deviceSelector(): string {
  try {
    return globalThis.process?.env?.NETMAP ?? "";
  } catch {
    // Deno without --allow-env: as if unset.
    return "";
  }
}

/**
 * The device that a selector names, or the first that answers when it is empty.
 *
 * @param selector `kernel`, `kernel:/path`, `embedded`, `unix:/path`; the environment's when left out
 * @throws {NetmapError} EINVAL for a selector of no known kind, ENODEV when nothing answers
 *
 * @example
 * ```ts
 * import { type NetmapDevice, pickDevice, registerDevice } from "@netmap/core";
 * const mine = { kind: "embedded", name: "mine" } as NetmapDevice;
 * registerDevice({ scheme: "mine", order: 40, open: () => mine });
 * console.log(pickDevice("mine").name);
 * ```
 */
export function pickDevice(selector: string = deviceSelector()): NetmapDevice {
  if (selector === "") {
    for (const provider of providers) {
      const device = provider.open("", false);
      if (device) return device;
    }
    throw new NetmapError(
      ENODEV,
      "Cannot find a netmap device: import '@netmap/netmap' for the embedded one",
    );
  }
  const colon = selector.indexOf(":");
  const scheme = colon < 0 ? selector : selector.slice(0, colon);
  const provider = providers.find((one) => one.scheme === scheme);
  const device = provider?.open(colon < 0 ? "" : selector.slice(colon + 1), true);
  if (device) return device;
  throw new NetmapError(
    EINVAL,
    `Cannot use NETMAP '${selector}' as there is no such kind of device: use one of ${
      providers.map((one) => `'${one.scheme}'`).join(", ")
    }`,
  );
}
