/**
 * The embedded netmap: an engine of our own with netmap's rings, memory and control requests, for
 * machines that have no netmap in their kernel.
 *
 * @module
 */

export * from "./adapter.ts";
export * from "./attach.ts";
export * from "./control/dispatch.ts";
export * from "./control/ioctl.ts";
export * from "./control/options/option_status.ts";
export * from "./control/register_body.ts";
export * from "./control/user_memory.ts";
export * from "./counters.ts";
export * from "./descriptor.ts";
export * from "./engine.ts";
export * from "./feature.ts";
export * from "./interrupts.ts";
export * from "./memory/extmem_region.ts";
export * from "./memory/pool.ts";
export * from "./memory/region.ts";
export * from "./memory/rings.ts";
export * from "./null_port.ts";
export * from "./state/data_path.ts";
export * from "./state/kring.ts";
export * from "./state/layout.ts";
export * from "./state/offsets.ts";
export * from "./state/sync.ts";
export * from "./state/thread.ts";
export * from "./state/waiting.ts";
export * from "./state/wake.ts";
