/**
 * Command lines of the classic applications: letters as `getopt(3)` takes them, several behind one
 * dash (`-vv`), a value behind its letter or in the next argument (`-b64`, `-b 64`), the same letter
 * more than once (`-i a -i b`); and our own long options (`--json`, `--watch=2`).
 *
 * @module
 */

import { UsageError } from "./arguments.ts";

/** The letters and words that an application takes. */
export interface Letters {
  /** Those that stand alone: `"cLv"`. */
  readonly flags: string;
  /** Those that are followed by a value: `"ibw"`. */
  readonly values: string;
  /** Those whose value may be left out at the end or before another option: `"l"`. */
  readonly optional?: string;
  /** Long options without a value: `json`. */
  readonly words?: readonly string[];
  /** Long options that may have a value, as `--watch=2`: `watch`. */
  readonly wordValues?: readonly string[];
}

/** An option as it was given: its name without dashes, and its value; `""` without one. */
export interface GivenLetter {
  /** `i`, `json`. */
  readonly name: string;
  /** What was given with it. */
  readonly value: string;
}

/** A command line, taken apart. */
export interface LetterArguments {
  /** Options in order, each as often as it was given. */
  readonly given: readonly GivenLetter[];
  /** What is no option, in order. */
  readonly rest: readonly string[];
}

/**
 * Takes a command line apart. `--help` is always there; behind `--` nothing is an option.
 *
 * @param args without the runtime and the script
 * @param letters what there is
 * @throws {UsageError} for an option that there is not, or one that lacks its value
 *
 * @example
 * ```ts
 * import { parseLetters } from "./letters.ts";
 * const { given } = parseLetters(["-vb64", "-i", "a"], { flags: "v", values: "bi" });
 * console.log(given.map(({ name, value }) => name + value)); // [ "v", "b64", "ia" ]
 * ```
 */
export function parseLetters(args: readonly string[], letters: Letters): LetterArguments {
  const given: GivenLetter[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (arg.startsWith("--")) {
      given.push(readWord(arg, letters));
    } else if (arg.startsWith("-") && arg.length > 1) {
      i += readCluster(arg, args[i + 1], letters, given);
    } else {
      rest.push(arg);
    }
  }
  return { given, rest };
}

function readWord(arg: string, letters: Letters): GivenLetter {
  const at = arg.indexOf("=");
  const name = arg.slice(2, at < 0 ? undefined : at);
  const value = at < 0 ? "" : arg.slice(at + 1);
  if (letters.wordValues?.includes(name)) return { name, value };
  if (name !== "help" && !letters.words?.includes(name)) throw unknown(`--${name}`, letters);
  if (at < 0) return { name, value };
  throw new UsageError(`Cannot give '--${name}' the value '${value}' as it takes none`);
}

/** @returns how many arguments behind this one were its */
function readCluster(
  arg: string,
  next: string | undefined,
  letters: Letters,
  given: GivenLetter[],
): number {
  for (let c = 1; c < arg.length; c++) {
    const name = arg[c];
    if (letters.flags.includes(name)) {
      given.push({ name, value: "" });
      continue;
    }
    const optional = letters.optional?.includes(name) === true;
    if (!optional && !letters.values.includes(name)) throw unknown(`-${name}`, letters);
    const behind = arg.slice(c + 1);
    if (behind !== "") {
      given.push({ name, value: behind });
      return 0;
    }
    if (optional && (next === undefined || next.startsWith("-"))) {
      given.push({ name, value: "" });
      return 0;
    }
    if (next === undefined || next === "") {
      throw new UsageError(`Cannot use '-${name}' without a value: write '-${name} VALUE'`);
    }
    given.push({ name, value: next });
    return 1;
  }
  return 0;
}

function unknown(option: string, { flags, values, optional, words, wordValues }: Letters): Error {
  const short = [...flags, ...values, ...(optional ?? "")].sort().map((one) => `-${one}`);
  const long = [...(words ?? []), ...(wordValues ?? []), "help"].map((one) => `--${one}`);
  return new UsageError(
    `Cannot use option '${option}' as there is none: there are ${[...short, ...long].join(" ")}`,
  );
}

/**
 * A whole number from the command line; the classic takes what `atoi` makes of anything.
 *
 * @param text as written
 * @param option with its dashes, for the error
 * @param low the least
 * @param high the most
 * @throws {UsageError} when it is no such number
 */
export function wholeNumber(
  text: string,
  option: string,
  low: number,
  high: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= low && value <= high) return value;
  const range = high === Number.MAX_SAFE_INTEGER ? `from ${low}` : `from ${low} to ${high}`;
  throw new UsageError(`Cannot use '${text}' for '${option}': give a whole number ${range}`);
}
