import { isDeepStrictEqual } from "node:util";
import { AssertionError } from "./assertion_error.ts";
import { firstDifference, format } from "./format.ts";

/** Whether `a` and `b` are deeply equal: NaN equals NaN, 0 does not equal -0, types count. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** Fails unless `actual` and `expected` are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  throw new AssertionError(`Values are not equal${suffix(msg)}${difference(actual, expected)}`);
}

/** Fails when `actual` and `expected` are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!equal(actual, expected)) return;
  throw new AssertionError(
    `Expected actual: ${format(actual)} not to be: ${format(expected)}${suffix(msg)}`,
  );
}

/** Fails unless `actual` is `expected` by Object.is. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const same = format(actual) === format(expected);
  throw new AssertionError(
    same
      ? `Values have the same structure but are not reference-equal${suffix(msg)}\n\n  ${
        format(actual)
      }\n`
      : `Values are not strictly equal${suffix(msg)}${difference(actual, expected)}`,
  );
}

/** Fails when `actual` is `expected` by Object.is. */
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!Object.is(actual, expected)) return;
  throw new AssertionError(
    `Expected "actual" to not be strictly equal to: ${format(actual)}${suffix(msg)}\n`,
  );
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : ".";
}

function difference(actual: unknown, expected: unknown): string {
  return `\n\n  actual:   ${format(actual)}\n  expected: ${format(expected)}\n${
    firstDifference(actual, expected)
  }`;
}
