/**
 * A binding of the C library libnetmap.
 *
 * @module
 */

export * from "./context.ts";
export * from "./layout.ts";
export { LIBNETMAP_NAMES } from "./library.ts";
export * from "./libnetmap.ts";
export * from "./nmport.ts";
export * from "./owner.ts";
export * from "./symbols.ts";
