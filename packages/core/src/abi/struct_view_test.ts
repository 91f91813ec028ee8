import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { NETMAP_IF, type NetmapIf } from "./netmap_if.ts";
import { NETMAP_RING } from "./netmap_ring.ts";
import { NMREQ_REGISTER, NMREQ_VALE_ATTACH } from "./nmreq_bodies.ts";
import { NMREQ_HEADER } from "./nmreq_header.ts";
import { NMREQ_OPT_EXTMEM, NMREQ_OPT_SYNC_KLOOP_EVENTFDS } from "./nmreq_options.ts";
import type { StructField } from "./struct.ts";
import { structAssign, structBytes, structObject, structView } from "./struct_view.ts";
import { LAYOUTS, type Leaf, leavesOf } from "./tables_fixture.ts";

type Settable = Record<string, unknown>;

const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  flags64: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
  i64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function fitting(field: StructField): fc.Arbitrary<unknown> {
  if (field.kind === "bits64") return fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  if (field.kind === "char") {
    return fc.string({ unit: "grapheme", maxLength: field.size }).filter((text) =>
      !text.includes("\0") && new TextEncoder().encode(text).length < field.size
    );
  }
  const [min, max] = LIMITS[field.kind];
  return fc.oneof(
    fc.maxSafeInteger().filter((n) => n >= min && n <= max),
    fc.constant(min),
    fc.constant(max),
  );
}

function unfitting(field: StructField): fc.Arbitrary<unknown> {
  if (field.kind === "bits64") return fc.constantFrom<unknown>(-1n, 1n << 64n, 1, undefined, "1");
  if (field.kind === "char") return fc.constantFrom("x".repeat(field.size), "a\0b");
  const [min, max] = LIMITS[field.kind];
  return fc.constantFrom<unknown>(min - 1, max + 1, 0.5, NaN, Infinity, 1n, "1", null);
}

/** The view that holds a leaf, within the outermost one. */
function holder(view: Settable, path: readonly string[]): Settable {
  return path.slice(0, -1).reduce((inner, key) => inner[key] as Settable, view);
}

const ANY_LEAF = fc.constantFrom(
  ...LAYOUTS.flatMap((layout) => leavesOf(layout).map((leaf) => ({ layout, leaf }))),
);

/** Some struct at some place in bytes that hold anything, and a value for one of its members. */
function scene(value: (field: StructField) => fc.Arbitrary<unknown>) {
  return ANY_LEAF.chain(({ layout, leaf }) =>
    fc.record({
      layout: fc.constant(layout),
      leaf: fc.constant(leaf),
      at: fc.nat(40),
      after: fc.nat(40),
      seed: fc.infiniteStream(fc.nat(255)),
      value: value(leaf.field),
    })
  ).map(({ seed, ...rest }) => {
    const bytes = Uint8Array.from({ length: rest.at + rest.layout.size + rest.after }, () => {
      return seed.next().value as number;
    });
    return { ...rest, bytes };
  });
}

function outside(bytes: Uint8Array, at: number, leaf: Leaf): number[] {
  const start = at + leaf.offset;
  return [...bytes].filter((_, index) => index < start || index >= start + leaf.field.size);
}

describe("structView", () => {
  it("reads back what it wrote and leaves all other bytes alone", () => {
    fc.assert(fc.property(scene(fitting), ({ layout, leaf, at, bytes, value }) => {
      const before = outside(bytes, at, leaf);
      const key = leaf.path[leaf.path.length - 1];
      holder(structView(layout, bytes, at) as Settable, leaf.path)[key] = value;
      const again = holder(structView(layout, bytes, at) as Settable, leaf.path)[key];
      assertEquals(again, value);
      assertEquals(outside(bytes, at, leaf), before);
    }));
  });

  it("refuses what a member does not hold and then changes nothing", () => {
    fc.assert(fc.property(scene(unfitting), ({ layout, leaf, at, bytes, value }) => {
      const before = bytes.slice();
      const key = leaf.path[leaf.path.length - 1];
      const view = holder(structView(layout, bytes, at) as Settable, leaf.path);
      const error = assertThrows(() => (view[key] = value), RangeError);
      assert((error as Error).message.includes(`'${leaf.field.cName}'`));
      assertEquals(bytes, before);
    }));
  });

  it("reads any bytes at all without throwing", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LAYOUTS),
        fc.uint8Array({ minLength: 300 }),
        (layout, bytes) => {
          structObject(layout, bytes);
        },
      ),
    );
  });

  it("ends text without a NUL where its member ends", () => {
    const bytes = new Uint8Array(200).fill(0x41);
    assertEquals(structView(NMREQ_HEADER, bytes, 3).name, "A".repeat(64));
    bytes[3 + NMREQ_HEADER.fields.name.offset + 5] = 0;
    assertEquals(structView(NMREQ_HEADER, bytes, 3).name, "AAAAA");
  });

  it("clears what was behind a shorter text", () => {
    const bytes = new Uint8Array(NMREQ_HEADER.size);
    const header = structView(NMREQ_HEADER, bytes);
    header.name = "a-long-name";
    header.name = "b";
    assertEquals(structBytes(NMREQ_HEADER, "name", bytes).subarray(1), new Uint8Array(63));
  });

  it("reads the low half of flags exactly when the high half is full", () => {
    const bytes = new Uint8Array(NMREQ_REGISTER.size).fill(0xff);
    const register = structView(NMREQ_REGISTER, bytes);
    assertEquals(register.flags, 0xffff_ffff);
    register.flags = 0x800;
    assertEquals(new DataView(bytes.buffer).getBigUint64(48, true), 0x800n);
  });

  it("gives nested structs as views on the same bytes", () => {
    const bytes = new Uint8Array(NMREQ_VALE_ATTACH.size);
    const attach = structView(NMREQ_VALE_ATTACH, bytes);
    attach.reg.txSlots = 512;
    assertEquals(structView(NMREQ_REGISTER, bytes).txSlots, 512);
  });

  it("gives open arrays as many elements as the bytes hold", () => {
    const bytes = new Uint8Array(NETMAP_RING.size + 3 * 16 + 15);
    const { slot } = structView(NETMAP_RING, bytes);
    assertEquals(slot.length, 3);
    slot.get(2).bufIdx = 77;
    assertEquals(bytes[NETMAP_RING.size + 32], 77);
    assertThrows(() => slot.get(3), RangeError, "Cannot reach element '3' of 'slot'");
    assertThrows(() => slot.get(-1), RangeError);
    assertThrows(() => slot.get(0.5), RangeError);
  });

  it("stores signed offsets in an open array", () => {
    const port = structView<NetmapIf>(NETMAP_IF, new Uint8Array(NETMAP_IF.size + 16));
    port.ringOfs.set(1, -4096);
    assertEquals([port.ringOfs.get(0), port.ringOfs.get(1)], [0, -4096]);
    assertThrows(() => port.ringOfs.set(2, 0), RangeError);
  });

  it("refuses bytes that are too few, and places outside them", () => {
    const bytes = new Uint8Array(NMREQ_HEADER.size);
    for (const at of [1, -1, 0.5, NaN]) {
      assertThrows(() => structView(NMREQ_HEADER, bytes, at), RangeError, "Cannot view");
    }
    assertThrows(() => structView(NMREQ_HEADER, new Uint8Array(0)), RangeError);
  });

  it("works on shared memory and on part of a buffer", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(256), 8, 128);
    structView(NMREQ_HEADER, shared, 16).name = "vale0:a";
    assertEquals(structView(NMREQ_HEADER, shared, 16).name, "vale0:a");
    assertEquals(new Uint8Array(shared.buffer)[8 + 16 + 8], "v".charCodeAt(0));
  });
});

describe("structAssign", () => {
  it("sets what is named and leaves what is undefined", () => {
    const view = structView(NMREQ_REGISTER, new Uint8Array(NMREQ_REGISTER.size).fill(1));
    structAssign(NMREQ_REGISTER, view, { txRings: 4, rxRings: undefined });
    assertEquals([view.txRings, view.rxRings], [4, 0x0101]);
  });

  it("copies from another view, structs within included", () => {
    const from = structView(NMREQ_OPT_EXTMEM, new Uint8Array(NMREQ_OPT_EXTMEM.size).fill(7));
    from.usrptr = 4096;
    from.opt.next = from.opt.size = from.info.memsize = 1;
    from.info.ifPoolOffset = from.info.ringPoolOffset = from.info.bufPoolOffset = 2;
    const bytes = new Uint8Array(NMREQ_OPT_EXTMEM.size);
    structAssign(NMREQ_OPT_EXTMEM, structView(NMREQ_OPT_EXTMEM, bytes), from);
    const copy = structObject(NMREQ_OPT_EXTMEM, bytes);
    assertEquals(copy.usrptr, 4096);
    assertEquals((copy.info as Settable).bufPoolObjtotal, 0x0707_0707);
  });
});

describe("structBytes", () => {
  it("shows an unterminated name as it is, and gaps too", () => {
    const bytes = new Uint8Array(NMREQ_VALE_ATTACH.size).fill(9);
    assertEquals(structBytes(NMREQ_VALE_ATTACH, "_pad1", bytes), new Uint8Array(4).fill(9));
    const header = new Uint8Array(NMREQ_HEADER.size).fill(0x41);
    assertFalse(structBytes(NMREQ_HEADER, "name", header).includes(0));
    assertThrows(() => structBytes(NMREQ_HEADER, "body", header, 1), RangeError);
  });
});

describe("structObject", () => {
  it("copies members, arrays and inner structs, and no gaps", () => {
    const bytes = new Uint8Array(NMREQ_OPT_SYNC_KLOOP_EVENTFDS.size + 8);
    structView(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, bytes).eventfds.set(0, { ioeventfd: 3, irqfd: -1 });
    assertEquals(structObject(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, bytes), {
      opt: { next: 0, reqtype: 0, status: 0, size: 0 },
      eventfds: [{ ioeventfd: 3, irqfd: -1 }],
    });
  });
});
