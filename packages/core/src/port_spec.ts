/**
 * What a port name says, as plain data: which port, which of its rings, in which memory. A
 * `PortSpec` is complete (every field has a value), so that a name, an object of options and a
 * request can be compared and turned into each other.
 *
 * ```
 *   "netmap:eth0-2/T@conf:rings=4"  --parsePortName-->  PortSpec  --registerFromSpec-->  REGISTER
 *   { name: "eth0", mode: ... }     --portSpec------->            --formatPortName--->   text
 * ```
 *
 * Zero means "netmap chooses" for rings, slots and `memId`, as it does in the request.
 *
 * @module
 */

import { NR_REG_ALL_NIC } from "./abi/constants.ts";
import { NetmapError } from "./errors.ts";
import { EINVAL } from "./errno.ts";
import { isValeName, nameTooLong, type PipeEnd, pipeOf } from "./port_name_parts.ts";

export { isValeName, type PipeEnd, pipeOf } from "./port_name_parts.ts";

/** Memory of the user's own for a port: `@extmem:...`; zero takes netmap's own value. */
export interface ExtmemSpec {
  /** The file that is mapped. */
  readonly file: string;
  /** How many `netmap_if`. */
  readonly ifNum: number;
  /** Bytes for each `netmap_if`. */
  readonly ifSize: number;
  /** How many rings. */
  readonly ringNum: number;
  /** Bytes for each ring. */
  readonly ringSize: number;
  /** How many buffers. */
  readonly bufNum: number;
  /** Bytes for each buffer. */
  readonly bufSize: number;
}

/** Packets that start inside their buffers: `@offset:...`. */
export interface OffsetSpec {
  /** Bytes that every slot starts with. */
  readonly initial: number;
  /** How many low bits of `ptr` hold the offset, 0 for all 64. */
  readonly bits: number;
  /** The largest offset that will be used, in bytes; names set it to `initial`. */
  readonly max: number;
  /** Bytes that netmap keeps free after a packet; names leave it 0. */
  readonly minGap: number;
}

/** Everything that opening a port may ask for. */
export interface PortSpec {
  /** The name as requests carry it: `eth0`, `vale0:a`, `eth0{1`. */
  readonly name: string;
  /** Which rings: one of the `NR_REG_*` modes. */
  readonly mode: number;
  /** Which one, for `NR_REG_ONE_NIC` and `NR_REG_ONE_SW`. */
  readonly ringId: number;
  /** `NR_*` flags of a registration. */
  readonly flags: number;
  /** Memory region, 0 to 65535. */
  readonly memId: number;
  /** A port whose memory region is wanted, or null. */
  readonly share: string | null;
  /** Transmit rings, 0 to 65535. */
  readonly txRings: number;
  /** Receive rings, 0 to 65535. */
  readonly rxRings: number;
  /** Host transmit rings, 0 to 65535. */
  readonly hostTxRings: number;
  /** Host receive rings, 0 to 65535. */
  readonly hostRxRings: number;
  /** Slots in each transmit ring. */
  readonly txSlots: number;
  /** Slots in each receive ring. */
  readonly rxSlots: number;
  /** Buffers beside those of the rings. */
  readonly extraBuffers: number;
  /** The user's own memory, or null. */
  readonly extmem: ExtmemSpec | null;
  /** Offsets in buffers, or null. */
  readonly offsets: OffsetSpec | null;
  /** The pipe that `name` means, or null; follows from `name`. */
  readonly pipe: PipeEnd | null;
}

/** What may be set beside the name: any field of a {@linkcode PortSpec}, and short forms. */
export interface PortOverrides
  extends Partial<Omit<PortSpec, "name" | "pipe" | "extmem" | "offsets">> {
  /** Transmit and receive rings at once; `txRings` and `rxRings` go before it. */
  readonly rings?: number;
  /** Host rings of both directions at once; `hostTxRings` and `hostRxRings` go before it. */
  readonly hostRings?: number;
  /** Slots of all rings at once; `txSlots` and `rxSlots` go before it. */
  readonly slots?: number;
  /** The user's own memory; what is left out is netmap's choice. */
  readonly extmem?: Pick<ExtmemSpec, "file"> & Partial<ExtmemSpec> | null;
  /** Offsets in buffers; `max` is `initial` when it is left out. */
  readonly offsets?: Pick<OffsetSpec, "initial"> & Partial<OffsetSpec> | null;
}

/** The options form of a port name. */
export interface PortOptions extends PortOverrides {
  /** As a request carries it (`eth0`, `vale0:a`, `eth0{1`); `netmap:` before it is taken off. */
  readonly name: string;
}

const UINT16 = 0xffff;
const UINT32 = 0xffff_ffff;
const LIMITS: Readonly<Partial<Record<keyof PortSpec, number>>> = {
  mode: UINT32,
  ringId: UINT16,
  flags: UINT32,
  memId: UINT16,
  txRings: UINT16,
  rxRings: UINT16,
  hostTxRings: UINT16,
  hostRxRings: UINT16,
  txSlots: UINT32,
  rxSlots: UINT32,
  extraBuffers: UINT32,
};
const EXTMEM_NUMBERS = ["ifNum", "ifSize", "ringNum", "ringSize", "bufNum", "bufSize"] as const;

/**
 * Completes and checks the options form of a port name.
 *
 * @param options the name and whatever differs from netmap's choice
 * @returns a complete spec
 * @throws {NetmapError} EINVAL for a name that no request can carry or a number out of its range
 *
 * @example
 * ```ts
 * import { formatPortName, portSpec } from "@netmap/core";
 * console.log(formatPortName(portSpec({ name: "eth0", rings: 4, txSlots: 512 })));
 * // netmap:eth0@conf:rings=4,tx-slots=512
 * ```
 */
export function portSpec(options: PortOptions): PortSpec {
  const name = checkName(options.name);
  const { rings = 0, hostRings = 0, slots = 0 } = options;
  const spec: PortSpec = {
    name,
    mode: options.mode ?? NR_REG_ALL_NIC,
    ringId: options.ringId ?? 0,
    flags: options.flags ?? 0,
    memId: options.memId ?? 0,
    share: options.share == null ? null : checkName(options.share),
    txRings: options.txRings ?? rings,
    rxRings: options.rxRings ?? rings,
    hostTxRings: options.hostTxRings ?? hostRings,
    hostRxRings: options.hostRxRings ?? hostRings,
    txSlots: options.txSlots ?? slots,
    rxSlots: options.rxSlots ?? slots,
    extraBuffers: options.extraBuffers ?? 0,
    extmem: options.extmem == null ? null : completeExtmem(options.extmem),
    offsets: options.offsets == null ? null : completeOffsets(options.offsets),
    pipe: pipeOf(name),
  };
  for (const [key, most] of Object.entries(LIMITS)) {
    checkNumber(spec[key as keyof PortSpec], key, most);
  }
  return spec;
}

/**
 * Puts overrides over a spec; what they leave out stays.
 *
 * @param spec the base
 * @param overrides what to replace; a short form replaces both of its directions
 * @returns a new, checked spec
 * @throws {NetmapError} EINVAL for a number out of its range
 *
 * @example
 * ```ts
 * import { overrideSpec, parsePortName } from "@netmap/core";
 * const spec = overrideSpec(parsePortName("vale0:a@conf:rings=4"), { rings: 2, txSlots: 64 });
 * console.log(spec.txRings, spec.rxRings, spec.txSlots); // 2 2 64
 * ```
 */
export function overrideSpec(spec: PortSpec, overrides: PortOverrides): PortSpec {
  const merged: Record<string, unknown> = { ...spec };
  for (const [key, value] of Object.entries(overrides)) {
    if (value !== undefined) merged[key] = value;
  }
  const spread = (short: number | undefined, ...keys: (keyof PortOverrides)[]): void => {
    if (short === undefined) return;
    for (const key of keys) if (overrides[key] === undefined) merged[key] = short;
  };
  spread(overrides.rings, "txRings", "rxRings");
  spread(overrides.hostRings, "hostTxRings", "hostRxRings");
  spread(overrides.slots, "txSlots", "rxSlots");
  return portSpec(merged as unknown as PortOptions);
}

function completeExtmem(extmem: NonNullable<PortOverrides["extmem"]>): ExtmemSpec {
  if (typeof extmem.file !== "string" || extmem.file === "" || extmem.file.includes("\0")) {
    throw new NetmapError(EINVAL, `Cannot use external memory of '${extmem.file}': name the file`);
  }
  const complete: Record<string, string | number> = { file: extmem.file };
  for (const key of EXTMEM_NUMBERS) {
    complete[key] = extmem[key] ?? 0;
    checkNumber(complete[key], `extmem.${key}`, UINT32);
  }
  return complete as unknown as ExtmemSpec;
}

function completeOffsets(offsets: NonNullable<PortOverrides["offsets"]>): OffsetSpec {
  const { initial, bits = 0, max = initial, minGap = 0 } = offsets;
  checkNumber(initial, "offsets.initial", UINT32);
  checkNumber(bits, "offsets.bits", 64);
  checkNumber(max, "offsets.max", UINT32);
  checkNumber(minGap, "offsets.minGap", UINT32);
  return { initial, bits, max, minGap };
}

function checkNumber(value: unknown, what: string, most: number): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return;
  throw new NetmapError(
    EINVAL,
    `Cannot open a port with ${what} '${String(value)}': give a whole number from 0 to ${most}`,
  );
}

function checkName(text: string): string {
  const name = typeof text === "string" ? text.replace(/^netmap:/, "") : "";
  const fail = (why: string): never => {
    throw new NetmapError(EINVAL, `Cannot open a port named '${String(text)}': expected ${why}`);
  };
  // What no interface name has on Linux or FreeBSD; a lone surrogate has no UTF-8 form.
  if (name === "" || /[\s/\p{Cc}\p{Cs}]/u.test(name)) {
    return fail("a name without spaces, '/' or control characters");
  }
  const pipe = pipeOf(name);
  if (pipe !== null && (pipe.parent === "" || !/^[A-Za-z0-9_]+$/.test(pipe.id))) {
    return fail("'parent{id' or 'parent}id', the id of letters, digits and '_'");
  }
  const base = pipe?.parent ?? name;
  if (base.endsWith(":") || (base.includes(":") && !isValeName(base))) {
    return fail("'valeX:port', or a name without ':'");
  }
  const tooLong = nameTooLong(name);
  return tooLong === null ? name : fail(tooLong);
}
