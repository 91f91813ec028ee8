/**
 * Views: objects whose properties read and write the bytes of a C struct, made from the tables of
 * `struct.ts`.
 *
 * Invariant: a property touches the bytes of its own member and no others, whatever is stored and
 * whatever the bytes hold; text without a NUL ends where its member ends.
 *
 * A struct's accessors are built once, on a class; a view is then one object with a DataView in it.
 *
 * @module
 */

import type { AnyLayout, StructArray, StructField, StructLayout } from "./struct.ts";
import { checkScalar, codecOf, readChars, writeChars } from "./struct_codec.ts";

/** The bytes that a view stands on: from the start of its struct to the end of what it was given. */
class View {
  readonly #data: DataView;

  constructor(data: DataView) {
    this.#data = data;
  }

  static data(view: View): DataView {
    return view.#data;
  }
}

type ViewClass = new (data: DataView) => View;
type Values = Record<string, unknown>;

const CLASSES = new WeakMap<AnyLayout, ViewClass>();

function classOf(layout: AnyLayout): ViewClass {
  let made = CLASSES.get(layout);
  if (made === undefined) {
    made = class extends View {};
    for (const [key, field] of Object.entries(layout.fields)) {
      if (!field.isReserved) Object.defineProperty(made.prototype, key, accessors(field));
    }
    CLASSES.set(layout, made);
  }
  return made;
}

function accessors(field: StructField): PropertyDescriptor & ThisType<View> {
  if (field.isArray) {
    return {
      get() {
        return arrayView(View.data(this), field);
      },
    };
  }
  const { read, write } = element(field);
  return {
    get() {
      return read(View.data(this), field.offset);
    },
    set(value: unknown) {
      write(View.data(this), field.offset, value);
    },
  };
}

interface Element {
  read(data: DataView, offset: number): unknown;
  write(data: DataView, offset: number, value: unknown): void;
}

/** How one element of a member is read and written; text counts as one. */
function element(field: StructField): Element {
  const { cName, kind, layout, elementSize, size } = field;
  if (layout !== null) {
    const inner = classOf(layout);
    const at = (data: DataView, offset: number): View =>
      new inner(new DataView(data.buffer, data.byteOffset + offset, elementSize));
    return {
      read: at,
      write: (data, offset, value) => assign(layout, at(data, offset), value as Values),
    };
  }
  if (kind === "char") {
    const bytes = (data: DataView, offset: number): Uint8Array =>
      new Uint8Array(data.buffer, data.byteOffset + offset, size);
    return {
      read: (data, offset) => readChars(bytes(data, offset)),
      write: (data, offset, value) => writeChars(bytes(data, offset), cName, String(value)),
    };
  }
  const codec = codecOf(kind as Parameters<typeof codecOf>[0]);
  return {
    read: (data, offset) => codec.get(data, offset),
    write: (data, offset, value) => {
      checkScalar(codec, cName, value);
      codec.set(data, offset, value as number | bigint);
    },
  };
}

function arrayView(data: DataView, field: StructField): StructArray<unknown> {
  const { cName, offset, elementSize, count } = field;
  const { read, write } = element(field);
  const length = count > 0 ? count : Math.floor((data.byteLength - offset) / elementSize);
  const place = (index: number): number => {
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RangeError(
        `Cannot reach element '${index}' of '${cName}' as it has ${length} elements`,
      );
    }
    return offset + index * elementSize;
  };
  return {
    length,
    get: (index) => read(data, place(index)),
    set: (index, value) => write(data, place(index), value),
  };
}

function assign(layout: AnyLayout, view: View, values: Values): void {
  for (const [key, field] of Object.entries(layout.fields)) {
    const value = values[key];
    if (value === undefined || field.isReserved || field.isArray) continue;
    (view as unknown as Values)[key] = value;
  }
}

/**
 * A view over bytes. What it is set to is in the bytes at once, and the other way round.
 *
 * @param layout the struct's table
 * @param bytes where the struct is
 * @param at bytes from the start of `bytes` to the struct
 * @returns an object with a property for each member that is not a gap
 * @throws {RangeError} when the struct does not fit into `bytes` at that place; a property, when
 * the value is not one that the member holds
 *
 * @example
 * ```ts
 * import { NMREQ_PORT_HDR, structView } from "@netmap/core";
 * const bytes = new Uint8Array(NMREQ_PORT_HDR.size);
 * structView(NMREQ_PORT_HDR, bytes).hdrLen = 12;
 * console.log(bytes[0]); // 12
 * ```
 */
export function structView<T>(layout: StructLayout<T>, bytes: Uint8Array, at: number = 0): T {
  if (!Number.isInteger(at) || at < 0 || at + layout.size > bytes.length) {
    throw new RangeError(
      `Cannot view 'struct ${layout.name}' at ${at} as it takes ${layout.size} bytes of ${bytes.length}`,
    );
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  return new (classOf(layout))(data) as unknown as T;
}

/**
 * Sets several members; those that are undefined or not named stay as they are.
 *
 * @param layout the struct's table
 * @param view a view of that struct
 * @param values a plain object, or another view to copy from; arrays are not copied
 * @returns the view
 * @throws {RangeError} when a value is not one that its member holds
 *
 * @example
 * ```ts
 * import { NMREQ_REGISTER, NR_REG_ALL_NIC, structAssign, structView } from "@netmap/core";
 * const body = structView(NMREQ_REGISTER, new Uint8Array(NMREQ_REGISTER.size));
 * structAssign(NMREQ_REGISTER, body, { mode: NR_REG_ALL_NIC, extraBufs: 8 });
 * console.log(body.extraBufs); // 8
 * ```
 */
export function structAssign<T>(layout: StructLayout<T>, view: T, values: Partial<T>): T {
  assign(layout, view as unknown as View, values as Values);
  return view;
}

/**
 * The bytes of one member as they are: text with whatever follows its NUL, gaps too.
 *
 * @param layout the struct's table
 * @param key the member; gaps begin with `_`
 * @param bytes where the struct is
 * @param at bytes from the start of `bytes` to the struct
 * @returns a window on `bytes`, no copy; empty for an open array
 *
 * @example
 * ```ts
 * import { NMREQ_HEADER, structBytes } from "@netmap/core";
 * const header = new Uint8Array(NMREQ_HEADER.size).fill(0x41);
 * console.log(structBytes(NMREQ_HEADER, "name", header).includes(0)); // false: unterminated
 * ```
 */
export function structBytes<T>(
  layout: StructLayout<T>,
  key: (keyof T & string) | `_${string}`,
  bytes: Uint8Array,
  at: number = 0,
): Uint8Array {
  const field = layout.fields[key];
  const start = at + field.offset;
  if (start + field.size > bytes.length) {
    throw new RangeError(
      `Cannot reach '${field.cName}' of 'struct ${layout.name}' at ${at} in ${bytes.length} bytes`,
    );
  }
  return bytes.subarray(start, start + field.size);
}

/**
 * A copy of a struct as a plain object, to print or to compare.
 *
 * @param layout the struct's table
 * @param bytes where the struct is
 * @param at bytes from the start of `bytes` to the struct
 * @returns every member that is not a gap; arrays as arrays, inner structs as objects
 * @throws {RangeError} when the struct does not fit into `bytes` at that place
 *
 * @example
 * ```ts
 * import { NMREQ_PORT_HDR, structObject } from "@netmap/core";
 * console.log(structObject(NMREQ_PORT_HDR, new Uint8Array(8))); // { hdrLen: 0 }
 * ```
 */
export function structObject<T>(
  layout: StructLayout<T>,
  bytes: Uint8Array,
  at: number = 0,
): Record<string, unknown> {
  return snapshot(layout, structView(layout, bytes, at) as Values);
}

function snapshot(layout: AnyLayout, view: Values): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(layout.fields)) {
    if (field.isReserved) continue;
    const one = (value: unknown): unknown =>
      field.layout === null ? value : snapshot(field.layout, value as Values);
    if (field.isArray) {
      const items = view[key] as StructArray<unknown>;
      copy[key] = Array.from({ length: items.length }, (_, index) => one(items.get(index)));
    } else {
      copy[key] = one(view[key]);
    }
  }
  return copy;
}
