/**
 * The network interfaces of this machine, or of the network namespace that the program runs in.
 *
 * @module
 */

import { ENXIO, NetmapError } from "@netmap/core";
import { driverName } from "./internal/ethtool.ts";
import {
  ARPHRD_ETHER,
  ARPHRD_LOOPBACK,
  IFF_LOWER_UP,
  IFF_UP,
  IFNAMSIZ,
} from "./internal/linux_net.ts";
import { getLinks, type Link } from "./internal/netlink.ts";

/** What is known of a network interface. */
export interface InterfaceInfo {
  /** Its name: `eth0`. */
  readonly name: string;
  /** Its index, which stays when it is renamed. */
  readonly index: number;
  /** Its hardware address: `02:00:00:00:00:01`; empty where it has none. */
  readonly mac: string;
  /** Bytes that it carries after an Ethernet header. */
  readonly mtu: number;
  /** Whether it is switched on. */
  readonly up: boolean;
  /** Whether it is up and has a link. */
  readonly running: boolean;
  /** Whether it carries Ethernet frames, and so can be a netmap port. */
  readonly ethernet: boolean;
  /** Its kernel driver: `virtio_net`, `veth`; empty where it does not say. */
  readonly driver: string;
}

/**
 * The interfaces that can be asked for by name. Needs no privilege.
 *
 * @returns all of them, in the kernel's order
 * @throws {NetmapError} ENOSYS on systems without netlink
 *
 * @example
 * ```ts
 * import { interfaces } from "@netmap/nic";
 * for (const { name, mac, up } of interfaces()) console.log(name, mac, up ? "up" : "down");
 * ```
 */
export function interfaces(): InterfaceInfo[] {
  return getLinks(null).map(infoOf);
}

/**
 * One interface by its name.
 *
 * @param name as the system has it: `eth0`
 * @throws {NetmapError} ENXIO for a name that no interface can have, and when there is none, with the
 *   names that exist
 */
export function findInterface(name: string): InterfaceInfo {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes >= IFNAMSIZ) {
    throw new NetmapError(
      ENXIO,
      `Cannot open interface '${name}' as a name has 1 to ${
        IFNAMSIZ - 1
      } bytes: this one has ${bytes}`,
      { port: name },
    );
  }
  const [link] = getLinks(name);
  if (link !== undefined) return infoOf(link);
  const names = getLinks(null).map((one) => one.name);
  const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
  throw new NetmapError(
    ENXIO,
    `Cannot open interface '${name}' as there is none of that name: ` +
      `there are ${names.slice(0, 20).join(", ")}${more}`,
    { port: name },
  );
}

/**
 * One interface by its index.
 *
 * @param index as {@linkcode InterfaceInfo} has it
 * @returns null when it is gone
 */
export function interfaceAt(index: number): InterfaceInfo | null {
  const [link] = getLinks(index);
  return link === undefined ? null : infoOf(link);
}

function infoOf(link: Link): InterfaceInfo {
  const up = (link.flags & IFF_UP) !== 0;
  return {
    name: link.name,
    index: link.index,
    mac: Array.from(link.address, (byte) => byte.toString(16).padStart(2, "0")).join(":"),
    mtu: link.mtu,
    up,
    running: up && (link.flags & IFF_LOWER_UP) !== 0,
    ethernet: link.type === ARPHRD_ETHER || link.type === ARPHRD_LOOPBACK,
    driver: link.kind || driverName(link.name),
  };
}
