/**
 * The options at the end of a port name.
 *
 * ```
 *   @share=netmap:eth1                       one value: it goes to the option's default key
 *   @conf:rings=4,tx-slots=512               keys in any order, each once; '_' is as good as '-'
 *   @extmem:file=/dev/hugepages/x,buf-num=8192
 *   @offset:initial=64,bits=16
 * ```
 *
 * An option may come again (`@conf:rings=4@conf:tx-rings=1`: the later one wins) where libnetmap
 * lets it; `extmem` and `offset` come once.
 *
 * @module
 */

import type { Scanner } from "./port_name_scanner.ts";
import type { PortOptions } from "./port_spec.ts";

type Fields = { -readonly [K in keyof PortOptions]: PortOptions[K] };

/** A key's value, with the place to point at when it is wrong. */
interface Value {
  readonly start: number;
  readonly end: number;
}
type Values = ReadonlyMap<string, Value>;

interface OptionRule {
  /** The key that `@option=value` sets. */
  readonly defaultKey: string;
  /** Whether the default key has to be there. */
  readonly required: boolean;
  readonly keys: readonly string[];
}

/** All keys, written with '-'; the parser takes '_' for it. */
export const OPTION_RULES: Readonly<Record<string, OptionRule>> = {
  share: { defaultKey: "port", required: true, keys: ["port"] },
  conf: {
    defaultKey: "rings",
    required: false,
    keys: [
      "rings",
      "tx-rings",
      "rx-rings",
      "host-rings",
      "host-tx-rings",
      "host-rx-rings",
      "slots",
      "tx-slots",
      "rx-slots",
    ],
  },
  extmem: {
    defaultKey: "file",
    required: true,
    keys: ["file", "if-num", "if-size", "ring-num", "ring-size", "buf-num", "buf-size"],
  },
  offset: { defaultKey: "initial", required: true, keys: ["initial", "bits"] },
};

const UINT16 = 0xffff;
const UINT32 = 0xffff_ffff;

/**
 * Parses `@option...` up to the end.
 *
 * @param scanner stands at the first '@', or at the end
 * @param fields what the options say is put here
 * @param parseShared parses the port name that `@share` holds
 * @throws {PortNameError} EINVAL with the column
 */
export function parsePortOptions(
  scanner: Scanner,
  fields: Fields,
  parseShared: (scanner: Scanner) => string,
): void {
  while (scanner.take("@")) {
    const at = scanner.at;
    const option = scanner.takeUntil(":=@");
    if (!Object.hasOwn(OPTION_RULES, option)) {
      const names = Object.keys(OPTION_RULES).join(", ");
      scanner.fail(`an option (${names})`, option === "" ? "a memory id is '@N'" : "", at);
    }
    const values = parseValues(scanner, option, OPTION_RULES[option]);
    const sub = (value: Value): Scanner => scanner.within(value.start, value.end);
    if (option === "conf") applyConf(sub, values, fields);
    else if (option === "share") applyShare(sub, values, fields, parseShared);
    else {
      if (fields[option === "extmem" ? "extmem" : "offsets"] !== undefined) {
        scanner.fail(`'${option}' only once`, "", at);
      }
      if (option === "extmem") applyExtmem(sub, values, fields);
      else applyOffset(sub, values, fields);
    }
  }
}

function parseValues(scanner: Scanner, option: string, rule: OptionRule): Values {
  const values = new Map<string, Value>();
  const required = (): string => `'${rule.defaultKey}=' in '${option}'`;
  if (scanner.take("=")) {
    const start = scanner.at;
    scanner.takeUntil("@");
    if (scanner.at === start) scanner.fail(`a value for '${option}'`);
    values.set(rule.defaultKey, { start, end: scanner.at });
    return values;
  }
  if (!scanner.take(":")) scanner.fail(`'=' or ':' after '${option}'`);
  while (scanner.peek() !== "@" && !scanner.done) {
    const at = scanner.at;
    const key = scanner.takeUntil("=,@").replaceAll("_", "-");
    if (!rule.keys.includes(key)) {
      scanner.fail(`a key of '${option}' (${rule.keys.join(", ")})`, "", at);
    }
    if (values.has(key)) scanner.fail(`'${key}' only once`, "", at);
    if (!scanner.take("=")) scanner.fail(`'=' and a value after '${key}'`);
    const start = scanner.at;
    scanner.takeUntil(",@");
    // As in libnetmap, `key=` is the same as leaving the key out.
    if (scanner.at > start) values.set(key, { start, end: scanner.at });
    if (scanner.take(",") && (scanner.done || scanner.peek() === "@")) {
      scanner.fail(`a key of '${option}' after ','`);
    }
  }
  if (rule.required && !values.has(rule.defaultKey)) scanner.fail(required());
  return values;
}

type Sub = (value: Value) => Scanner;

function number(sub: Sub, values: Values, key: string, most: number): number | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  const scanner = sub(value);
  const result = scanner.takeNumber(0, most, `a number for '${key}'`);
  if (!scanner.done) scanner.fail(`digits only for '${key}'`);
  return result;
}

/** More specific keys go before less specific ones, whatever their order in the text. */
function applyConf(sub: Sub, values: Values, fields: Fields): void {
  const set = (common: string, tx: string, rx: string, most: number): (number | undefined)[] => {
    const both = number(sub, values, common, most);
    return [number(sub, values, tx, most) ?? both, number(sub, values, rx, most) ?? both];
  };
  const [txRings, rxRings] = set("rings", "tx-rings", "rx-rings", UINT16);
  const [hostTx, hostRx] = set("host-rings", "host-tx-rings", "host-rx-rings", UINT16);
  const [txSlots, rxSlots] = set("slots", "tx-slots", "rx-slots", UINT32);
  if (txRings !== undefined) fields.txRings = txRings;
  if (rxRings !== undefined) fields.rxRings = rxRings;
  if (hostTx !== undefined) fields.hostTxRings = hostTx;
  if (hostRx !== undefined) fields.hostRxRings = hostRx;
  if (txSlots !== undefined) fields.txSlots = txSlots;
  if (rxSlots !== undefined) fields.rxSlots = rxSlots;
}

function applyShare(
  sub: Sub,
  values: Values,
  fields: Fields,
  parseShared: (scanner: Scanner) => string,
): void {
  const value = values.get("port")!;
  const name = parseShared(sub(value));
  if (fields.share != null && fields.share !== name) {
    sub(value).fail(`'${fields.share}' again, as only one region can be shared`);
  }
  fields.share = name;
}

function applyExtmem(sub: Sub, values: Values, fields: Fields): void {
  const file = values.get("file")!;
  const at = (key: string): number => number(sub, values, key, UINT32) ?? 0;
  const path = sub(file).takeUntil("");
  if (path.includes("\0")) sub(file).fail("a file name without NUL");
  fields.extmem = {
    file: path,
    ifNum: at("if-num"),
    ifSize: at("if-size"),
    ringNum: at("ring-num"),
    ringSize: at("ring-size"),
    bufNum: at("buf-num"),
    bufSize: at("buf-size"),
  };
}

function applyOffset(sub: Sub, values: Values, fields: Fields): void {
  const initial = number(sub, values, "initial", UINT32)!;
  fields.offsets = { initial, bits: number(sub, values, "bits", 64) ?? 0, max: initial, minGap: 0 };
}
