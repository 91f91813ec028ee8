import { AssertionError } from "./assertion_error.ts";
import { format } from "./format.ts";

/** A class of errors, abstract ones too. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** Fails unless `error` is an Error, of `ErrorClass` if given, whose message has or matches `msgMatches` if given. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: ErrorClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  const suffix = msg ? `: ${msg}` : ".";
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `Expected "error" to be an Error object${suffix} It is ${format(error)}`,
    );
  }
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    const name = error.constructor?.name ?? "?";
    throw new AssertionError(
      `Expected error to be instance of "${ErrorClass.name}", but was "${name}"${suffix} Its message: ${error.message}`,
      { cause: error },
    );
  }
  const matches = msgMatches === undefined ||
    (typeof msgMatches === "string"
      ? error.message.includes(msgMatches)
      : msgMatches.test(error.message));
  if (!matches) {
    throw new AssertionError(
      `Expected error message to ${typeof msgMatches === "string" ? "include" : "match"} ${
        format(msgMatches)
      }, ` +
        `but got ${format(error.message)}${suffix}`,
      { cause: error },
    );
  }
}

/** Fails unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless `fn` throws an `ErrorClass` whose message includes `msgIncludes`; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const { ErrorClass, text } = overload(classOrMsg, msg);
  let thrown: unknown;
  try {
    fn();
  } catch (error) {
    thrown = error;
    checkThrown(error, ErrorClass, msgIncludes, text, "thrown");
    return thrown;
  }
  throw new AssertionError(`Expected function to throw${text ? `: ${text}` : "."}`);
}

/** Fails unless the promise of `fn` rejects; resolves to what it rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise of `fn` rejects with an `ErrorClass` whose message includes `msgIncludes`; resolves to it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const { ErrorClass, text } = overload(classOrMsg, msg);
  const suffix = text ? `: ${text}` : ".";
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
    if (typeof promise?.then === "function") await promise;
  } catch (error) {
    if (promise === undefined) {
      throw new AssertionError(`Function throws when expected to reject${suffix}`, {
        cause: error,
      });
    }
    checkThrown(error, ErrorClass, msgIncludes, text, "rejected with");
    return error;
  }
  throw new AssertionError(`Expected function to reject${suffix}`);
}

function overload(classOrMsg: ErrorClass | string | undefined, msg: string | undefined): {
  ErrorClass: ErrorClass | undefined;
  text: string | undefined;
} {
  return typeof classOrMsg === "string"
    ? { ErrorClass: undefined, text: classOrMsg }
    : { ErrorClass: classOrMsg, text: msg };
}

function checkThrown(
  error: unknown,
  ErrorClass: ErrorClass | undefined,
  msgIncludes: string | undefined,
  text: string | undefined,
  verb: string,
): void {
  if (ErrorClass === undefined) return;
  if (!(error instanceof Error)) {
    throw new AssertionError(
      `A non-Error object was ${verb}${text ? `: ${text}` : "."} It is ${format(error)}`,
    );
  }
  assertIsError(error, ErrorClass, msgIncludes, text);
}
