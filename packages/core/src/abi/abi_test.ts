import { assert, assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { itRequires } from "@netmap/test-support";
import { compileAndRun } from "./cc_fixture.ts";
import { LAYOUT_C } from "./layout_fixture.ts";
import * as abi from "./mod.ts";
import type { AnyLayout, StructField } from "./struct.ts";
import { LAYOUTS } from "./tables_fixture.ts";

const IOCTLS: Readonly<Record<string, string>> = {
  NIOCGINFO: "_IOWR('i', 145, struct nmreq)",
  NIOCREGIF: "_IOWR('i', 146, struct nmreq)",
  NIOCTXSYNC: "_IO('i', 148)",
  NIOCRXSYNC: "_IO('i', 149)",
  NIOCCONFIG: "_IOWR('i', 150, struct nm_ifreq)",
  NIOCCTRL: "_IOWR('i', 151, struct nmreq_header)",
};

/** What C says of a member: place, size, size of an element, whether it is signed. */
function cOfField(layout: AnyLayout, field: StructField): string {
  const member = `((struct ${layout.name} *)0)->${field.cName}`;
  const one = field.isArray || field.kind === "char" ? `${member}[0]` : member;
  const size = field.count === 0 ? "0" : `(int)sizeof(${member})`;
  // plain char has whatever sign the machine gives it
  const sign = field.kind === "struct" || field.kind === "char"
    ? "0"
    : `(__typeof__(${one}))-1 < 1`;
  return `printf("%s %d %d %d %d\\n", "${layout.name}.${field.cName}", ` +
    `(int)offsetof(struct ${layout.name}, ${field.cName}), ${size}, (int)sizeof(${one}), ${sign});`;
}

function rowOfField(layout: AnyLayout, field: StructField): string[] {
  const signed = field.kind === "i32" || field.kind === "i64";
  return [
    `${layout.name}.${field.cName}`,
    String(field.offset),
    String(field.size),
    String(field.elementSize),
    signed ? "1" : "0",
  ];
}

describe("struct tables", () => {
  it("cover every struct of API 14 and of the legacy interface", () => {
    assertEquals(LAYOUTS.map((layout) => layout.name).sort(), [
      "netmap_if",
      "netmap_ring",
      "netmap_slot",
      "nm_csb_atok",
      "nm_csb_ktoa",
      "nm_ifreq",
      "nm_kloop_eventfds",
      "nmreq",
      "nmreq_header",
      "nmreq_opt_csb",
      "nmreq_opt_extmem",
      "nmreq_opt_offsets",
      "nmreq_opt_sync_kloop_eventfds",
      "nmreq_opt_sync_kloop_mode",
      "nmreq_option",
      "nmreq_pools_info",
      "nmreq_port_hdr",
      "nmreq_port_info_get",
      "nmreq_register",
      "nmreq_sync_kloop_start",
      "nmreq_vale_attach",
      "nmreq_vale_detach",
      "nmreq_vale_list",
      "nmreq_vale_newif",
      "nmreq_vale_polling",
      "timeval",
    ]);
  });

  itRequires({ programs: ["cc"] }, "have the offsets and sizes that the C compiler gives", () => {
    const prints = LAYOUTS.flatMap((layout) => [
      `printf("%s %d %d\\n", "${layout.name}", (int)sizeof(struct ${layout.name}), ` +
      `(int)_Alignof(struct ${layout.name}));`,
      ...Object.values(layout.fields).map((field) => cOfField(layout, field)),
    ]);
    const rows = LAYOUTS.flatMap((layout) => [
      [layout.name, String(layout.size), String(layout.align)],
      ...Object.values(layout.fields).map((field) => rowOfField(layout, field)),
    ]);
    const said = compileAndRun(`${LAYOUT_C}\nint main(void) {\n${prints.join("\n")}\n}\n`);
    for (let i = 0; i < rows.length; i++) assertEquals(said[i], rows[i]);
    assertEquals(said.length, rows.length);
    assert(rows.length > 150, "the tables were not found");
  });

  itRequires({ programs: ["cc"] }, "give the ioctl numbers that the C macros give", () => {
    const prints = Object.entries(IOCTLS).map(([name, macro]) =>
      `printf("${name} %u\\n", (unsigned)${macro});`
    );
    const said = compileAndRun(`${LAYOUT_C}\nint main(void) {\n${prints.join("\n")}\n}\n`);
    const ours = Object.entries(abi.NETMAP_IOCTLS.linux);
    assertEquals(said, ours.map(([name, number]) => [name, String(number)]));
  });

  it("give FreeBSD's ioctl numbers, which mark 'no argument' with a bit", () => {
    assertEquals(abi.NETMAP_IOCTLS.freebsd, {
      NIOCGINFO: 0xc03c6991,
      NIOCREGIF: 0xc03c6992,
      NIOCTXSYNC: 0x20006994,
      NIOCRXSYNC: 0x20006995,
      NIOCCONFIG: 0xc1106996,
      NIOCCTRL: 0xc0586997,
    });
  });
});

describe("word offsets", () => {
  const words = (layout: AnyLayout, fields: Record<string, number>, unit: number = 4): void => {
    for (const [key, word] of Object.entries(fields)) {
      assertEquals(layout.fields[key].offset, word * unit, `${layout.name}.${key}`);
    }
  };

  it("of a slot agree with its table", () => {
    words(abi.NETMAP_SLOT, {
      bufIdx: abi.SLOT_BUF_IDX,
      len: abi.SLOT_LEN_FLAGS,
      ptr: abi.SLOT_PTR_LO,
    });
    words(abi.NETMAP_SLOT, { len: abi.SLOT_LEN, flags: abi.SLOT_FLAGS }, 2);
    assertEquals(abi.SLOT_PTR_HI, abi.SLOT_PTR_LO + 1);
    assertEquals(abi.SLOT_WORDS * 4, abi.NETMAP_SLOT.size);
    assertEquals(abi.SLOT_HALVES * 2, abi.NETMAP_SLOT.size);
  });

  it("of a ring agree with its table", () => {
    words(abi.NETMAP_RING, {
      bufOfs: abi.RING_BUF_OFS,
      numSlots: abi.RING_NUM_SLOTS,
      bufSize: abi.RING_BUF_SIZE,
      ringid: abi.RING_RINGID_DIR,
      head: abi.RING_HEAD,
      cur: abi.RING_CUR,
      tail: abi.RING_TAIL,
      flags: abi.RING_FLAGS,
      ts: abi.RING_TS,
      offsetMask: abi.RING_OFFSET_MASK,
      bufAlign: abi.RING_BUF_ALIGN,
      _sem: abi.RING_SEM,
      slot: abi.RING_SLOTS,
    });
    assertEquals(abi.RING_TS_USEC * 4, abi.RING_TS * 4 + abi.TIMEVAL.fields.usec.offset);
    assertEquals(abi.RING_BUF_OFS_HI, abi.RING_BUF_OFS + 1);
    assertEquals(abi.RING_OFFSET_MASK_HI, abi.RING_OFFSET_MASK + 1);
    assertEquals(abi.RING_SLOTS_HALF, abi.RING_SLOTS * 2);
    assertEquals(abi.NETMAP_RING.fields.dir.offset, abi.RING_RINGID_DIR * 4 + 2);
  });

  it("of a port agree with its table", () => {
    words(abi.NETMAP_IF, {
      name: abi.IF_NAME,
      version: abi.IF_VERSION,
      flags: abi.IF_FLAGS,
      txRings: abi.IF_TX_RINGS,
      rxRings: abi.IF_RX_RINGS,
      bufsHead: abi.IF_BUFS_HEAD,
      hostTxRings: abi.IF_HOST_TX_RINGS,
      hostRxRings: abi.IF_HOST_RX_RINGS,
      ringOfs: abi.IF_RING_OFS,
    });
    assertEquals(abi.IF_RING_OFS_WORDS * 4, abi.NETMAP_IF.fields.ringOfs.elementSize);
  });

  it("of CSB entries agree with their tables", () => {
    words(abi.NM_CSB_ATOK, {
      head: abi.CSB_ATOK_HEAD,
      cur: abi.CSB_ATOK_CUR,
      applNeedKick: abi.CSB_ATOK_APPL_NEED_KICK,
      syncFlags: abi.CSB_ATOK_SYNC_FLAGS,
    });
    words(abi.NM_CSB_KTOA, {
      hwcur: abi.CSB_KTOA_HWCUR,
      hwtail: abi.CSB_KTOA_HWTAIL,
      kernNeedKick: abi.CSB_KTOA_KERN_NEED_KICK,
    });
    assertEquals(abi.NM_CSB_ATOK.size, abi.CSB_ENTRY_WORDS * 4);
    assertEquals(abi.NM_CSB_KTOA.size, abi.CSB_ENTRY_WORDS * 4);
  });
});
