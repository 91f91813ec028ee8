/**
 * Fields of a frame, for modules: read byte by byte, as a frame behind a virtio-net header of 10
 * bytes begins at no word. `at` is the byte at which the frame begins.
 *
 * @module
 */

/** Bytes of an Ethernet header. */
export const ETHERNET_BYTES = 14;
/** Type of a frame with a VLAN tag (IEEE 802.1Q). */
export const TYPE_VLAN = 0x8100;
/** Type of a frame with an IPv4 packet. */
export const TYPE_IPV4 = 0x0800;

/** 16 bits in network order. */
export function read16(u8: Uint8Array, at: number): number {
  return u8[at] << 8 | u8[at + 1];
}

/** 32 bits in network order, as a signed number. */
export function read32(u8: Uint8Array, at: number): number {
  return u8[at] << 24 | u8[at + 1] << 16 | u8[at + 2] << 8 | u8[at + 3];
}

/** Whether the frame is for a group of receivers, or all. */
export function isGroup(u8: Uint8Array, at: number): boolean {
  return (u8[at] & 1) !== 0;
}

/**
 * An address as text, as its two parts: the upper 2 bytes and the lower 4, in network order.
 *
 * @throws {RangeError} when it is no address
 */
export function parseAddress(text: string): [upper: number, lower: number] {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    throw new RangeError(`Cannot use '${text}' as an address: write it as '02:00:00:00:00:01'`);
  }
  const bytes = Uint8Array.from(text.split(":"), (part) => parseInt(part, 16));
  return [read16(bytes, 0), read32(bytes, 2)];
}
