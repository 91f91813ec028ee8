/**
 * A small language for C structs: a table of fields gives the offsets that the C ABI of x86-64 and
 * arm64 gives (natural alignment), for the views of `struct_view.ts` to read and write.
 *
 * ```
 *   defineStruct("nmreq_port_hdr", {            offset  size
 *     hdrLen: u32("nr_hdr_len"),                     0     4
 *     _pad1: reserved(u32("pad1")),                  4     4   no accessor
 *   })                                                    = 8
 * ```
 *
 * Tables and views are for the control path; the data path uses the word offsets that stand beside
 * the tables, on typed arrays.
 *
 * @module
 */

import { codecOf, type ScalarKind } from "./struct_codec.ts";

export type { ScalarKind } from "./struct_codec.ts";

/** A member as it was written down; `T` is what a view's property holds. */
export interface FieldSpec<T> {
  /** The member's name in C. */
  readonly cName: string;
  /** A scalar, `char` for text, `struct` for a nested one. */
  readonly kind: ScalarKind | "char" | "struct";
  /** Elements in an array, 1 for a single one, 0 for an open array at the end of a struct. */
  readonly count: number;
  /** An array in C; the view's property is then a {@linkcode StructArray}. Text is none. */
  readonly isArray: boolean;
  /** Whether it is a gap without a property. */
  readonly isReserved: boolean;
  /** Least alignment in bytes; 0 for the natural one. */
  readonly align: number;
  /** The nested struct, for kind `struct`. */
  readonly layout: AnyLayout | null;
  /** Only for the type checker: never set. */
  readonly type?: T;
}

/** A member with its place. */
export interface StructField extends FieldSpec<unknown> {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  /** Bytes of one element. */
  readonly elementSize: number;
  /** Bytes of all elements; 0 for an open array. */
  readonly size: number;
}

/** What is known of a struct whatever its view's type is. */
export interface AnyLayout {
  /** The struct's name in C, without `struct`. */
  readonly name: string;
  /** `sizeof`, in bytes. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** All members in order, gaps too; keys of gaps begin with `_`. */
  readonly fields: Readonly<Record<string, StructField>>;
}

/** A struct's table; `T` is the interface of its views. */
export interface StructLayout<T> extends AnyLayout {
  /** Only for the type checker: never set. */
  readonly type?: T;
}

/** An array member of a view. */
export interface StructArray<E> {
  /** Elements; of an open array, as many as the bytes hold. */
  readonly length: number;
  /** Reads an element. @throws {RangeError} when `index` is not below `length` */
  get(index: number): E;
  /** Stores an element. @throws {RangeError} `index` not below `length`, or a value too large */
  set(index: number, value: E): void;
}

/** One spec for each property of `T`, and any number of gaps. */
export type FieldSpecs<T> =
  & { readonly [K in keyof T]-?: FieldSpec<T[K]> }
  & { readonly [gap: `_${string}`]: FieldSpec<unknown> };

function spec<T>(
  cName: string,
  kind: ScalarKind | "char" | "struct",
  count: number = 1,
  layout: AnyLayout | null = null,
): FieldSpec<T> {
  return { cName, kind, count, isArray: false, isReserved: false, align: 0, layout };
}

/** `uint8_t`. @param cName the member's name in C */
export function u8(cName: string): FieldSpec<number> {
  return spec(cName, "u8");
}

/** `uint16_t`. @param cName the member's name in C */
export function u16(cName: string): FieldSpec<number> {
  return spec(cName, "u16");
}

/** `uint32_t`. @param cName the member's name in C */
export function u32(cName: string): FieldSpec<number> {
  return spec(cName, "u32");
}

/** `int32_t`. @param cName the member's name in C */
export function i32(cName: string): FieldSpec<number> {
  return spec(cName, "i32");
}

/** `int64_t` as a number: exact within ±2^53. @param cName the member's name in C */
export function i64(cName: string): FieldSpec<number> {
  return spec(cName, "i64");
}

/** `uint64_t` as a number: exact below 2^53, which addresses are. @param cName the name in C */
export function u64(cName: string): FieldSpec<number> {
  return spec(cName, "u64");
}

/** `uint64_t` as a bigint, for masks. @param cName the member's name in C */
export function bits64(cName: string): FieldSpec<bigint> {
  return spec(cName, "bits64");
}

/**
 * `uint64_t` whose meaning is in its low 32 bits: reads those exactly whatever stands above, so
 * that `&` with a flag is right; writing clears the rest.
 *
 * @param cName the member's name in C
 */
export function flags64(cName: string): FieldSpec<number> {
  return spec(cName, "flags64");
}

/** `char[size]`, text up to a NUL or to the end. @param size bytes, the NUL included */
export function chars(cName: string, size: number): FieldSpec<string> {
  return spec(cName, "char", size);
}

/** A struct within a struct. @param layout the inner struct */
export function nested<T>(cName: string, layout: StructLayout<T>): FieldSpec<T> {
  return spec(cName, "struct", 1, layout);
}

/** An array. @param count elements; 0 for an open one at the end of a struct */
export function array<E>(element: FieldSpec<E>, count: number): FieldSpec<StructArray<E>> {
  return { ...element, count, isArray: true, type: undefined };
}

/** A gap: has a place but no property. @param count elements, when the gap is an array in C */
export function reserved(element: FieldSpec<unknown>, count?: number): FieldSpec<unknown> {
  const made = count === undefined ? element : array(element, count);
  return { ...made, isReserved: true };
}

/** A member that C aligns more strictly than its type asks. @param align bytes, a power of two */
export function aligned<T>(align: number, element: FieldSpec<T>): FieldSpec<T> {
  return { ...element, align };
}

function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/**
 * Lays a struct out.
 *
 * @param name the struct's name in C
 * @param specs its members in order; keys that begin with `_` are gaps
 * @returns the table, to be given to {@linkcode structView}
 *
 * @example
 * ```ts
 * import { defineStruct, structView, u16, u32 } from "@netmap/core";
 * interface Pair { id: number; value: number }
 * const PAIR = defineStruct<Pair>("pair", { id: u16("id"), value: u32("value") });
 * const view = structView(PAIR, new Uint8Array(PAIR.size));
 * view.value = 7;
 * console.log(PAIR.fields.value.offset, view.value); // 4 7
 * ```
 */
export function defineStruct<T>(name: string, specs: FieldSpecs<T>): StructLayout<T> {
  const fields: Record<string, StructField> = {};
  let offset = 0;
  let structAlign = 1;
  for (const [key, member] of Object.entries(specs) as [string, FieldSpec<unknown>][]) {
    const codec = member.kind === "struct" ? null : codecOf(member.kind);
    const elementSize = codec?.size ?? member.layout!.size;
    const align = Math.max(codec?.size ?? member.layout!.align, member.align);
    offset = roundUp(offset, align);
    fields[key] = { ...member, offset, elementSize, size: elementSize * member.count };
    offset += fields[key].size;
    structAlign = Math.max(structAlign, align);
  }
  return { name, size: roundUp(offset, structAlign), align: structAlign, fields };
}
