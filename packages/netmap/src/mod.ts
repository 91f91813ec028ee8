/**
 * The front door: netmap with all features on, on the device that this machine has.
 *
 * @module
 */

export * from "@netmap/core";
export * from "./embedded.ts";
export * from "./open.ts";
export * from "./remote.ts";
