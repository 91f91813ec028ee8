/**
 * Reading a port name from left to right, and the error that says where it went wrong. A scanner
 * only ever moves forward within its text, so a parser over it ends.
 *
 * @module
 */

import { NetmapError } from "./errors.ts";
import { EINVAL } from "./errno.ts";

/** Longest piece of the user's text that an error repeats. */
const MAX_QUOTE = 100;

/**
 * A port name that cannot be parsed.
 *
 * @example
 * ```ts
 * import { parsePortName, PortNameError } from "@netmap/core";
 * try {
 *   parsePortName("netmap:eth0-x");
 * } catch (error) {
 *   if (error instanceof PortNameError) console.log(error.column, error.expected);
 *   // 13 a ring number from 0 to 4094
 * }
 * ```
 */
export class PortNameError extends NetmapError {
  /** Where, counted from 1; one more than the length when the text ends too early. */
  readonly column: number;
  /** What could have stood there. */
  readonly expected: string;

  /**
   * Points at one character of a name.
   *
   * @param text the whole name
   * @param at index of the first character that does not fit, from 0
   * @param expected what could have stood there
   * @param hint what to write instead, if that is known
   */
  constructor(text: string, at: number, expected: string, hint: string = "") {
    const found = at >= text.length ? "the end" : `'${quote(text.slice(at), 20)}'`;
    super(
      EINVAL,
      `Cannot parse port name '${quote(text, MAX_QUOTE)}' at column ${at + 1}: ` +
        `expected ${expected}, found ${found}${hint === "" ? "" : `; ${hint}`}`,
      { port: text },
    );
    this.name = "PortNameError";
    this.column = at + 1;
    this.expected = expected;
  }
}

/** A position in a port name. */
export class Scanner {
  /** The whole name, for errors. */
  readonly text: string;
  /** Where the part that may be read ends. */
  readonly end: number;
  /** The next character's index. */
  at: number;

  /**
   * @param text the whole name
   * @param start where to begin
   * @param end where to stop
   */
  constructor(text: string, start: number = 0, end: number = text.length) {
    this.text = text;
    this.at = start;
    this.end = end;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.at >= this.end;
  }

  /** The next character, or "" at the end. */
  peek(): string {
    return this.at < this.end ? this.text[this.at] : "";
  }

  /** Takes `prefix` if it comes next. */
  take(prefix: string): boolean {
    if (!this.text.startsWith(prefix, this.at) || this.at + prefix.length > this.end) return false;
    this.at += prefix.length;
    return true;
  }

  /** Takes characters as long as they match, possibly none. */
  takeWhile(pattern: RegExp): string {
    const start = this.at;
    while (this.at < this.end && pattern.test(this.text[this.at])) this.at++;
    return this.text.slice(start, this.at);
  }

  /** Takes everything before the next of `stops`, or all that is left. */
  takeUntil(stops: string): string {
    const start = this.at;
    while (this.at < this.end && !stops.includes(this.text[this.at])) this.at++;
    return this.text.slice(start, this.at);
  }

  /**
   * Takes a decimal number.
   *
   * @param least smallest that is accepted
   * @param most largest that is accepted
   * @param what the noun for the error: `a ring number`
   * @throws {PortNameError} when there is none, or it is out of range
   */
  takeNumber(least: number, most: number, what: string): number {
    const start = this.at;
    const digits = this.takeWhile(/[0-9]/);
    const value = Number(digits);
    if (digits === "" || value < least || value > most) {
      this.fail(`${what} from ${least} to ${most}`, "", start);
    }
    return value;
  }

  /** A scanner over a part of the same text, whose errors count columns in the whole. */
  within(start: number, end: number): Scanner {
    return new Scanner(this.text, start, end);
  }

  /** Ends the parse. @throws {PortNameError} always */
  fail(expected: string, hint: string = "", at: number = this.at): never {
    throw new PortNameError(this.text, at, expected, hint);
  }
}

function quote(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
