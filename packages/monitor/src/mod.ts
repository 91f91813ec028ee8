/**
 * Monitors: ports that see what another port sends and receives, by copy or by taking its buffers
 * once it is done with them.
 *
 * @module
 */

export * from "./data_path.ts";
export * from "./find_monitor.ts";
export * from "./monitor.ts";
export * from "./monitor_adapter.ts";
export * from "./requests.ts";
