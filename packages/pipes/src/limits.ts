/**
 * How large pipes may be (`NM_PIPE_*` of netmap).
 *
 * @module
 */

/** Rings of a direction at most. */
export const NM_PIPE_MAXRINGS = 256;
/** Slots of a ring at most. */
export const NM_PIPE_MAXSLOTS = 4096;
/** Slots of a ring where neither the request nor the parent says how many. */
export const DEFAULT_SLOTS = 1024;

/**
 * What was asked for, at most `most`, at least 1.
 *
 * @param asked 0 for the default
 */
export function orWithin(asked: number, byDefault: number, most: number): number {
  return Math.min(Math.max(asked === 0 ? byDefault : asked, 1), most);
}
