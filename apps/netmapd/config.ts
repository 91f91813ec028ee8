/**
 * The configuration file of netmapd: JSON, checked before anything is done. `config.schema.json` says
 * the same for editors.
 *
 * @module
 */

import type { Limits, Trust } from "@netmap/daemon";
import { readFileSync } from "node:fs";
import { UsageError } from "../shared/arguments.ts";

/** A switch that is set up at the start. */
export interface SwitchConfig {
  /** Its name: `vale0`. */
  readonly name: string;
  /** Interfaces and persistent ports that are attached to it. */
  readonly attach?: readonly string[];
  /** Persistent ports that are made and attached to it. */
  readonly ports?: readonly string[];
  /** Frames for one port move by swapping buffers. */
  readonly zeroCopy?: boolean;
}

/** What a configuration file says. */
export interface Config {
  /** Path of the socket. */
  readonly socket?: string;
  /** Permissions of the socket, as chmod(1) has them: `"0660"`. */
  readonly mode?: string;
  /** Who is trusted beside root and the daemon's own user. */
  readonly trust?: Trust;
  /** What one process may have. */
  readonly limits?: Limits;
  /** Switches. */
  readonly switches?: readonly SwitchConfig[];
  /** Where counters can be read: a path or `127.0.0.1:PORT`. */
  readonly metrics?: string;
}

type Check = (value: unknown, at: string) => void;

const text: Check = (value, at) => {
  if (typeof value !== "string" || value === "") fail(at, value, "give a text");
};
const flag: Check = (value, at) => {
  if (typeof value !== "boolean") fail(at, value, "give true or false");
};
const count: Check = (value, at) => {
  if (!Number.isInteger(value) || (value as number) < 0) fail(at, value, "give a whole number");
};
const octal: Check = (value, at) => {
  if (typeof value !== "string" || !/^0?[0-7]{3}$/.test(value)) {
    fail(at, value, 'give permissions as "0660"');
  }
};
const switchName: Check = (value, at) => {
  if (typeof value !== "string" || !/^vale[A-Za-z0-9_]*$/.test(value)) {
    fail(at, value, "give 'vale', then letters, digits or '_'");
  }
};
const list = (check: Check): Check => (value, at) => {
  if (!Array.isArray(value)) fail(at, value, "give a list");
  (value as unknown[]).forEach((one, i) => check(one, `${at}[${i}]`));
};
const object = (fields: Readonly<Record<string, Check>>, needs: readonly string[] = []): Check =>
(
  value,
  at,
) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail(at, value, "give an object");
  }
  for (const [key, one] of Object.entries(value as Record<string, unknown>)) {
    if (key === "$schema") continue;
    const check = fields[key];
    if (check === undefined) {
      throw new UsageError(
        `Cannot use '${key}' in ${at || "the configuration"} as there is none: there are ${
          Object.keys(fields).join(", ")
        }`,
      );
    }
    check(one, at === "" ? key : `${at}.${key}`);
  }
  for (const key of needs) {
    if (!Object.hasOwn(value as object, key)) fail(`${at}.${key}`, undefined, "it is needed");
  }
};

const CONFIG = object({
  socket: text,
  mode: octal,
  trust: object({ uids: list(count), gids: list(count) }),
  limits: object({ descriptors: count, threads: count, buffers: count }),
  switches: list(
    object({ name: switchName, attach: list(text), ports: list(text), zeroCopy: flag }, ["name"]),
  ),
  metrics: text,
});

function fail(at: string, value: unknown, advice: string): never {
  throw new UsageError(
    `Cannot use ${JSON.stringify(value) ?? "nothing"} for '${at}' of the configuration: ${advice}`,
  );
}

/**
 * Checks what a configuration file has.
 *
 * @param value its JSON
 * @throws {UsageError} with the place of what is wrong
 */
export function checkConfig(value: unknown): Config {
  CONFIG(value, "");
  return value as Config;
}

/**
 * Reads a configuration file.
 *
 * @param path where it is
 * @throws {UsageError} when it cannot be read, is no JSON, or has something wrong
 */
export function readConfig(path: string): Config {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `Cannot read the configuration '${path}': ${(error as NodeJS.ErrnoException).code}`,
    );
  }
  try {
    return checkConfig(JSON.parse(source));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`Cannot read the configuration '${path}' as JSON: ${error.message}`);
  }
}
