/**
 * Running cases, in a test framework or without one.
 *
 * @module
 */

import { CAPABILITIES, type ConformanceCase, type ConformanceTarget } from "./case.ts";
import { Context } from "./context.ts";
import { ConformanceFailure } from "./expect.ts";

/** Milliseconds after which a case counts as failed. */
const TIMEOUT_MS = 10_000;

/** What became of a case. */
export interface CaseResult {
  /** What it is about. */
  readonly area: string;
  /** What the device should do. */
  readonly name: string;
  /** Whether it did. */
  readonly status: "passed" | "failed" | "skipped";
  /** Why it failed or was skipped; empty when it passed. */
  readonly reason: string;
  /** What netmap does where that is something else; empty where there is nothing to say. */
  readonly reference: string;
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/**
 * Why a case is not to be run on a target.
 *
 * @returns a reason, or an empty text when it is
 */
export function skipReason(one: ConformanceCase, target: ConformanceTarget): string {
  const missing = (one.needs ?? []).find((need) => !target.capabilities.has(need));
  if (missing !== undefined) return `the device has no ${CAPABILITIES[missing]}`;
  const isReference = target.isReference ?? target.device.kind === "kernel";
  return one.oursOnly === true && isReference ? `netmap differs: ${one.reference}` : "";
}

/**
 * Runs a case.
 *
 * @throws when the device did anything else than what the case says
 */
export async function tryCase(one: ConformanceCase, target: ConformanceTarget): Promise<void> {
  const context = new Context(target);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConformanceFailure(`It did not end within ${TIMEOUT_MS} ms`)),
      TIMEOUT_MS,
    );
  });
  try {
    await Promise.race([one.run(context), late]);
  } finally {
    clearTimeout(timer);
    context.end();
  }
  target.settled?.();
}

/**
 * Runs cases one after the other.
 *
 * @param cases which ones, `CONFORMANCE_CASES` for all
 * @param target what they are run on
 * @returns a result for each, also for those that are skipped
 *
 * @example
 * ```ts
 * import { CONFORMANCE_CASES, probe, runCases, summaryOf } from "@netmap/core/conformance";
 * import type { NetmapDevice } from "@netmap/core";
 * async function report(device: NetmapDevice): Promise<void> {
 *   const results = [];
 *   for await (const result of runCases(CONFORMANCE_CASES, probe({ device }))) results.push(result);
 *   console.log(summaryOf(results)); // 300 passed, 0 failed, 12 skipped
 * }
 * ```
 */
export async function* runCases(
  cases: readonly ConformanceCase[],
  target: ConformanceTarget,
): AsyncGenerator<CaseResult, void, undefined> {
  for (const one of cases) {
    const begin = performance.now();
    const result = (status: CaseResult["status"], reason: string): CaseResult => ({
      area: one.area,
      name: one.name,
      status,
      reason,
      reference: one.reference ?? "",
      ms: performance.now() - begin,
    });
    const reason = skipReason(one, target);
    if (reason !== "") {
      yield result("skipped", reason);
      continue;
    }
    let ended: CaseResult;
    try {
      await tryCase(one, target);
      ended = result("passed", "");
    } catch (error) {
      ended = result("failed", error instanceof Error ? error.message : String(error));
    }
    yield ended;
  }
}

/** `N passed, N failed, N skipped`. */
export function summaryOf(results: readonly CaseResult[]): string {
  const count = (status: string): number => results.filter((one) => one.status === status).length;
  return ["passed", "failed", "skipped"].map((status) => `${count(status)} ${status}`).join(", ");
}
