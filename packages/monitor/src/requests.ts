/**
 * Opening a monitor on any device: the kernel's, the embedded engine or a daemon's.
 *
 * @module
 */

import {
  isValeName,
  type NetmapDevice,
  NR_MONITOR_RX,
  NR_MONITOR_TX,
  NR_ZCOPY_MON,
  openPort,
  overrideSpec,
  parsePortName,
  type Port,
  type PortOverrides,
  portSpec,
} from "@netmap/core";

/** How to monitor. */
export interface MonitorOptions extends PortOverrides {
  /** What to see: what the port's user sends, receives, or both (when left out). */
  readonly direction?: "tx" | "rx" | "both";
  /**
   * Buffers change hands instead of being copied: the monitor sees packets once they are sent, or
   * given back by the port's user.
   */
  readonly zeroCopy?: boolean;
}

/**
 * Opens a monitor of a port that somebody has open.
 *
 * @param device where
 * @param port the port, as it is opened (`vale0:a`, `netmap:eth0-2`) or as it is called (`port.name`)
 * @param options directions, zero copy; slots of its own with `slots`
 * @returns a port with receive rings alone of use; slots of what was sent have NS_TXMON
 * @throws {NetmapError} EINVAL when nobody has the port open, EOPNOTSUPP where there are no
 * monitors, and what opening a port fails with
 *
 * @example
 * ```ts
 * import type { NetmapDevice } from "@netmap/core";
 * import { openMonitor } from "@netmap/monitor";
 * function sniff(device: NetmapDevice): number {
 *   using monitor = openMonitor(device, "vale0:a", { direction: "rx", zeroCopy: true });
 *   return monitor.receive().length;
 * }
 * ```
 */
export function openMonitor(
  device: NetmapDevice,
  port: string,
  { direction = "both", zeroCopy = false, ...overrides }: MonitorOptions = {},
): Port {
  const spec = port.startsWith("netmap:") || isValeName(port)
    ? parsePortName(port)
    : portSpec({ name: port });
  const flags = (direction === "rx" ? 0 : NR_MONITOR_TX) |
    (direction === "tx" ? 0 : NR_MONITOR_RX) |
    (zeroCopy ? NR_ZCOPY_MON : 0);
  const { pipe: _, ...rest } = overrideSpec(spec, overrides);
  return openPort(device, { ...rest, flags: rest.flags | flags });
}
