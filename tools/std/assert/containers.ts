import { AssertionError } from "./assertion_error.ts";
import { assertEquals, equal } from "./equality.ts";
import { format } from "./format.ts";

/** What `assertArrayIncludes` takes. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

/** Fails unless each value of `expected` is (deeply) one of `actual`'s. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const missing = Array.from(expected).filter((value) =>
    !Array.from(actual).some((other) => equal(value, other))
  );
  if (missing.length === 0) return;
  throw new AssertionError(
    `Expected actual: "${format(actual)}" to include: "${format(expected)}"${
      msg ? `: ${msg}` : "."
    }\n` +
      `missing: ${format(missing)}`,
  );
}

/** Fails unless each property of `expected` is (deeply) in `actual`, which may have more. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  assertEquals(pick(actual, expected), expected as unknown, msg);
}

/** The part of `actual` that `expected` names. */
function pick(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    return actual.map((value, i) => i < expected.length ? pick(value, expected[i]) : undefined)
      .slice(0, expected.length);
  }
  if (!isPlain(actual) || !isPlain(expected)) return actual;
  const out: Record<PropertyKey, unknown> = Object.create(Object.getPrototypeOf(expected));
  for (const key of Reflect.ownKeys(expected)) {
    if (key in actual) out[key] = pick(actual[key], expected[key]);
  }
  return out;
}

function isPlain(value: unknown): value is Record<PropertyKey, unknown> {
  if (
    typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)
  ) return false;
  return !(value instanceof Map || value instanceof Set || value instanceof Date ||
    value instanceof RegExp);
}
