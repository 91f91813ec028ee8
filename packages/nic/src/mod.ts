/**
 * Network interfaces as ports of the embedded netmap.
 *
 * @module
 */

export { afPacket } from "./af_packet/driver.ts";
export * from "./driver.ts";
export * from "./interfaces.ts";
export * from "./nic.ts";
export * from "./notice.ts";
export * from "./port_info.ts";
