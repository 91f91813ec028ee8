/**
 * netmap's binary interface: constants, struct tables, views and request builders.
 *
 * @module
 */

export * from "./constants.ts";
export * from "./csb.ts";
export * from "./ioctl.ts";
export * from "./legacy.ts";
export * from "./legacy_request.ts";
export * from "./netmap_if.ts";
export * from "./netmap_ring.ts";
export * from "./nmreq_bodies.ts";
export * from "./nmreq_header.ts";
export * from "./nmreq_options.ts";
export * from "./request.ts";
export * from "./request_kloop.ts";
export * from "./request_options.ts";
export * from "./request_table.ts";
export * from "./request_vale.ts";
export * from "./struct.ts";
export * from "./struct_view.ts";
