/**
 * The one folder where Bun and Deno differ.
 *
 * @module
 */

export * from "./pick.ts";
export * from "./runtime.ts";
export * from "./symbols.ts";
