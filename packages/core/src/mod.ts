/**
 * The core of netmap for Bun and Deno: netmap's binary layout, calls into libc and the kernel, and
 * the port and ring API over any device.
 *
 * @module
 */

export * from "./abi/mod.ts";
export * from "./device.ts";
export * from "./errno.ts";
export * from "./errors.ts";
export * from "./kernel/calls.ts";
export * from "./kernel/kernel_device.ts";
export * from "./open.ts";
export * from "./pick_device.ts";
export * from "./port.ts";
export * from "./port_name.ts";
export * from "./port_name_format.ts";
export * from "./port_rings.ts";
export * from "./port_spec.ts";
export * from "./register_spec.ts";
export * from "./ring.ts";
export * from "./ring_words.ts";
export * from "./sys/mod.ts";
