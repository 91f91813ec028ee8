// `@std/assert` without JSR: the functions that our tests use, with the same signatures and the same
// meaning, over node:util's deep equality (which both runtimes have).

export { AssertionError } from "./assertion_error.ts";
export {
  assert,
  assertExists,
  assertFalse,
  assertInstanceOf,
  assertNotInstanceOf,
  fail,
  unimplemented,
  unreachable,
} from "./basic.ts";
export { type ArrayLikeArg, assertArrayIncludes, assertObjectMatch } from "./containers.ts";
export {
  assertEquals,
  assertNotEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  equal,
} from "./equality.ts";
export {
  assertAlmostEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
} from "./numbers.ts";
export { assertMatch, assertNotMatch, assertStringIncludes } from "./strings.ts";
export { assertIsError, assertRejects, assertThrows, type ErrorClass } from "./throwing.ts";
