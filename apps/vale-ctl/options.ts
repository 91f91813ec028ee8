/**
 * The command line of vale-ctl.
 *
 * @module
 */

import { NETMAP_POLLING_MODE_MULTI_CPU, NETMAP_POLLING_MODE_SINGLE_CPU } from "@netmap/core";
import type { PollingOptions } from "@netmap/vale";
import { parseSeconds, UsageError } from "../shared/arguments.ts";
import { parseLetters, wholeNumber } from "../shared/letters.ts";
import { parseNumbers, parseRingConfig, type RingConfig } from "../shared/ring_config.ts";

/** Operations by their letter. */
const OPERATIONS = {
  a: "attach",
  h: "attach-host",
  d: "detach",
  n: "create",
  r: "remove",
  g: "info",
  l: "list",
  p: "poll",
  P: "stop-polling",
} as const;

/** What is to be done. */
export type Operation = typeof OPERATIONS[keyof typeof OPERATIONS];

/** What is asked for. */
export interface Options {
  /** `--help`: nothing else counts. */
  readonly help: boolean;
  /** What to do. */
  readonly operation: Operation;
  /** To which port; empty for the list of all. */
  readonly name: string;
  /** `-C`, for `-n`, `-a` and `-h`. */
  readonly rings: RingConfig;
  /** `-C`, for `-p`. */
  readonly polling: PollingOptions;
  /** `-m`; 0 leaves the choice. */
  readonly memId: number;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** `--json`. */
  readonly json: boolean;
  /** `--watch`, in seconds; undefined: the list once. */
  readonly watch: number | undefined;
}

/**
 * Reads the command line.
 *
 * @param args without the runtime and the script
 * @throws {UsageError} when it cannot be meant
 */
export function readOptions(args: readonly string[]): Options {
  const { given, rest } = parseLetters(args, {
    flags: "v",
    values: "ahdnrgpPCm",
    optional: "l",
    words: ["json"],
    wordValues: ["watch"],
  });
  const last = (name: string): string | undefined => given.findLast((g) => g.name === name)?.value;
  const operations = given.filter(({ name }) => name in OPERATIONS);
  if (operations.length > 1) {
    const [one, two] = operations;
    throw new UsageError(
      `Cannot do '-${one.name} ${one.value}' and '-${two.name} ${two.value}' at once: ` +
        "give one operation a call",
    );
  }
  if (rest.length > 0) {
    throw new UsageError(`Cannot use '${rest[0]}' without an option before it: see --help`);
  }
  const { name: letter, value: name } = operations[0] ?? { name: "l", value: "" };
  const operation = OPERATIONS[letter as keyof typeof OPERATIONS];
  const config = last("C");
  const memId = last("m");
  const watch = last("watch");
  const help = last("help") !== undefined;
  if (!help) {
    checkName(letter, name);
    if (config !== undefined) need("-C", letter, "n", "a", "h", "p");
    if (memId !== undefined) need("-m", letter, "n", "a", "h");
    if (watch !== undefined && (letter !== "l" || name !== "")) {
      throw new UsageError(`Cannot watch '-${letter} ${name}': '--watch' is for the list of all`);
    }
  }
  return {
    help,
    operation,
    name,
    rings: letter === "p" ? parseRingConfig("") : parseRingConfig(config ?? ""),
    polling: letter === "p" ? pollingConfig(config ?? "0") : {},
    memId: memId === undefined ? 0 : wholeNumber(memId, "-m", 0, 0xffff),
    verbose: given.filter((one) => one.name === "v").length,
    json: last("json") !== undefined,
    watch: watch === undefined ? undefined : watch === "" ? 1 : parseSeconds(watch, "watch"),
  };
}

function need(option: string, letter: string, ...letters: string[]): void {
  if (letters.includes(letter)) return;
  const all = letters.map((one) => `'-${one}'`).join(", ");
  throw new UsageError(`Cannot use '${option}' with '-${letter}': it goes with ${all}`);
}

function checkName(letter: string, name: string): void {
  const onSwitch = /^vale[A-Za-z0-9_]*:[^\s/{}:]+$/.test(name);
  if ("nr".includes(letter) && (name.startsWith("vale") || !/^[^\s/{}:]{1,15}$/.test(name))) {
    throw new UsageError(
      `Cannot use '${name}' with '-${letter}': give the name of a persistent port, ` +
        "at most 15 characters, not beginning with 'vale'",
    );
  }
  if (("ahdpP".includes(letter) || (letter === "l" && name !== "")) && !onSwitch) {
    throw new UsageError(
      `Cannot use '${name}' with '-${letter}': give switch and port, as 'vale0:eth0'`,
    );
  }
}

/** `0[,cpu]` or `1,first[,count]`. */
function pollingConfig(text: string): PollingOptions {
  const [many, firstCpu = 0, cpus = 1] = parseNumbers(text, 3);
  if (many > 1 || (many === 0 && cpus !== 1)) {
    throw new UsageError(
      `Cannot use '-C ${text}' with '-p': give '0,CPU' for one processor or '1,FIRST,COUNT' for ` +
        "a processor a ring",
    );
  }
  const mode = many === 1 ? NETMAP_POLLING_MODE_MULTI_CPU : NETMAP_POLLING_MODE_SINGLE_CPU;
  return { mode, firstCpu, cpus };
}
