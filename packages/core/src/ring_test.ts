import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { beforeEach, describe, it } from "@std/testing/bdd";
import { NS_BUF_CHANGED, NS_MOREFRAG, NS_REPORT } from "./abi/constants.ts";
import {
  NETMAP_RING,
  NETMAP_SLOT,
  RING_HEAD,
  RING_NUM_SLOTS,
  RING_TAIL,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
} from "./abi/netmap_ring.ts";
import { structView } from "./abi/struct_view.ts";
import { EBADF, EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { LoopbackMemory } from "./loopback_fixture.ts";
import { Ring } from "./ring.ts";
import {
  ringEmpty,
  ringNext,
  ringRelease,
  ringSpace,
  ringTxPending,
  slotWord,
} from "./ring_words.ts";

const AT = 512;
const SLOTS = 8;
const BUF_SIZE = 256;
const BUFFERS = 4097; // not a multiple of 4: buf_ofs is any number of bytes
const BUF_COUNT = 20;

function layOut(offsetMask: bigint = 0n): LoopbackMemory {
  const memory = new LoopbackMemory(BUFFERS + BUF_COUNT * BUF_SIZE);
  const ring = structView(NETMAP_RING, memory.u8, AT);
  Object.assign(ring, {
    bufOfs: BUFFERS - AT,
    numSlots: SLOTS,
    bufSize: BUF_SIZE,
    ringid: 3,
    dir: 1,
    offsetMask,
  });
  for (let i = 0; i < SLOTS; i++) slot(memory, i).bufIdx = i + 2;
  return memory;
}

function slot(memory: LoopbackMemory, i: number) {
  return structView(NETMAP_SLOT, memory.u8, AT + 256 + 16 * i);
}

function assertFails(errno: number, text: string, use: () => unknown): void {
  const error = assertThrows(use, NetmapError);
  assertEquals(error.errno, errno, error.message);
  assert(error.message.includes(text), error.message);
}

describe("Ring", () => {
  let memory: LoopbackMemory;
  let header: { head: number; cur: number; tail: number; flags: number };
  let ring: Ring;

  beforeEach(() => {
    memory = layOut();
    header = structView(NETMAP_RING, memory.u8, AT);
    ring = new Ring(memory, AT, "vale0:a");
  });

  it("reads what the device laid out", () => {
    assertEquals(ring.numSlots, SLOTS);
    assertEquals(ring.bufSize, BUF_SIZE);
    assertEquals(ring.bufCount, BUF_COUNT);
    assertEquals(ring.ringId, 3);
    assertEquals(ring.dir, 1);
    assertEquals(ring.word, AT / 4);
  });

  it("moves head and cur, and follows tail", () => {
    ring.head = 2;
    ring.cur = 3;
    header.tail = 7;
    assertEquals([header.head, header.cur, header.tail], [2, 3, 7]);
    assertEquals([ring.head, ring.cur, ring.tail], [2, 3, 7]);
    ring.flags = 6;
    assertEquals([ring.flags, header.flags], [6, 6]);
  });

  it("space(), empty(), txPending() and the free functions agree with the definition everywhere", () => {
    for (let head = 0; head < SLOTS; head++) {
      for (let tail = 0; tail < SLOTS; tail++) {
        Object.assign(header, { head, tail });
        let space = 0;
        for (let i = head; i !== tail; i = (i + 1) % SLOTS) space++;
        const pending = (tail + 1) % SLOTS !== head;
        assertEquals(ring.space(), space);
        assertEquals(ring.empty(), head === tail);
        assertEquals(ring.txPending(), pending);
        assertEquals(ringSpace(memory.i32, ring.word), space);
        assertEquals(ringEmpty(memory.i32, ring.word), head === tail);
        assertEquals(ringTxPending(memory.i32, ring.word), pending);
      }
    }
  });

  it("next() goes around", () => {
    assertEquals([0, 6, 7].map((i) => ring.next(i)), [1, 7, 0]);
    assertEquals([0, 6, 7].map((i) => ringNext(memory.i32, ring.word, i)), [1, 7, 0]);
  });

  it("advance() moves head and cur around the end, and not past tail", () => {
    Object.assign(header, { head: 6, cur: 7, tail: 3 });
    assertFails(EINVAL, "5 are the user's", () => ring.advance(6));
    assertFails(EINVAL, "'-1'", () => ring.advance(-1));
    ring.advance(4);
    assertEquals([header.head, header.cur], [2, 2]);
    ring.advance(0);
    assertEquals([header.head, header.cur], [2, 2]);
  });

  it("ringRelease() publishes both pointers", () => {
    ringRelease(memory.i32, ring.word, 5);
    assertEquals([header.head, header.cur], [5, 5]);
  });

  it("reads and writes slots, each its own", () => {
    for (let i = 0; i < SLOTS; i++) ring.setSlot(i, 60 + i, NS_REPORT);
    for (let i = 0; i < SLOTS; i++) {
      assertEquals([slot(memory, i).len, slot(memory, i).flags], [60 + i, NS_REPORT]);
      assertEquals([ring.len(i), ring.slotFlags(i), ring.bufIdx(i)], [60 + i, NS_REPORT, i + 2]);
    }
    ring.setLen(3, 0xffff);
    ring.setFlags(4, 0x8000 | NS_MOREFRAG);
    assertEquals([ring.len(3), ring.slotFlags(3)], [0xffff, NS_REPORT]);
    assertEquals([ring.len(4), ring.slotFlags(4)], [64, 0x8000 | NS_MOREFRAG]);
    ring.setPtr(5, 0x8000_0001_ffff_fffen);
    assertEquals(ring.ptr(5), 0x8000_0001_ffff_fffen);
    assertEquals(slot(memory, 5).ptr, 0x8000_0001_ffff_fffen);
    assertEquals(slot(memory, 6).bufIdx, 8, "the neighbour is intact");
  });

  it("setBufIdx() marks the buffer as changed and keeps the rest", () => {
    ring.setSlot(1, 99, NS_REPORT);
    ring.setBufIdx(1, 19);
    assertEquals(
      [ring.bufIdx(1), ring.len(1), ring.slotFlags(1)],
      [19, 99, NS_REPORT | NS_BUF_CHANGED],
    );
  });

  it("slotWord() finds what the class finds", () => {
    ring.setSlot(5, 77, 0);
    const w = slotWord(ring.word, 5);
    assertEquals([memory.i32[w + SLOT_BUF_IDX], memory.i32[w + SLOT_LEN_FLAGS]], [7, 77]);
  });

  it("finds buffers at any byte", () => {
    assertEquals(ring.bufOffset(2), BUFFERS + 4 * BUF_SIZE);
    assertEquals(ring.bufferOffset(19), BUFFERS + 19 * BUF_SIZE);
    ring.buffer(4).fill(9);
    assertEquals(memory.u8[BUFFERS + 4 * BUF_SIZE - 1], 0);
    assertEquals(memory.u8[BUFFERS + 4 * BUF_SIZE], 9);
    assertEquals(memory.u8[BUFFERS + 5 * BUF_SIZE - 1], 9);
    assertEquals(memory.u8[BUFFERS + 5 * BUF_SIZE], 0);
    ring.setLen(2, 3);
    assertEquals([...ring.packet(2)], [9, 9, 9]);
    ring.setLen(2, 60000);
    assertEquals(ring.packet(2).length, BUF_SIZE, "a length beyond the buffer is cut");
  });

  it("refuses slot indexes that are none", () => {
    for (const i of [-1, SLOTS, 2 ** 31, 2 ** 32 + 1, 1.5, NaN]) {
      const uses: (() => unknown)[] = [
        () => ring.bufIdx(i),
        () => ring.len(i),
        () => ring.slotFlags(i),
        () => ring.ptr(i),
        () => ring.bufOffset(i),
        () => ring.packet(i),
        () => ring.offset(i),
        () => ring.setSlot(i, 1, 0),
        () => ring.setLen(i, 1),
        () => ring.setFlags(i, 1),
        () => ring.setPtr(i, 1n),
        () => ring.setBufIdx(i, 2),
        () => ring.setOffset(i, 0),
        () => (ring.head = i),
        () => (ring.cur = i),
      ];
      const before = memory.u8.slice();
      for (const use of uses) assertFails(EINVAL, "slots go from 0 to 7", use);
      assertEquals(memory.u8, before);
    }
  });

  it("refuses buffers that are none", () => {
    for (const idx of [-1, BUF_COUNT, 0.5, 2 ** 32]) {
      assertFails(EINVAL, "from 0 to 19", () => ring.buffer(idx));
      assertFails(EINVAL, "from 2 to 19", () => ring.setBufIdx(0, idx));
    }
    for (const idx of [0, 1]) assertFails(EINVAL, "from 2", () => ring.setBufIdx(0, idx));
    slot(memory, 0).bufIdx = 0xffff_ffff;
    assertEquals(ring.bufIdx(0), 0xffff_ffff);
    assertFails(EINVAL, "'4294967295'", () => ring.bufOffset(0));
    assertFails(EINVAL, "'4294967295'", () => ring.packet(0));
  });

  it("refuses lengths and flags of more than 16 bits", () => {
    assertFails(EINVAL, "'65536'", () => ring.setLen(0, 65536));
    assertFails(EINVAL, "'-1'", () => ring.setFlags(0, -1));
    assertFails(EINVAL, "16 bits", () => ring.setSlot(0, 65536, 0));
    assertFails(EINVAL, "16 bits", () => ring.setSlot(0, 0, -1));
  });

  it("space() refuses pointers that someone scribbled", () => {
    for (const field of [RING_HEAD, RING_TAIL]) {
      const before = memory.i32[ring.word + field];
      memory.i32[ring.word + field] = -5;
      assertFails(EINVAL, "'4294967291'", () => ring.space());
      memory.i32[ring.word + field] = before;
    }
  });

  it("does not follow num_slots once it was read", () => {
    memory.i32[ring.word + RING_NUM_SLOTS] = 1 << 20;
    assertFails(EINVAL, "slots go from 0 to 7", () => ring.len(100));
    assertEquals(ring.next(7), 0);
  });

  it("ts is microseconds", () => {
    structView(NETMAP_RING, memory.u8, AT).ts = { sec: 1_700_000_000, usec: 123_456 };
    assertEquals(ring.ts, 1_700_000_000_123_456);
  });
});

describe("Ring with offsets", () => {
  it("honours the mask, keeps the rest of ptr, and stays in the buffer", () => {
    const memory = layOut(0xffffn);
    const ring = new Ring(memory, AT, "p");
    slot(memory, 1).ptr = 0xabcd_0000_0000n;
    ring.setOffset(1, 64);
    assertEquals(slot(memory, 1).ptr, 0xabcd_0000_0040n);
    assertEquals(ring.offset(1), 64);
    assertEquals(ring.bufOffset(1), BUFFERS + 3 * BUF_SIZE + 64);
    ring.setLen(1, 1000);
    assertEquals(ring.packet(1).length, BUF_SIZE - 64);
    assertFails(EINVAL, "'257'", () => ring.setOffset(1, BUF_SIZE + 1));
    slot(memory, 1).ptr = 0xfff0n;
    assertFails(EINVAL, "'65520'", () => ring.bufOffset(1));
  });

  it("checks the high bits of a mask of 64", () => {
    const memory = layOut(2n ** 64n - 1n);
    const ring = new Ring(memory, AT, "p");
    slot(memory, 0).ptr = 1n << 40n;
    assertFails(EINVAL, "1099511627776", () => ring.bufOffset(0));
    ring.setOffset(0, 16);
    assertEquals(slot(memory, 0).ptr, 16n);
    assertEquals(ring.offset(0), 16);
  });

  it("setOffset() without offsets says how to get them", () => {
    const memory = layOut();
    const ring = new Ring(memory, AT, "p");
    slot(memory, 0).ptr = 0x1234n;
    assertEquals(ring.bufOffset(0), BUFFERS + 2 * BUF_SIZE, "ptr is no offset");
    assertFails(EINVAL, "@offset=", () => ring.setOffset(0, 8));
    ring.setOffset(0, 0);
    assertEquals(slot(memory, 0).ptr, 0x1234n);
  });
});

/** Every way to use a ring. */
const USES: readonly (readonly [string, (ring: Ring) => unknown])[] = [
  ["numSlots", (r) => r.numSlots],
  ["bufSize", (r) => r.bufSize],
  ["bufCount", (r) => r.bufCount],
  ["ringId", (r) => r.ringId],
  ["dir", (r) => r.dir],
  ["head", (r) => r.head],
  ["cur", (r) => r.cur],
  ["tail", (r) => r.tail],
  ["flags", (r) => r.flags],
  ["ts", (r) => r.ts],
  ["head =", (r) => (r.head = 0)],
  ["cur =", (r) => (r.cur = 0)],
  ["flags =", (r) => (r.flags = 0)],
  ["space", (r) => r.space()],
  ["empty", (r) => r.empty()],
  ["txPending", (r) => r.txPending()],
  ["advance", (r) => r.advance(0)],
  ["bufIdx", (r) => r.bufIdx(0)],
  ["len", (r) => r.len(0)],
  ["slotFlags", (r) => r.slotFlags(0)],
  ["ptr", (r) => r.ptr(0)],
  ["setPtr", (r) => r.setPtr(0, 0n)],
  ["setBufIdx", (r) => r.setBufIdx(0, 2)],
  ["setLen", (r) => r.setLen(0, 0)],
  ["setFlags", (r) => r.setFlags(0, 0)],
  ["setSlot", (r) => r.setSlot(0, 0, 0)],
  ["offset", (r) => r.offset(0)],
  ["setOffset", (r) => r.setOffset(0, 0)],
  ["bufOffset", (r) => r.bufOffset(0)],
  ["bufferOffset", (r) => r.bufferOffset(0)],
  ["buffer", (r) => r.buffer(0)],
  ["packet", (r) => r.packet(0)],
];

describe("A ring after close", () => {
  it("throws EBADF from everything", () => {
    const ring = new Ring(layOut(), AT, "vale0:a");
    ring.close();
    ring.close();
    assert(ring.closed);
    for (const [name, use] of USES) {
      assertFails(EBADF, "'vale0:a'", () => use(ring));
      assert(name.length > 0);
    }
  });

  it("throws EBADF from everything when its region was unmapped behind its back", () => {
    const memory = layOut();
    const ring = new Ring(memory, AT, "vale0:a");
    assertEquals(ring.bufIdx(0), 2);
    memory.close();
    assert(ring.closed);
    for (const [, use] of USES) assertFails(EBADF, "'vale0:a'", () => use(ring));
  });
});

describe("new Ring()", () => {
  it("refuses a place where no ring can be", () => {
    const memory = layOut();
    assertFails(EINVAL, "not inside", () => new Ring(memory, 2));
    assertFails(EINVAL, "not inside", () => new Ring(memory, -4));
    assertFails(EINVAL, "not inside", () => new Ring(memory, memory.size - 128));
    assertFails(EINVAL, "0 slots", () => new Ring(memory, 0));
  });

  it("refuses a ring whose words lead out of the region", () => {
    const spoil = (fields: Record<string, number>): LoopbackMemory => {
      const memory = layOut();
      Object.assign(structView(NETMAP_RING, memory.u8, AT), fields);
      return memory;
    };
    assertFails(EINVAL, "slots do not fit", () => new Ring(spoil({ numSlots: 1 << 20 }), AT));
    assertFails(EINVAL, "slots do not fit", () => new Ring(spoil({ numSlots: 2 ** 32 - 1 }), AT));
    assertFails(EINVAL, "buffers of 0", () => new Ring(spoil({ bufSize: 0 }), AT));
    assertFails(EINVAL, "do not fit there", () => new Ring(spoil({ bufOfs: -513 }), AT));
    assertFails(EINVAL, "do not fit there", () => new Ring(spoil({ bufOfs: 2 ** 40 }), AT));
  });

  it("refuses closed memory", () => {
    const memory = layOut();
    memory.close();
    const error = assertThrows(() => new Ring(memory, AT));
    assertInstanceOf(error, NetmapError);
    assertEquals(error.errno, EBADF);
  });
});
