/**
 * For tests of what stands on an engine: a kernel that an engine plays, ports that hear themselves,
 * and what the conformance suite needs of an engine.
 *
 * @module
 */

export * from "./conformance.ts";
export * from "./fake_kernel.ts";
export * from "./loop.ts";
