/**
 * The suite's own assertions: it runs where there is no test framework.
 *
 * @module
 */

import { errnoName } from "../errno.ts";
import { NetmapError } from "../errors.ts";

/** The device did something else. */
export class ConformanceFailure extends Error {
  /**
   * A failure, to be thrown.
   *
   * @param message what was expected, what came
   */
  constructor(message: string) {
    super(message);
    this.name = "ConformanceFailure";
  }
}

/** Fails unless the condition holds. @param sentence what should be so */
export function check(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new ConformanceFailure(`It is not so that ${sentence}`);
}

/**
 * Fails unless two values are the same, arrays and bytes member by member.
 *
 * @param actual what came
 * @param expected what should have come
 * @param what the value, for the sentence
 */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [came, wanted] = [show(actual), show(expected)];
  if (came === wanted) return;
  throw new ConformanceFailure(`Expected ${what} to be ${wanted}, but it is ${came}`);
}

/** The errno that an act ends in; 0 when it succeeds. Other errors go on. */
export function errnoOf(act: () => unknown): number {
  try {
    act();
    return 0;
  } catch (error) {
    if (error instanceof NetmapError) return error.errno;
    throw error;
  }
}

/**
 * Fails unless an act fails with an errno, and with a sentence that a person can act on.
 *
 * @param errno what is expected
 * @param act what is tried
 * @param what the act, for the sentence
 * @returns the error
 */
export function fails(errno: number, act: () => unknown, what: string): NetmapError {
  try {
    act();
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    if (error.errno !== errno) {
      throw new ConformanceFailure(
        `Expected ${what} to end in ${
          errnoName(errno)
        }, but it ended in ${error.code}: ${error.message}`,
      );
    }
    equal(error.code, errnoName(errno), "the error's code");
    check(/^[A-Z].*[^.]$/s.test(error.message), `'${error.message}' is a sentence of ours`);
    return error;
  }
  throw new ConformanceFailure(`Expected ${what} to end in ${errnoName(errno)}, but it succeeded`);
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) {
    const text = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${value.length} bytes ${
      text.length > 160 ? `${text.slice(0, 160)}... sum ${sum(value)}` : text
    }`;
  }
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value).map(([key, one]) => `${key}: ${show(one)}`).join(", ")} }`;
  }
  return String(value);
}

/** Fletcher's sum, so that long arrays that differ late show differently. */
function sum(bytes: Uint8Array): number {
  let a = 0;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65535;
    b = (b + a) % 65535;
  }
  return b * 65536 + a;
}
