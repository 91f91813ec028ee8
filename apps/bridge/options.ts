/**
 * The command line of bridge.
 *
 * @module
 */

import { parseSeconds, UsageError } from "../shared/arguments.ts";
import { parseLetters, wholeNumber } from "../shared/letters.ts";
import { linkWait, portText } from "../shared/port_text.ts";

/** What is asked for. */
export interface Options {
  /** `--help`: nothing else counts. */
  readonly help: boolean;
  /** The first port, as it is opened. */
  readonly a: string;
  /** The second port, as it is opened; the same as the first for a loop. */
  readonly b: string;
  /** `-b`: slots moved in one go. */
  readonly batch: number;
  /** False with `-c`. */
  readonly zeroCopy: boolean;
  /** `-w`: seconds before the first packet. */
  readonly waitLink: number;
  /** Whether `-v` was given. */
  readonly verbose: boolean;
  /** `--busy`. */
  readonly busyWait: boolean;
  /** `--duration`, in seconds; undefined: until it is stopped. */
  readonly duration: number | undefined;
  /** `--json`. */
  readonly json: boolean;
}

const MAX_BATCH = 8192;
const MAX_WAIT = 100;

/**
 * Reads the command line.
 *
 * @param args without the runtime and the script
 * @throws {UsageError} when it cannot be meant
 */
export function readOptions(args: readonly string[]): Options {
  const { given, rest } = parseLetters(args, {
    flags: "hcvL",
    values: "ibw",
    words: ["json", "busy"],
    wordValues: ["duration"],
  });
  const last = (name: string): string | undefined => given.findLast((g) => g.name === name)?.value;
  const has = (name: string): boolean => last(name) !== undefined;
  const named = given.filter(({ name }) => name === "i").map(({ value }) => value);
  if (named.length > 2 || rest.length > 3) {
    throw new UsageError(`Cannot bridge '${named[2] ?? rest[3]}' too: a bridge has two ports`);
  }
  // Ports without '-i' go before those with it, as in the classic.
  const [first, second = first] = [rest[0] ?? named[0], rest[1] ?? named[1]];
  const help = has("h") || has("help");
  if (!help && first === undefined) {
    throw new UsageError("Cannot bridge without a port: write 'bridge -i PORT -i PORT'");
  }
  const [a, b] = help ? ["", ""] : endsOf(first, second, has("L"));
  const batch = last("b") ?? rest[2];
  const wait = last("w");
  const duration = last("duration");
  return {
    help,
    a,
    b,
    batch: batch === undefined ? 1024 : wholeNumber(batch, "-b", 1, MAX_BATCH),
    zeroCopy: !has("c"),
    waitLink: wait === undefined
      ? (help ? 0 : Math.max(linkWait(a), linkWait(b)))
      : wholeNumber(wait, "-w", 0, MAX_WAIT),
    verbose: has("v"),
    busyWait: has("busy"),
    duration: duration === undefined ? undefined : parseSeconds(duration, "duration"),
    json: has("json"),
  };
}

/** The ports to open: one alone is an interface and its host's stack, or with `-L` a loop. */
function endsOf(first: string, second: string, loop: boolean): [string, string] {
  const a = portText(first);
  const b = portText(second);
  if (a !== b) {
    if (!loop) return [a, b];
    throw new UsageError(`Cannot loop '-L' with two ports: leave out '-L' or '${second}'`);
  }
  if (loop) return [a, a];
  if (!/^netmap:[^{}@/^*-]+$/.test(a)) {
    throw new UsageError(
      `Cannot bridge '${first}' with its host's stack as it is no interface: name a second port, ` +
        "or loop it with '-L'",
    );
  }
  return [`${a}^`, a];
}
