/**
 * All struct tables, found among the exports, so that a new one is tested without being listed.
 *
 * @module
 */

import * as abi from "./mod.ts";
import type { AnyLayout, StructField } from "./struct.ts";

function isLayout(value: unknown): value is AnyLayout {
  return typeof value === "object" && value !== null && "fields" in value && "align" in value;
}

/** Every struct table that `mod.ts` exports. */
export const LAYOUTS: readonly AnyLayout[] = Object.values(abi).filter(isLayout);

/** A member that is no struct, with the way to it. */
export interface Leaf {
  /** Keys from the outermost view. */
  readonly path: readonly string[];
  /** Bytes from the start of the outermost struct. */
  readonly offset: number;
  /** Its table entry. */
  readonly field: StructField;
}

/**
 * The settable members of a struct and of the structs in it; arrays and gaps are left out.
 *
 * @param layout the struct
 */
export function leavesOf(layout: AnyLayout): Leaf[] {
  return Object.entries(layout.fields).flatMap(([key, field]) => {
    if (field.isReserved || field.isArray) return [];
    if (field.layout === null) return [{ path: [key], offset: field.offset, field }];
    return leavesOf(field.layout).map((leaf) => ({
      path: [key, ...leaf.path],
      offset: field.offset + leaf.offset,
      field: leaf.field,
    }));
  });
}
