/**
 * The VALE switch: the embedded engine's half (`vale()`, and what looks into its switches), the
 * control operations of `vale-ctl` as functions on any device, and modules.
 *
 * @module
 */

export * from "./bwrap_kind.ts";
export * from "./data_path/module.ts";
export * from "./data_path/vale_kind.ts";
export * from "./layout.ts";
export * from "./modules/frame.ts";
export * from "./modules/hash_balancer.ts";
export * from "./modules/static_table.ts";
export * from "./modules/vlan_learning.ts";
export * from "./name.ts";
export * from "./regops.ts";
export * from "./requests.ts";
export * from "./stats.ts";
export * from "./vale.ts";
