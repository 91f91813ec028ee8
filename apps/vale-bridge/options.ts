/**
 * The command line of vale-bridge.
 *
 * @module
 */

import { parseArguments, parseSeconds, UsageError } from "../shared/arguments.ts";

/** Without `--duration`. */
const DEMO_SECONDS = 10;
/** Names of 16 bytes with their ':' and NUL (IFNAMSIZ). */
const MAX_NAME = 15;

/** What is asked for. */
export interface Options {
  /** `--help`: nothing else counts. */
  readonly help: boolean;
  /** `--switch`. */
  readonly switchName: string;
  /** `--duration`, in seconds; undefined: until it is stopped. */
  readonly duration: number | undefined;
  /** `--json`. */
  readonly json: boolean;
  /** `--zero-copy`. */
  readonly zeroCopy: boolean;
  /** Ports to attach; empty for the demo. */
  readonly ports: readonly string[];
}

/**
 * Reads the command line.
 *
 * @param args without the runtime and the script
 * @throws {UsageError} when it cannot be meant
 */
export function readOptions(args: readonly string[]): Options {
  const { options, rest } = parseArguments(args, {
    switch: "value",
    duration: "value",
    json: "flag",
    "zero-copy": "flag",
    demo: "flag",
    help: "flag",
  });
  const help = options.help === true;
  const switchName = options.switch ?? "vale0";
  if (!help) {
    checkSwitch(switchName);
    checkPorts(rest, switchName);
  }
  if (options.demo && rest.length > 0) {
    throw new UsageError(
      `Cannot attach '${
        rest[0]
      }' to the demo, which has ports of its own: leave out '--demo' or the ports`,
    );
  }
  const standard = rest.length === 0 ? DEMO_SECONDS : undefined;
  return {
    help,
    switchName,
    duration: options.duration === undefined
      ? standard
      : parseSeconds(options.duration, "duration"),
    json: options.json === true,
    zeroCopy: options["zero-copy"] === true,
    ports: rest,
  };
}

function checkSwitch(name: string): void {
  if (/^vale[A-Za-z0-9_]*$/.test(name) && name.length < MAX_NAME) return;
  throw new UsageError(
    `Cannot use '${name}' as the name of a switch: give 'vale', then letters, digits or '_', ` +
      `at most ${MAX_NAME - 1} characters in all`,
  );
}

function checkPorts(names: readonly string[], switchName: string): void {
  names.forEach((name, n) => {
    const fail = (why: string): never => {
      throw new UsageError(`Cannot attach '${name}' ${why}`);
    };
    if (names.indexOf(name) < n) fail("twice: name each port once");
    if (name.length > MAX_NAME) {
      fail(`as its name has ${name.length} characters: ports have at most ${MAX_NAME}`);
    }
    if (name.includes(":")) {
      fail(`as it is a port of a switch: name an interface, it becomes '${switchName}:INTERFACE'`);
    }
    if (!/^[^\s/{}]+$/.test(name)) fail("as no interface may be called so");
  });
}
