import { AssertionError } from "./assertion_error.ts";
import { format } from "./format.ts";

/** Fails unless `actual` is within `tolerance` of `expected` (by default 1e-7 of it, at least 1e-7 in all). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  const limit = tolerance ??
    (Number.isFinite(expected) ? Math.max(Math.abs(expected * 1e-7), 1e-7) : 1e-7);
  if (delta <= limit) return;
  const f = (n: number): string => Number.isInteger(n) ? n.toString() : n.toExponential();
  throw new AssertionError(
    `Expected actual: "${f(actual)}" to be close to "${f(expected)}"${suffix(msg)} ` +
      `Delta "${f(delta)}" is greater than "${f(limit)}".`,
  );
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) failed(actual, ">", expected, msg);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) failed(actual, ">=", expected, msg);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) failed(actual, "<", expected, msg);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) failed(actual, "<=", expected, msg);
}

function failed(
  actual: unknown,
  operator: string,
  expected: unknown,
  msg: string | undefined,
): never {
  throw new AssertionError(msg ?? `Expect ${format(actual)} ${operator} ${format(expected)}`);
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ":";
}
