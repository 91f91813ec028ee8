/**
 * An engine for many threads and processes: served to Workers, and on a unix socket.
 *
 * @module
 */

export { type AllLimits, type Limits, type Trust } from "./server/limits.ts";
export * from "./client/remote_device.ts";
export * from "./client/worker_device.ts";
export * from "./fuse/mod.ts";
export * from "./server/serve.ts";
export {
  type ClientStatus,
  type DaemonStatus,
  type PortStatus,
  prometheusText,
  type RegionStatus,
} from "./server/status.ts";
export * from "./server/workers.ts";
