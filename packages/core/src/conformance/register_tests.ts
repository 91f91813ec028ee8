/**
 * The suite inside a test framework: a test for each case.
 *
 * @module
 */

import type { Capability, ConformanceCase, ConformanceTarget } from "./case.ts";
import { CONFORMANCE_CASES } from "./cases.ts";
import { skipReason, tryCase } from "./run.ts";

/** What is used of a test framework: `@std/testing/bdd` has it. */
export interface TestFramework {
  /** A group of tests. */
  describe(name: string, body: () => void): unknown;
  /** A test, and one that is skipped. */
  readonly it: {
    (name: string, body: () => void | Promise<void>): unknown;
    skip(name: string, body: () => void | Promise<void>): unknown;
  };
}

/**
 * The cases that need nothing but what a device of this kind can do. For devices that by their nature
 * lack something: a case of that is no test of theirs, so it is not listed as skipped.
 *
 * @param capabilities what the device can do
 *
 * @example
 * ```ts
 * import { casesFor } from "@netmap/core/conformance";
 * console.log(casesFor(["pipes"]).every((one) => one.needs?.includes("vale") !== true)); // true
 * ```
 */
export function casesFor(capabilities: Iterable<Capability>): ConformanceCase[] {
  const has = new Set(capabilities);
  return CONFORMANCE_CASES.filter(({ needs = [] }) => needs.every((need) => has.has(need)));
}

/**
 * Registers a test for each case; those that cannot be run are skipped, with the reason in the name.
 *
 * @param title name of the outermost group
 * @param target what they are run on
 * @param framework where they are registered
 * @param cases which ones; all where silent
 *
 * @example
 * ```ts ignore
 * import { describe, it } from "@std/testing/bdd";
 * registerConformance("embedded", { device, capabilities }, { describe, it });
 * ```
 */
export function registerConformance(
  title: string,
  target: ConformanceTarget,
  framework: TestFramework,
  cases: readonly ConformanceCase[] = CONFORMANCE_CASES,
): void {
  const { describe, it } = framework;
  describe(title, () => {
    for (const area of new Set(cases.map((one) => one.area))) {
      describe(area, () => {
        for (const one of cases) {
          if (one.area !== area) continue;
          const reason = skipReason(one, target);
          if (reason !== "") {
            it.skip(`${one.name} # SKIP ${reason}`, () => {});
            continue;
          }
          it(one.name, () => tryCase(one, target));
        }
      });
    }
  });
}
