/**
 * What packet applications are made of, over any device: packets and their checksums, address
 * ranges, rates, latencies; and the applications themselves as functions.
 *
 * @module
 */

export * from "./address.ts";
export * from "./bridge.ts";
export * from "./checksum.ts";
export * from "./generate.ts";
export * from "./histogram.ts";
export * from "./move.ts";
export * from "./pacer.ts";
export * from "./packet_source.ts";
export * from "./pcap.ts";
export * from "./ping.ts";
export * from "./receive.ts";
export * from "./ring_side.ts";
