/**
 * Zero-copy pipes: two ports that share their buffers, for any device, and the embedded engine's
 * half of them.
 *
 * @module
 */

export * from "./data_path.ts";
export * from "./limits.ts";
export * from "./name.ts";
export * from "./pipe_adapter.ts";
export * from "./pipes.ts";
export * from "./requests.ts";
