/**
 * Arguments of an application's command line. `node:util` splits them; what is wrong with them is
 * said in our own words, the same on both runtimes.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** Something that the user has to write differently: one sentence, no stack trace, exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options that an application takes: `flag` stands alone, `value` is followed by one. */
export type OptionKinds = Readonly<Record<string, "flag" | "value">>;

/** The options that were given. */
export type OptionValues<K extends OptionKinds> = {
  readonly [N in keyof K]?: K[N] extends "flag" ? true : string;
};

/** A command line, taken apart. */
export interface Arguments<K extends OptionKinds> {
  /** Options by name; the last one wins. */
  readonly options: OptionValues<K>;
  /** What is no option, in order. */
  readonly rest: readonly string[];
}

/**
 * Takes a command line apart. `--help` is also `-h`; behind `--` nothing is an option.
 *
 * @param args without the runtime and the script
 * @param kinds the options that there are
 * @returns the options and the rest
 * @throws {UsageError} for an option that there is not, or one that lacks its value or has one too many
 *
 * @example
 * ```ts
 * import { parseArguments } from "./arguments.ts";
 * const { options, rest } = parseArguments(["--switch", "vale1", "veth0"], { switch: "value" });
 * console.log(options.switch, rest); // vale1 [ "veth0" ]
 * ```
 */
export function parseArguments<const K extends OptionKinds>(
  args: readonly string[],
  kinds: K,
): Arguments<K> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [name, {
        type: kind === "flag" ? "boolean" as const : "string" as const,
        ...(name === "help" ? { short: "h" } : {}),
      }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, true | string> = {};
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(kinds, name)) {
      const known = Object.keys(kinds).map((one) => `--${one}`).join(", ");
      throw new UsageError(`Cannot use option '${rawName}' as there is none: there are ${known}`);
    }
    if (kinds[name] === "flag" && value !== undefined) {
      throw new UsageError(`Cannot give '${rawName}' the value '${value}' as it takes none`);
    }
    // `--switch --json` is a value forgotten; `--switch=--json` is a value.
    if (kinds[name] === "value" && (!value || (!token.inlineValue && value.startsWith("-")))) {
      throw new UsageError(`Cannot use '${rawName}' without a value: write '${rawName} VALUE'`);
    }
    options[name] = value ?? true;
  }
  return { options: options as OptionValues<K>, rest };
}

/** Longest time that a timer of the runtimes can be set to, in seconds. */
const MAX_SECONDS = 2_147_483;

/**
 * A time in seconds from the command line.
 *
 * @param text as written
 * @param option the option's name, for the error
 * @returns more than 0
 * @throws {UsageError} when it is no such number
 */
export function parseSeconds(text: string, option: string): number {
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(
    `Cannot use '${text}' for '--${option}': give seconds, more than 0 and at most ${MAX_SECONDS}`,
  );
}
