/**
 * Writing a port name from what it says: always the same text for the same spec, and a text that
 * `parsePortName` reads as that spec.
 *
 * @module
 */

import {
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
} from "./abi/constants.ts";
import { NetmapError } from "./errors.ts";
import { EINVAL } from "./errno.ts";
import { FLAG_LETTERS } from "./port_name_flags.ts";
import { isValeName, MAX_RING_ID } from "./port_name_parts.ts";
import type { PortSpec } from "./port_spec.ts";

const WRITABLE_NAME = /^(vale[A-Za-z0-9_]*:)?[A-Za-z0-9_.]+([{}][A-Za-z0-9_]+)?$/;

/**
 * The name that says the same as a spec.
 *
 * @param spec from `parsePortName` or `portSpec`
 * @returns the shortest form, its parts in a fixed order: mode, flags, memory id, share, conf,
 *   extmem, offset
 * @throws {NetmapError} EINVAL when something in the spec has no place in a name: an unusual
 *   character, `NR_REG_NULL`, extra buffers, flags without a letter
 *
 * @example
 * ```ts
 * import { formatPortName, parsePortName } from "@netmap/core";
 * console.log(formatPortName(parsePortName("netmap:eth0@2/TxT@conf:tx_slots=8,rings=1")));
 * // netmap:eth0/xT@2@conf:rings=1,tx-slots=8
 * ```
 */
export function formatPortName(spec: PortSpec): string {
  return withSubsystem(spec, spec.name) + formatMode(spec) + formatFlags(spec) +
    (spec.memId === 0 ? "" : `@${spec.memId}`) +
    (spec.share === null ? "" : `@share=${withSubsystem(spec, spec.share)}`) +
    formatConf(spec) + formatExtmem(spec) + formatOffsets(spec);
}

function fail(spec: PortSpec, what: string): never {
  throw new NetmapError(
    EINVAL,
    `Cannot write port '${spec.name}' as a name as ${what} has no place in one: use the options form`,
    { port: spec.name },
  );
}

function withSubsystem(spec: PortSpec, name: string): string {
  if (!WRITABLE_NAME.test(name)) fail(spec, `'${name}'`);
  return isValeName(name) ? name : `netmap:${name}`;
}

function formatMode(spec: PortSpec): string {
  const one = spec.mode === NR_REG_ONE_NIC || spec.mode === NR_REG_ONE_SW;
  if (spec.ringId !== 0 && !one) fail(spec, `ring ${spec.ringId} beside mode ${spec.mode}`);
  if (spec.ringId > MAX_RING_ID) fail(spec, `ring ${spec.ringId}`);
  switch (spec.mode) {
    case NR_REG_ALL_NIC:
      return "";
    case NR_REG_ONE_NIC:
      return `-${spec.ringId}`;
    case NR_REG_NIC_SW:
      return "*";
    case NR_REG_SW:
      return "^";
    case NR_REG_ONE_SW:
      return `^${spec.ringId}`;
    default:
      return fail(spec, `mode ${spec.mode}`);
  }
}

function formatFlags(spec: PortSpec): string {
  let letters = "";
  let rest = spec.flags;
  for (const [letter, flag] of FLAG_LETTERS) {
    if ((spec.flags & flag) === 0) continue;
    letters += letter;
    rest -= flag;
  }
  if (rest !== 0) fail(spec, `flag 0x${rest.toString(16)}`);
  if (spec.extraBuffers !== 0) fail(spec, `${spec.extraBuffers} extra buffers`);
  return letters === "" ? "" : `/${letters}`;
}

function formatConf(spec: PortSpec): string {
  const keys: string[] = [];
  const pair = (common: string, tx: number, rx: number): void => {
    const [prefix, noun] = common.startsWith("host-") ? ["host-", common.slice(5)] : ["", common];
    if (tx === rx) {
      if (tx !== 0) keys.push(`${common}=${tx}`);
      return;
    }
    if (tx !== 0) keys.push(`${prefix}tx-${noun}=${tx}`);
    if (rx !== 0) keys.push(`${prefix}rx-${noun}=${rx}`);
  };
  pair("rings", spec.txRings, spec.rxRings);
  pair("host-rings", spec.hostTxRings, spec.hostRxRings);
  pair("slots", spec.txSlots, spec.rxSlots);
  return keys.length === 0 ? "" : `@conf:${keys.join(",")}`;
}

function formatExtmem(spec: PortSpec): string {
  const { extmem } = spec;
  if (extmem === null) return "";
  if (extmem.file.includes("@")) fail(spec, `'@' in file '${extmem.file}'`);
  const numbers: [string, number][] = [
    ["if-num", extmem.ifNum],
    ["if-size", extmem.ifSize],
    ["ring-num", extmem.ringNum],
    ["ring-size", extmem.ringSize],
    ["buf-num", extmem.bufNum],
    ["buf-size", extmem.bufSize],
  ];
  const keys = numbers.filter(([, value]) => value !== 0).map(([key, value]) => `,${key}=${value}`);
  if (keys.length === 0) return `@extmem=${extmem.file}`;
  if (extmem.file.includes(",")) fail(spec, `',' in file '${extmem.file}'`);
  return `@extmem:file=${extmem.file}${keys.join("")}`;
}

function formatOffsets(spec: PortSpec): string {
  const { offsets } = spec;
  if (offsets === null) return "";
  if (offsets.max !== offsets.initial) fail(spec, `a largest offset of ${offsets.max}`);
  if (offsets.minGap !== 0) fail(spec, `a gap of ${offsets.minGap}`);
  return offsets.bits === 0
    ? `@offset=${offsets.initial}`
    : `@offset:initial=${offsets.initial},bits=${offsets.bits}`;
}
