import { inspect } from "node:util";

/** `value` as the messages show it: whole enough to see the difference, never endless. */
export function format(value: unknown): string {
  return inspect(value, {
    depth: 8,
    maxArrayLength: 64,
    maxStringLength: 2048,
    breakLength: 100,
    sorted: true,
  });
}

/** Where two arrays or typed arrays differ first, as a sentence; "" for other values. */
export function firstDifference(actual: unknown, expected: unknown): string {
  if (!isList(actual) || !isList(expected)) return "";
  if (actual.length !== expected.length) {
    return `  (lengths ${actual.length} and ${expected.length})\n`;
  }
  for (let i = 0; i < actual.length; i++) {
    if (Object.is(actual[i], expected[i])) continue;
    if (typeof actual[i] === "object" && actual[i] !== null) return "";
    return `  (first difference at index ${i}: ${format(actual[i])} and ${format(expected[i])})\n`;
  }
  return "";
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
