/**
 * The errno table: what each failing path of netmap's control path answers, and what we say then.
 *
 * @module
 */

import type { NmreqRegister } from "../abi/nmreq_bodies.ts";
import { errnoName } from "../errno.ts";
import type { Capability, ConformanceCase } from "./case.ts";
import type { Context } from "./context.ts";
import { check, fails } from "./expect.ts";

/** One failing path. */
export interface ErrnoEntry {
  /** What is asked for, and the state before: "REGISTER of a port that is open exclusively". */
  readonly ask: string;
  /** The function of netmap that says no. */
  readonly where: string;
  /** What it says. */
  readonly errno: number;
  /** What the case needs. */
  readonly needs?: readonly Capability[];
  /** Makes the state before. */
  readonly before?: (context: Context) => unknown;
  /** Asks. */
  readonly act: (context: Context) => unknown;
  /** A piece of the embedded engine's sentence. */
  readonly says?: string;
  /** What netmap does where that is something else. */
  readonly reference?: string;
}

/**
 * Cases from entries.
 *
 * @param needs what all of them need
 * @param entries the table
 */
export function errnoTable(
  needs: readonly Capability[],
  entries: readonly ErrnoEntry[],
): ConformanceCase[] {
  return entries.map((entry) => ({
    name: `answers ${errnoName(entry.errno)} to ${entry.ask} (${entry.where})`,
    area: "errno",
    needs: [...needs, ...(entry.needs ?? [])],
    ...(entry.reference === undefined ? {} : { reference: entry.reference, oursOnly: true }),
    run(context) {
      entry.before?.(context);
      const error = fails(entry.errno, () => entry.act(context), entry.ask);
      if (entry.says === undefined || !context.isEmbedded) return;
      check(error.message.includes(entry.says), `'${error.message}' says '${entry.says}'`);
    },
  }));
}

/** What registers a port. @param name which one */
export function registering(
  name: (context: Context) => string,
  fields: Partial<NmreqRegister> = {},
): (context: Context) => unknown {
  return (context) => context.register(name(context), fields);
}
