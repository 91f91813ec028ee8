/**
 * Questions to an interface's driver (`SIOCETHTOOL`). Asking needs no privilege.
 *
 * ```
 *    struct ifreq  | name 16 | address of the command 8 | ... 40 bytes in all
 * ```
 *
 * @module
 */

import { addressOf, check, closeFd, cString, libc } from "@netmap/core";
import {
  AF_INET,
  ETH_FLAG_LRO,
  ETHTOOL_GDRVINFO,
  ETHTOOL_GFLAGS,
  IFNAMSIZ,
  SIOCETHTOOL,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
} from "./linux_net.ts";

const DRVINFO_BYTES = 196;
const DRVINFO_DRIVER = 4;
const DRVINFO_DRIVER_BYTES = 32;

/**
 * The name of an interface's kernel driver.
 *
 * @param name the interface
 * @returns `veth`, `virtio_net`, `ixgbe`; empty when it does not say
 */
export function driverName(name: string): string {
  const answer = ask(name, ETHTOOL_GDRVINFO, DRVINFO_BYTES);
  if (answer === null) return "";
  const bytes = answer.subarray(DRVINFO_DRIVER, DRVINFO_DRIVER + DRVINFO_DRIVER_BYTES);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * Whether an interface merges frames before the kernel sees them (large receive offload).
 *
 * @param name the interface
 */
export function hasLro(name: string): boolean {
  const answer = ask(name, ETHTOOL_GFLAGS, 8);
  if (answer === null) return false;
  return (new DataView(answer.buffer).getUint32(4, true) & ETH_FLAG_LRO) !== 0;
}

/** @returns the command's structure with the answer in it; null when the driver has none */
function ask(name: string, command: number, bytes: number): Uint8Array | null {
  const structure = new Uint8Array(bytes);
  new DataView(structure.buffer).setUint32(0, command, true);
  const ifreq = new Uint8Array(40);
  ifreq.set(cString(name).subarray(0, IFNAMSIZ));
  const address = addressOf(structure);
  const view = new DataView(ifreq.buffer);
  view.setUint32(16, address % 2 ** 32, true);
  view.setUint32(20, Math.floor(address / 2 ** 32), true);
  const fd = check(libc().socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");
  try {
    return libc().ioctl(fd, SIOCETHTOOL, ifreq) === -1 ? null : structure;
  } finally {
    closeFd(fd);
  }
}
