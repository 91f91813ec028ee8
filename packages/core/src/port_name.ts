/**
 * Port names as libnetmap's `nmport_open` and, before it, `nm_open` take them.
 *
 * ```
 *   netmap:eth0-2/xT@7@conf:rings=4,tx-slots=512@share=netmap:eth1
 *   |______|___|_|__|_|____________________________________________|
 *   subsystem  |  |  memory        options: share conf extmem offset
 *          name  |  flags: x exclusive, z zero-copy monitor, t r monitor tx rx,
 *                |         T R only tx rx rings
 *                mode: nothing all NIC rings, -N one of them, ^ host rings, ^N one of them,
 *                      * NIC and host rings
 *
 *   vale0:a   vale:a   vale0:a{1   netmap:eth0}left      switch ports and pipes
 * ```
 *
 * Where this is stricter than C: numbers are numbers (C takes `rings=many` as 0), nothing is cut to
 * 16 bits, `{` needs an id, names consist of letters, digits, `_` and `.` (as netmap's own tests
 * have it; any other name goes into the options form). Where it is wider: `@conf=4` works, as
 * libnetmap documents it but does not do it, and `@offset` needs no enabling first.
 *
 * @module
 */

import {
  IFNAMSIZ,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
} from "./abi/constants.ts";
import { FLAG_LETTERS } from "./port_name_flags.ts";
import { parsePortOptions } from "./port_name_options.ts";
import { isValeName, MAX_RING_ID, nameTooLong } from "./port_name_parts.ts";
import { Scanner } from "./port_name_scanner.ts";
import { type PortOptions, type PortSpec, portSpec } from "./port_spec.ts";

export { PortNameError } from "./port_name_scanner.ts";

const IDENTIFIER = /[A-Za-z0-9_]/;
const NAME = /[A-Za-z0-9_.]/;
const FLAGS_EXPECTED = "one of the flags x z t r R T";
const MODE_EXPECTED = "a mode (^ * -N), flags (/), '@' or the end";

type Fields = { -readonly [K in keyof PortOptions]: PortOptions[K] };

/** Where `nm_open`'s grammar differs. */
interface Dialect {
  readonly nmOpen: boolean;
}

/**
 * Parses a port name by libnetmap's grammar.
 *
 * @param text `subsystem:name[mode][/flags][@memory][@options]`
 * @returns everything that the name says; what it leaves open is 0 or null
 * @throws {PortNameError} EINVAL with the column and what was expected there
 *
 * @example
 * ```ts
 * import { parsePortName } from "@netmap/core";
 * const spec = parsePortName("netmap:eth0-2/T@conf:rings=4,slots=512");
 * console.log(spec.name, spec.ringId, spec.txRings, spec.rxSlots); // eth0 2 4 512
 * ```
 */
export function parsePortName(text: string): PortSpec {
  const scanner = new Scanner(String(text));
  const fields: Fields = { name: parseVirtualPort(scanner, { nmOpen: false }) };
  parseSuffix(scanner, fields, { nmOpen: false });
  parsePortOptions(scanner, fields, parseShared);
  return portSpec(fields);
}

/**
 * Parses a port name by `nm_open`'s older grammar: no options, pipes by number, `+` beside `*` for
 * NIC and host rings, and flags also in several groups (`/z/r`).
 *
 * @param text `netmap:eth0-3/x`, `vale0:a`, `netmap:eth0{3`
 * @returns the same as the name would be in today's grammar; pipes as names, not as modes
 * @throws {PortNameError} EINVAL with the column and what was expected there
 *
 * @example
 * ```ts
 * import { NR_REG_NIC_SW, parseNmOpenName } from "@netmap/core";
 * console.log(parseNmOpenName("netmap:eth0+").mode === NR_REG_NIC_SW); // true
 * ```
 */
export function parseNmOpenName(text: string): PortSpec {
  const scanner = new Scanner(String(text));
  const fields: Fields = { name: parseVirtualPort(scanner, { nmOpen: true }) };
  parseSuffix(scanner, fields, { nmOpen: true });
  if (!scanner.done) scanner.fail("a memory id from 1 to 65535", "nm_open has no options");
  return portSpec(fields);
}

/** `subsystem:name` or `subsystem:name{pipe`; the name as requests carry it. */
function parseVirtualPort(scanner: Scanner, { nmOpen }: Dialect): string {
  const start = scanner.at;
  let prefix = "";
  if (scanner.take("netmap")) {
    if (scanner.peek() !== ":") scanner.fail("':' after 'netmap'");
  } else if (scanner.take("vale")) {
    prefix = `vale${scanner.takeWhile(IDENTIFIER)}:`;
    if (scanner.peek() !== ":") {
      scanner.fail("':' after the switch's name of letters, digits and '_'");
    }
  } else {
    const bare = scanner.takeWhile(NAME);
    const hint = bare === "" || bare.length >= IFNAMSIZ
      ? ""
      : `for the interface write 'netmap:${bare}'`;
    scanner.fail("'netmap:' or 'valeX:'", hint, start);
  }
  scanner.take(":");

  const nameAt = scanner.at;
  const port = scanner.takeWhile(NAME);
  if (port === "") scanner.fail("a port name of letters, digits, '_' and '.'");
  if (prefix === "" && scanner.peek() === ":") {
    const hint = isValeName(`${port}:`) ? `write '${port}:...' without 'netmap:'` : "";
    scanner.fail(MODE_EXPECTED, hint);
  }
  let name = prefix + port;
  if (scanner.peek() === "{" || scanner.peek() === "}") {
    name += scanner.peek();
    scanner.at++;
    name += nmOpen
      ? scanner.takeNumber(0, MAX_RING_ID, "a pipe number")
      : scanner.takeWhile(IDENTIFIER) || scanner.fail("a pipe id of letters, digits and '_'");
  }
  const tooLong = nameTooLong(name);
  if (tooLong !== null) scanner.fail(tooLong, "", prefix === "" ? nameAt : start);
  return name;
}

/** The port of `@share`: without mode, flags or options. */
function parseShared(scanner: Scanner): string {
  const name = parseVirtualPort(scanner, { nmOpen: false });
  if (!scanner.done) scanner.fail("the end of the shared port's name or '@'");
  return name;
}

/** Mode, flags and memory id, up to the first option. */
function parseSuffix(scanner: Scanner, fields: Fields, { nmOpen }: Dialect): void {
  fields.mode = NR_REG_ALL_NIC;
  fields.flags = 0;
  const modeAt = scanner.at;
  if (scanner.take("-")) {
    fields.mode = NR_REG_ONE_NIC;
    const hint = "an interface whose name has a '-' is opened by the options form { name }";
    if (!/[0-9]/.test(scanner.peek())) {
      scanner.fail(`a ring number from 0 to ${MAX_RING_ID}`, scanner.done ? "" : hint);
    }
    fields.ringId = scanner.takeNumber(0, MAX_RING_ID, "a ring number");
  } else if (scanner.take("*") || (nmOpen && scanner.take("+"))) {
    fields.mode = NR_REG_NIC_SW;
  } else if (scanner.take("^")) {
    fields.mode = NR_REG_SW;
    if (/[0-9]/.test(scanner.peek())) {
      fields.mode = NR_REG_ONE_SW;
      fields.ringId = scanner.takeNumber(0, MAX_RING_ID, "a host ring number");
    }
  }
  const hasMode = scanner.at > modeAt;
  let group = false; // whether flags may follow without another '/' between
  while (!scanner.done) {
    if (scanner.take("/")) {
      if (group && !nmOpen) scanner.fail(`${FLAGS_EXPECTED}, '@' or the end`, "", scanner.at - 1);
      fields.flags |= parseFlags(scanner);
      group = true;
    } else if (scanner.peek() === "@") {
      if (!/[0-9]/.test(scanner.text[scanner.at + 1] ?? "")) return;
      parseMemId(scanner, fields);
      group = false;
    } else if (group) {
      scanner.fail(`${FLAGS_EXPECTED}, '@' or the end`);
    } else {
      scanner.fail(
        hasMode || fields.memId !== undefined ? "flags (/), '@' or the end" : MODE_EXPECTED,
      );
    }
  }
}

function parseFlags(scanner: Scanner): number {
  let flags = 0;
  if (scanner.done) scanner.fail(FLAGS_EXPECTED);
  while (!scanner.done) {
    const found = FLAG_LETTERS.find(([letter]) => letter === scanner.peek());
    if (found === undefined) break;
    flags |= found[1];
    scanner.at++;
  }
  return flags;
}

function parseMemId(scanner: Scanner, fields: Fields): void {
  scanner.take("@");
  const at = scanner.at;
  const memId = scanner.takeNumber(1, 0xffff, "a memory id");
  if (fields.memId !== undefined && fields.memId !== memId) {
    scanner.fail(`memory id ${fields.memId}, as it is already set`, "", at);
  }
  fields.memId = memId;
}
