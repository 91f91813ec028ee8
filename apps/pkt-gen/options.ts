/**
 * The command line of pkt-gen.
 *
 * @module
 */

import type { PacketOptions } from "@netmap/traffic";
import { availableParallelism } from "node:os";
import { parseSeconds, UsageError } from "../shared/arguments.ts";
import { parseLetters, wholeNumber } from "../shared/letters.ts";
import { linkWait, portText } from "../shared/port_text.ts";
import { parseRingConfig, type RingConfig } from "../shared/ring_config.ts";

/** What pkt-gen can be. */
export const FUNCTIONS = ["tx", "rx", "ping", "pong"] as const;

/** One of them. */
export type Function = typeof FUNCTIONS[number];

/** What is asked for. */
export interface Options {
  /** `--help`: nothing else counts. */
  readonly help: boolean;
  /** `-f`. */
  readonly role: Function;
  /** `-i`, as it is opened. */
  readonly port: string;
  /** `-C`. */
  readonly rings: RingConfig;
  /** `-n`; undefined: no end. */
  readonly count: number | undefined;
  /** `-b`. */
  readonly burst: number | undefined;
  /** `-R`, packets a second. */
  readonly rate: number | undefined;
  /** What to send, without the source's Ethernet address where none was given. */
  readonly packet: PacketOptions;
  /** `-P`: a capture to send. */
  readonly capture: string | undefined;
  /** `-F`. */
  readonly fragments: number;
  /** `-M`. */
  readonly fragmentSize: number | undefined;
  /** `-r`: whatever the buffers hold. */
  readonly raw: boolean;
  /** `-o 4`: writes every packet anew. */
  readonly copy: boolean;
  /** `-X`. */
  readonly dump: boolean;
  /** `-W`. */
  readonly untilEmpty: boolean;
  /** `-T`, milliseconds between reports. */
  readonly reportMs: number;
  /** `-w`, seconds before the first packet. */
  readonly waitLink: number;
  /** False with `-N`: numbers as they are. */
  readonly normalize: boolean;
  /** `-A`: mean and deviation of the rate. */
  readonly deviation: boolean;
  /** `-B`: counts what Ethernet adds to a frame. */
  readonly framing: boolean;
  /** How often `-v` was given. */
  readonly verbose: number;
  /** `--duration`, in seconds. */
  readonly duration: number | undefined;
  /** `--json`. */
  readonly json: boolean;
}

/** Bits of `-o` that mean something here, beside those that have letters: 4 is COPY. */
const O_COPY = 4;
const O_LETTERS: readonly (readonly [bit: number, letter: string])[] = [
  [32, "I"],
  [64, "X"],
  [256, "r"],
  [512, "z"],
  [1024, "Z"],
  [2048, "A"],
];

/**
 * Reads the command line.
 *
 * @param args without the runtime and the script
 * @throws {UsageError} when it cannot be meant, or cannot be done, with the reason
 */
export function readOptions(args: readonly string[]): Options {
  const { given, rest } = parseLetters(args, {
    flags: "h46XzZNIWvrAB",
    values: "ifnlbdsDSacpTPwRHFMCo",
    words: ["json"],
    wordValues: ["duration"],
  });
  const last = (name: string): string | undefined => given.findLast((g) => g.name === name)?.value;
  const bits = optionBits(last("o"));
  const has = (name: string): boolean =>
    last(name) !== undefined || O_LETTERS.some(([bit, letter]) => letter === name && bits & bit);
  const number = (name: string, low: number, high?: number): number | undefined => {
    const text = last(name);
    return text === undefined ? undefined : wholeNumber(text, `-${name}`, low, high);
  };
  const help = has("h") || has("help");
  if (!help) refuse(has, last, number, rest);
  const port = help ? "" : portText(last("i")!);
  const role = last("f") ?? "rx";
  if (!FUNCTIONS.includes(role as Function)) {
    throw new UsageError(`Cannot be '${role}': '-f' takes ${FUNCTIONS.join(", ")}`);
  }
  const lengths = given.filter(({ name }) => name === "l")
    .map(({ value }) => wholeNumber(value, "-l", 16, 0xffff));
  const duration = last("duration");
  const count = number("n", 0);
  return {
    help,
    role: role as Function,
    port,
    rings: parseRingConfig(last("C") ?? ""),
    count: count === 0 ? undefined : count,
    burst: number("b", 1, 0xffff),
    rate: number("R", 0) || undefined,
    packet: {
      length: lengths[0],
      minLength: lengths[1],
      sourceMac: last("S"),
      targetMac: last("D"),
      source: last("s"),
      target: last("d"),
      randomSource: has("z"),
      randomTarget: has("Z"),
      virtioHeader: number("H", 0, 12),
      ipv6: given.findLast(({ name }) => name === "4" || name === "6")?.name === "6",
    },
    capture: last("P"),
    fragments: number("F", 1, 63) ?? 1,
    fragmentSize: number("M", 1, 0xffff),
    raw: has("r"),
    copy: (bits & O_COPY) !== 0,
    dump: has("X"),
    untilEmpty: has("W"),
    reportMs: number("T", 1) ?? 1000,
    waitLink: number("w", 0, 1000) ?? (help ? 0 : linkWait(port)),
    normalize: !has("N"),
    deviation: has("A"),
    framing: has("B"),
    verbose: given.filter(({ name }) => name === "v").length,
    duration: duration === undefined ? undefined : parseSeconds(duration, "duration"),
    json: has("json"),
  };
}

function optionBits(text: string | undefined): number {
  const bits = text === undefined ? 0 : wholeNumber(text, "-o", 0, 0xffff);
  const known = O_LETTERS.reduce((sum, [bit]) => sum | bit, O_COPY);
  if ((bits & ~known) === 0) return bits;
  throw new UsageError(
    `Cannot use '-o ${bits}': bits are 4 (writes every packet anew), ` +
      O_LETTERS.map(([bit, letter]) => `${bit} (-${letter})`).join(", "),
  );
}

/** What cannot be done here, with its reason. */
function refuse(
  has: (name: string) => boolean,
  last: (name: string) => string | undefined,
  number: (name: string, low: number, high?: number) => number | undefined,
  rest: readonly string[],
): void {
  if (rest.length > 0) {
    throw new UsageError(`Cannot use '${rest[0]}' without an option before it: see --help`);
  }
  const port = last("i");
  if (port === undefined) {
    throw new UsageError("Cannot work without a port: write 'pkt-gen -i PORT -f tx'");
  }
  if (/^(tap|pcap):/.test(port)) {
    throw new UsageError(
      `Cannot use '${port}' as only netmap ports are taken: name the interface, as 'netmap:eth0'`,
    );
  }
  if (has("a")) {
    throw new UsageError(
      `Cannot pin threads with '-a ${last("a")}': start it as 'taskset -c ${
        last("a")
      } pkt-gen ...'`,
    );
  }
  if (has("I")) {
    throw new UsageError(
      "Cannot send indirect buffers '-I' as packets are built in the ring's own memory: leave it out",
    );
  }
  if ((number("p", 1, 64) ?? 1) > 1) {
    throw new UsageError(
      `Cannot use '-p ${last("p")}' as one thread serves all rings: start a process for each ` +
        "ring, 'pkt-gen -i netmap:eth0-0'",
    );
  }
  // Counted as the classic does: 0 is all of them. One thread uses one.
  number("c", 0, availableParallelism());
}
