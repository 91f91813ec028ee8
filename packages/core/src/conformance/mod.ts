/**
 * One suite for every device: what netmap's users rely on, as cases that run over the seam, in a test
 * framework or by hand.
 *
 * @module
 */

export * from "./case.ts";
export * from "./cases.ts";
export { Context } from "./context.ts";
export { BoundPort } from "./bound_port.ts";
export { ConformanceFailure } from "./expect.ts";
export * from "./probe.ts";
export { kernelIoctl } from "./raw_request.ts";
export * from "./register_tests.ts";
export * from "./run.ts";
