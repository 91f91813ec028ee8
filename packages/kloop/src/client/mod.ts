/**
 * The application's half of CSB mode: a netmap port through memory and eventfds alone. Imports
 * `@netmap/core` and nothing of an engine, so that a process that was given two memfds and two
 * eventfds needs no more.
 *
 * @module
 */

export * from "./csb.ts";
export * from "./csb_descriptor.ts";
export * from "./csb_port.ts";
export * from "./csb_rings.ts";
export * from "./eventfds.ts";
export * from "./kick_set.ts";
export * from "./nap.ts";
