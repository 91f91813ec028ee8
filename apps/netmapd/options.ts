/**
 * The command line of netmapd.
 *
 * @module
 */

import { defaultSockets } from "@netmap/daemon";
import { parseArguments, UsageError } from "../shared/arguments.ts";

const COMMANDS = ["serve", "status", "ports", "top"] as const;

/** What is asked for. */
export interface Options {
  /** `--help`: nothing else counts. */
  readonly help: boolean;
  /** What to do. */
  readonly command: (typeof COMMANDS)[number];
  /** `--socket`; undefined: what the configuration says, or the usual place. */
  readonly socket: string | undefined;
  /** `--config`. */
  readonly config: string | undefined;
  /** `--fuse`: where a device file is served as well. */
  readonly fuse: string | undefined;
  /** `--json`. */
  readonly json: boolean;
}

/**
 * Reads the command line.
 *
 * @param args without the runtime and the script
 * @throws {UsageError} when it cannot be meant
 */
export function readOptions(args: readonly string[]): Options {
  const { options, rest } = parseArguments(args, {
    socket: "value",
    config: "value",
    fuse: "value",
    json: "flag",
    help: "flag",
  });
  const [command = "serve", ...more] = rest;
  const known = COMMANDS.find((one) => one === command);
  if (known === undefined || more.length > 0) {
    throw new UsageError(
      `Cannot do '${rest.join(" ")}': use one of ${
        COMMANDS.slice(1).join(", ")
      }, or nothing to serve`,
    );
  }
  const foreign = (["config", "fuse"] as const).find((name) => options[name] !== undefined);
  if (known !== "serve" && foreign !== undefined) {
    throw new UsageError(
      `Cannot use '--${foreign}' with '${known}', which asks a daemon: give '--socket'`,
    );
  }
  return {
    help: options.help === true,
    command: known,
    socket: options.socket,
    config: options.config,
    fuse: options.fuse,
    json: options.json === true,
  };
}

/** Where a daemon is served and asked when nobody says: root's place, or the user's own. */
export function usualSocket(isRoot: boolean): string {
  const [system, own] = defaultSockets();
  return isRoot || own === undefined ? system : own;
}
