/**
 * As much of rtnetlink as links need: asking for one or all, and being told of changes.
 *
 * ```
 *    nlmsghdr 16      ifinfomsg 16                    attributes, each padded to 4
 *    | len type flags | family type index flags chg | len type value | len type value | ...
 * ```
 *
 * @module
 */

import {
  check,
  closeFd,
  EAGAIN,
  EINTR,
  ENOBUFS,
  ENODEV,
  errno,
  failure,
  libc,
  NetmapError,
} from "@netmap/core";
import {
  AF_NETLINK,
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MTU,
  NETLINK_ROUTE,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from "./linux_net.ts";

/** A link as the kernel describes it. */
export interface Link {
  /** Its index in this network namespace. */
  readonly index: number;
  /** Its name now. */
  readonly name: string;
  /** `ARPHRD_*`. */
  readonly type: number;
  /** `IFF_*`. */
  readonly flags: number;
  /** Bytes of a frame after its Ethernet header. */
  readonly mtu: number;
  /** Hardware address. */
  readonly address: Uint8Array;
  /** `veth`, `bridge`, ...; empty for hardware. */
  readonly kind: string;
}

/** What happened to a link. */
export interface LinkMessage {
  /** False when the link is gone. */
  readonly exists: boolean;
  /** The link. */
  readonly link: Link;
}

const HEADER = 16;
const IFINFO = 16;
/** The kernel fills no more than this into one datagram of a dump. */
const BUFFER_BYTES = 32768;
const buffer = new Uint8Array(BUFFER_BYTES);

/**
 * Opens a netlink socket.
 *
 * @param groups groups of notifications that it hears, 0 for none
 * @returns the descriptor, non-blocking when it hears notifications
 */
export function openNetlink(groups: number): number {
  const flags = SOCK_RAW | SOCK_CLOEXEC | (groups === 0 ? 0 : SOCK_NONBLOCK);
  const fd = check(libc().socket(AF_NETLINK, flags, NETLINK_ROUTE), "open a netlink socket");
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  if (libc().bind(fd, address, address.length) === -1) {
    const error = failure(errno(), "bind a netlink socket");
    closeFd(fd);
    throw error;
  }
  return fd;
}

/**
 * The links of this network namespace, or one of them.
 *
 * @param which a name, an index, or null for all
 * @returns the links; empty when there is none such
 */
export function getLinks(which: string | number | null): Link[] {
  const fd = openNetlink(0);
  try {
    const request = linkRequest(which);
    check(libc().write(fd, request, request.length), "ask for network interfaces");
    const links: Link[] = [];
    for (;;) {
      const bytes = receive(fd);
      for (const message of messages(bytes)) {
        if (message.type === NLMSG_DONE) return links;
        if (message.type === NLMSG_ERROR) {
          const number = -message.view.getInt32(0, true);
          if (number === ENODEV) return [];
          throw failure(number, "ask for network interfaces");
        }
        if (message.type === RTM_NEWLINK) links.push(parseLink(message.view));
      }
      if (which !== null) return links;
    }
  } finally {
    closeFd(fd);
  }
}

/**
 * Reads what a socket with notifications has heard.
 *
 * @param fd from {@linkcode openNetlink}
 * @returns the changes in order; null when some were lost
 */
export function readLinkMessages(fd: number): LinkMessage[] | null {
  const changes: LinkMessage[] = [];
  for (;;) {
    let bytes: number;
    try {
      bytes = receive(fd);
    } catch (error) {
      if (error instanceof NetmapError && error.errno === EAGAIN) return changes;
      if (error instanceof NetmapError && error.errno === ENOBUFS) return null;
      throw error;
    }
    for (const { type, view } of messages(bytes)) {
      if (type !== RTM_NEWLINK && type !== RTM_DELLINK) continue;
      // Other families (AF_BRIDGE) tell of a link's part in something else, not of the link.
      if (view.getUint8(0) !== 0) continue;
      changes.push({ exists: type === RTM_NEWLINK, link: parseLink(view) });
    }
  }
}

function receive(fd: number): number {
  for (;;) {
    const bytes = libc().read(fd, buffer, BUFFER_BYTES);
    if (bytes >= 0) return bytes;
    const number = errno();
    if (number !== EINTR) throw failure(number, "read of network interfaces");
  }
}

function linkRequest(which: string | number | null): Uint8Array {
  const name = typeof which === "string" ? new TextEncoder().encode(`${which}\0`) : null;
  const attribute = name === null ? 0 : 4 + ((name.length + 3) & ~3);
  const request = new Uint8Array(HEADER + IFINFO + attribute);
  const view = new DataView(request.buffer);
  view.setUint32(0, request.length, true);
  view.setUint16(4, RTM_GETLINK, true);
  view.setUint16(6, NLM_F_REQUEST | (which === null ? NLM_F_DUMP : 0), true);
  view.setUint32(8, 1, true);
  if (typeof which === "number") view.setInt32(HEADER + 4, which, true);
  if (name !== null) {
    view.setUint16(HEADER + IFINFO, 4 + name.length, true);
    view.setUint16(HEADER + IFINFO + 2, IFLA_IFNAME, true);
    request.set(name, HEADER + IFINFO + 4);
  }
  return request;
}

/** The messages in the first `bytes` of the buffer, each with its payload. */
function* messages(bytes: number): Generator<{ type: number; view: DataView }> {
  const all = new DataView(buffer.buffer, 0, bytes);
  let at = 0;
  while (at + HEADER <= bytes) {
    const length = all.getUint32(at, true);
    if (length < HEADER || at + length > bytes) return;
    yield {
      type: all.getUint16(at + 4, true),
      view: new DataView(buffer.buffer, at + HEADER, length - HEADER),
    };
    at += (length + 3) & ~3;
  }
}

function parseLink(view: DataView): Link {
  const link = {
    index: view.getInt32(4, true),
    name: "",
    type: view.getUint16(2, true),
    flags: view.getUint32(8, true),
    mtu: 0,
    address: new Uint8Array(0),
    kind: "",
  };
  for (const [type, value] of attributes(view, IFINFO)) {
    if (type === IFLA_IFNAME) link.name = text(value);
    else if (type === IFLA_MTU) link.mtu = value.getUint32(0, true);
    else if (type === IFLA_ADDRESS) link.address = bytesOf(value).slice();
    else if (type === IFLA_LINKINFO) {
      for (const [inner, kind] of attributes(value, 0)) {
        if (inner === IFLA_INFO_KIND) link.kind = text(kind);
      }
    }
  }
  return link;
}

function* attributes(view: DataView, from: number): Generator<[type: number, value: DataView]> {
  let at = from;
  while (at + 4 <= view.byteLength) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > view.byteLength) return;
    // The two upper bits of a type are flags (NLA_F_NESTED, NLA_F_NET_BYTEORDER).
    const type = view.getUint16(at + 2, true) & 0x3fff;
    yield [type, new DataView(view.buffer, view.byteOffset + at + 4, length - 4)];
    at += (length + 3) & ~3;
  }
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function text(view: DataView): string {
  const bytes = bytesOf(view);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
