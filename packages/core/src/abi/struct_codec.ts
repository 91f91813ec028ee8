/**
 * How each scalar of a C struct is read from and written to bytes, little-endian, as x86-64 and
 * arm64 keep it.
 *
 * @module
 */

/** The scalars that netmap's structs are made of. */
export type ScalarKind = "u8" | "u16" | "u32" | "i32" | "i64" | "u64" | "bits64" | "flags64";

/** Reads and writes one scalar. */
export interface Codec {
  /** Bytes, which is its alignment too. */
  readonly size: number;
  /** Smallest value that it takes. */
  readonly min: number | bigint;
  /** Largest value that it takes. */
  readonly max: number | bigint;
  /** Reads at a byte offset. */
  get(data: DataView, offset: number): number | bigint;
  /** Writes at a byte offset a value that was checked against `min` and `max`. */
  set(data: DataView, offset: number, value: number | bigint): void;
}

const TWO_32 = 0x1_0000_0000;

function writeHalves(data: DataView, offset: number, value: number): void {
  data.setUint32(offset, value >>> 0, true); // >>> takes the value modulo 2^32, exact to 2^53
  data.setInt32(offset + 4, Math.floor(value / TWO_32), true);
}

const CODECS: Readonly<Record<ScalarKind, Codec>> = {
  u8: {
    size: 1,
    min: 0,
    max: 0xff,
    get: (data, offset) => data.getUint8(offset),
    set: (data, offset, value) => data.setUint8(offset, value as number),
  },
  u16: {
    size: 2,
    min: 0,
    max: 0xffff,
    get: (data, offset) => data.getUint16(offset, true),
    set: (data, offset, value) => data.setUint16(offset, value as number, true),
  },
  u32: {
    size: 4,
    min: 0,
    max: 0xffff_ffff,
    get: (data, offset) => data.getUint32(offset, true),
    set: (data, offset, value) => data.setUint32(offset, value as number, true),
  },
  i32: {
    size: 4,
    min: -0x8000_0000,
    max: 0x7fff_ffff,
    get: (data, offset) => data.getInt32(offset, true),
    set: (data, offset, value) => data.setInt32(offset, value as number, true),
  },
  i64: {
    size: 8,
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    get: (data, offset) => data.getInt32(offset + 4, true) * TWO_32 + data.getUint32(offset, true),
    set: (data, offset, value) => writeHalves(data, offset, value as number),
  },
  u64: {
    size: 8,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    get: (data, offset) => data.getUint32(offset + 4, true) * TWO_32 + data.getUint32(offset, true),
    set: (data, offset, value) => writeHalves(data, offset, value as number),
  },
  bits64: {
    size: 8,
    min: 0n,
    max: 0xffff_ffff_ffff_ffffn,
    get: (data, offset) => data.getBigUint64(offset, true),
    set: (data, offset, value) => data.setBigUint64(offset, value as bigint, true),
  },
  flags64: {
    size: 8,
    min: 0,
    max: 0xffff_ffff,
    get: (data, offset) => data.getUint32(offset, true),
    set: (data, offset, value) => writeHalves(data, offset, value as number),
  },
};

const BYTE: Codec = CODECS.u8;

/**
 * The codec of a scalar; text is laid out as bytes are.
 *
 * @param kind a scalar, or `char`
 */
export function codecOf(kind: ScalarKind | "char"): Codec {
  return kind === "char" ? BYTE : CODECS[kind];
}

/**
 * Refuses a value that the scalar does not hold.
 *
 * @param codec the scalar
 * @param cName the member, for the sentence
 * @param value what is to be stored
 * @throws {RangeError} not an integer of the scalar's range, or a bigint where a number is meant
 */
export function checkScalar(codec: Codec, cName: string, value: unknown): void {
  const fits = typeof codec.min === "bigint"
    ? typeof value === "bigint" && value >= codec.min && value <= codec.max
    : Number.isInteger(value) && (value as number) >= codec.min && (value as number) <= codec.max;
  if (!fits) {
    throw new RangeError(
      `Cannot store '${String(value)}' in '${cName}' as it holds ${
        typeof codec.min === "bigint" ? "bigints" : "integers"
      } from ${codec.min} to ${codec.max}`,
    );
  }
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Text of a `char[]`: up to the first NUL, never past its end.
 *
 * @param bytes the whole member
 */
export function readChars(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  // slice, not subarray: a decoder may refuse memory that is shared
  return DECODER.decode(bytes.slice(0, nul < 0 ? bytes.length : nul));
}

/**
 * Stores text in a `char[]` and fills the rest with NULs.
 *
 * @param bytes the whole member
 * @param cName the member, for the sentence
 * @param text what is to be stored; its UTF-8 must leave room for one NUL
 * @throws {RangeError} too long, or a NUL within
 */
export function writeChars(bytes: Uint8Array, cName: string, text: string): void {
  const encoded = ENCODER.encode(text);
  if (encoded.length >= bytes.length || encoded.includes(0)) {
    throw new RangeError(
      `Cannot store '${text}' in '${cName}' as it holds ${bytes.length - 1} bytes without a NUL`,
    );
  }
  bytes.fill(0);
  bytes.set(encoded);
}
