import {
  EBUSY,
  EINVAL,
  ENOMEM,
  EOPNOTSUPP,
  NetmapError,
  NMREQ_OPT_OFFSETS,
  type NmreqOptOffsets,
  type NmreqRegister,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
  openPort,
  optOffsets,
  Port,
  portSpec,
  registerRequest,
  RING_OFFSET_MASK,
  RING_OFFSET_MASK_HI,
  RING_SLOTS,
  SLOT_WORDS,
  structView,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Adapter } from "../../adapter.ts";
import { createEngine, type Engine } from "../../engine.ts";
import { freeObjects } from "../../engine_fixture.ts";
import type { Feature } from "../../feature.ts";
import { loop, loopKind } from "../../loop_fixture.ts";
import { GLOBAL_MEM_ID } from "../../memory/region.ts";
import type { PortKind } from "../../state/data_path.ts";
import { NR_TX } from "../../state/layout.ts";
import { deviceRoom, setSlotOffset, slotOffset, slotRoom } from "../../state/offsets.ts";

const BUF = 2048;

type Asked = Partial<Omit<NmreqOptOffsets, "opt">>;

/** A port like the loop's whose data path knows no offsets. */
function plain(): Feature {
  const kind: PortKind = { ...loopKind, id: 29, name: "plain", offsets: false };
  return {
    name: "plain",
    order: 61,
    kinds: [kind],
    find({ engine, name, region }) {
      if (name !== "plain") return null;
      const shape = { txRings: 1, rxRings: 1, txSlots: 8, rxSlots: 8 };
      return new Adapter(engine, name, kind, engine.regionFor(region), shape);
    },
  };
}

describe("Option OFFSETS", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop(), plain()] });
  });

  afterEach(() => engine.close());

  function register(
    asked: Asked | Uint8Array | null,
    fields: Partial<NmreqRegister> = {},
    name = "loop",
  ): Port {
    const options = asked === null ? [] : [asked instanceof Uint8Array ? asked : optOffsets(asked)];
    const { request, body } = registerRequest(
      name,
      { txSlots: 16, rxSlots: 16, ...fields },
      options,
    );
    const descriptor = engine.open();
    try {
      descriptor.control(request);
      return new Port(descriptor, body, { device: engine.device, spec: portSpec({ name }) });
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  const maskOf = (port: Port, n = 0): number[] => {
    const { i32 } = port.memory;
    const { word } = port.txRings[n];
    return [i32[word + RING_OFFSET_MASK_HI] >>> 0, i32[word + RING_OFFSET_MASK] >>> 0];
  };
  const answerOf = (bytes: Uint8Array): number[] => {
    const { opt, maxOffset, offsetBits } = structView(NMREQ_OPT_OFFSETS, bytes);
    return [opt.status, maxOffset, offsetBits];
  };

  describe("sets up", () => {
    const cases: [string, Asked, number[], number[]][] = [
      ["16 bits", { maxOffset: 256, offsetBits: 16 }, [0, 0xffff], [0, 256, 16]],
      ["1 bit", { maxOffset: 1, offsetBits: 1 }, [0, 1], [0, 1, 1]],
      ["32 bits", { maxOffset: 9, offsetBits: 32 }, [0, 0xffff_ffff], [0, 9, 32]],
      ["40 bits", { maxOffset: 9, offsetBits: 40 }, [0xff, 0xffff_ffff], [0, 9, 40]],
      ["64 bits", { maxOffset: BUF, offsetBits: 64 }, [0xffff_ffff, 0xffff_ffff], [0, BUF, 64]],
      ["all bits, for 0", { maxOffset: 0 }, [0xffff_ffff, 0xffff_ffff], [0, 0, 64]],
      ["the largest that bits hold", { maxOffset: 255, offsetBits: 8 }, [0, 255], [0, 255, 8]],
    ];
    for (const [what, asked, mask, answer] of cases) {
      it(what, () => {
        const bytes = optOffsets(asked);
        using port = register(bytes);
        assertEquals(maskOf(port), mask);
        assertEquals(answerOf(bytes), answer);
      });
    }

    it("the first offset in every slot of every ring that is bound, host rings too", () => {
      using port = register(
        { maxOffset: 128, initialOffset: 100, offsetBits: 16 },
        { mode: NR_REG_NIC_SW, txRings: 2 },
        "loophost",
      );
      const rings = [port.txRings, port.rxRings, port.hostTxRings, port.hostRxRings].flat();
      assertEquals(rings.length, 7);
      for (const ring of rings) {
        for (let i = 0; i < ring.numSlots; i++) assertEquals(ring.offset(i), 100);
      }
    });

    it("only rings that are bound", () => {
      using one = register({ maxOffset: 8, initialOffset: 8 }, {
        mode: NR_REG_ONE_NIC,
        ringid: 1,
        txRings: 2,
        rxRings: 2,
      });
      using all = register(null);
      assertEquals([maskOf(one), maskOf(all, 0), maskOf(all, 1)], [
        [0xffff_ffff, 0xffff_ffff],
        [0, 0],
        [0xffff_ffff, 0xffff_ffff],
      ]);
    });

    it("null ports", () => {
      using port = register(
        { maxOffset: 64, initialOffset: 32, offsetBits: 8 },
        { mode: NR_REG_NULL, memId: GLOBAL_MEM_ID, txRings: 1, rxRings: 1 },
        "none",
      );
      assertEquals([maskOf(port), port.rxRings[0].offset(15)], [[0, 255], 32]);
    });

    it("ports by name: @offset:initial=64,bits=16", () => {
      using port = openPort(engine.device, "netmap:loop@offset:initial=64,bits=16");
      const ring = port.txRings[0];
      assertEquals(ring.offset(0), 64);
      assertEquals(ring.bufOffset(0), ring.bufferOffset(ring.bufIdx(0)) + 64);
    });
  });

  describe("fails with", () => {
    const cases: { what: string; asked: Asked; errno: number; says: string; name?: string }[] = [
      {
        what: "EOPNOTSUPP for a kind of port that knows no offsets",
        asked: { maxOffset: 99_999 },
        errno: EOPNOTSUPP,
        says: "as ports of kind 'plain' do not take them: leave the option out",
        name: "plain",
      },
      {
        what: "EINVAL for more bits than there are",
        asked: { offsetBits: 65 },
        errno: EINVAL,
        says: "of 65 bits: 'ptr' has 64",
      },
      {
        what: "EINVAL for more than a buffer",
        asked: { maxOffset: BUF + 1 },
        errno: EINVAL,
        says: "up to 2049: a buffer has 2048 bytes",
      },
      {
        what: "EINVAL for a number beyond all",
        asked: { maxOffset: 2 ** 53 - 1 },
        errno: EINVAL,
        says: "a buffer has 2048 bytes",
      },
      {
        what: "EINVAL for more than the bits hold",
        asked: { maxOffset: 256, offsetBits: 8 },
        errno: EINVAL,
        says: "up to 256: 8 bits hold less",
      },
      {
        what: "EINVAL for a first offset above the largest",
        asked: { maxOffset: 64, initialOffset: 65 },
        errno: EINVAL,
        says: "of 65 at first: 64 is the largest",
      },
    ];
    for (const { what, asked, errno, says, name = "loop" } of cases) {
      it(what, () => {
        const before = freeObjects(engine);
        const bytes = optOffsets(asked);
        const error = assertThrows(() => register(bytes, {}, name), NetmapError, says);
        assertEquals([error.errno, answerOf(bytes)[0]], [errno, errno]);
        assertEquals([engine.ports.size, freeObjects(engine)], [0, before]);
      });
    }

    it("EBUSY for more than a ring's users have agreed on, and changes nothing", () => {
      using port = register({ maxOffset: 64, offsetBits: 8 });
      for (const asked of [{ maxOffset: 65, offsetBits: 8 }, { maxOffset: 9, offsetBits: 9 }]) {
        const bytes = optOffsets(asked);
        const error = assertThrows(() => register(bytes), NetmapError, "up to 64 in 8");
        assertEquals([error.errno, answerOf(bytes)[0]], [EBUSY, EBUSY]);
      }
      assertEquals(maskOf(port), [0, 255]);
    });

    it("EBUSY, with nothing set up on the rings before the one that is taken", () => {
      const one = { mode: NR_REG_ONE_NIC, ringid: 1, txRings: 2, rxRings: 2 };
      using port = register({ maxOffset: 64, offsetBits: 8 }, one);
      using whole = register(null);
      assertThrows(() => register({ maxOffset: 65, offsetBits: 8 }), NetmapError, "tx ring 1");
      assertEquals([maskOf(whole, 0), maskOf(port)], [[0, 0], [0, 255]]);
    });

    it("what comes first where more is wrong", () => {
      const bytes = optOffsets({ offsetBits: 65 });
      assertThrows(() => register(bytes, { txSlots: 1 << 20 }), NetmapError, "pool 'ring'");
      // Nobody looked at it: as netmap marks options when they come.
      assertEquals(answerOf(bytes)[0], EOPNOTSUPP);
    });
  });

  it("lets others ask for as much or less, and tells them what holds", () => {
    using first = register({ maxOffset: 64, initialOffset: 64, offsetBits: 8 });
    for (const asked of [{ maxOffset: 64, offsetBits: 8 }, { maxOffset: 0, offsetBits: 4 }]) {
      const bytes = optOffsets(asked);
      using port = register(bytes);
      assertEquals([answerOf(bytes), maskOf(port)], [[0, 64, 8], [0, 255]]);
    }
    assertEquals(first.txRings[0].offset(3), 64);
  });

  it("goes on with what is there from the first ring that has it, as netmap does", () => {
    using first = register({ maxOffset: 64, offsetBits: 8 }, {
      mode: NR_REG_ONE_NIC,
      txRings: 2,
      rxRings: 2,
    });
    const bytes = optOffsets({ maxOffset: 9, offsetBits: 4 });
    using all = register(bytes);
    assertEquals([answerOf(bytes), maskOf(all, 1), maskOf(first)], [[0, 64, 8], [0, 255], [
      0,
      255,
    ]]);
  });

  it("leaves slots alone that another user has", () => {
    using first = register({ maxOffset: 64, offsetBits: 8 });
    first.txRings[0].setOffset(5, 17);
    using second = register({ maxOffset: 64, initialOffset: 33, offsetBits: 8 });
    assertEquals([second.txRings[0].offset(5), second.txRings[0].offset(6)], [17, 0]);
  });

  it("is forgotten with the ring, so that the next user may ask for anything", () => {
    using keepsPort = register(null, {
      mode: NR_REG_ONE_NIC,
      ringid: 1,
      txRings: 2,
      rxRings: 2,
    });
    const one = { mode: NR_REG_ONE_NIC, ringid: 0 };
    register({ maxOffset: 8, offsetBits: 4 }, one).close();
    using without = register(null, one);
    assertEquals(maskOf(without), [0, 0]);
    without.txRings[0].setPtr(0, 7n);
    without.send([new Uint8Array(60).fill(1)]);
    without.close();
    using more = register({ maxOffset: 500, offsetBits: 16 }, one);
    assertEquals([maskOf(more), keepsPort.closed], [[0, 0xffff], false]);
  });

  it("ends on shared rings when the registration that asked for it fails later", () => {
    using first = register(null);
    // No netmap_if is left for the second.
    const { ifs } = engine.region(GLOBAL_MEM_ID);
    const taken = Array.from({ length: ifs.free }, () => ifs.alloc());
    const error = assertThrows(() => register({ maxOffset: 64 }), NetmapError);
    assertEquals([error.errno, maskOf(first)], [ENOMEM, [0, 0]]);
    for (const index of taken) ifs.release(index);
    using second = register({ maxOffset: 128, offsetBits: 16 });
    assertEquals(maskOf(second), [0, 0xffff]);
  });

  it("carries packets to where the receiver sees them, and keeps the other bits of ptr", () => {
    using port = register({ maxOffset: 256, initialOffset: 32, offsetBits: 16 });
    const [tx, rx] = [port.txRings[0], port.rxRings[0]];
    for (const [i, offset] of [32, 100, 256].entries()) {
      tx.setPtr(i, 0xabcd_0000n);
      tx.setOffset(i, offset);
    }
    port.send([1, 2, 3].map((n) => new Uint8Array(60).fill(n)));
    assertEquals(port.receive().map((frame) => [frame.length, frame[0], frame[59]]), [
      [60, 1, 1],
      [60, 2, 2],
      [60, 3, 3],
    ]);
    assertEquals([0, 1, 2].map((i) => rx.offset(i)), [32, 100, 256]);
    assertEquals(tx.ptr(0), 0xabcd_0020n);
  });

  it("a packet that begins later than its receiver allows is moved", () => {
    using rx = register(null, { flags: NR_RX_RINGS_ONLY });
    assertEquals([rx.txRings.length, rx.rxRings.length], [0, 1]);
    using tx = register({ maxOffset: 500, initialOffset: 300 }, { flags: NR_TX_RINGS_ONLY });
    tx.send([new Uint8Array(1700).fill(5)]);
    const [frame] = rx.receive();
    assertEquals([frame.length, frame[0], frame[1699]], [1700, 5, 5]);
  });

  describe("slotOffset() and its like", () => {
    it("are inside the buffer whatever a user writes", () => {
      fc.assert(fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.nat(BUF),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (offsetBits, wanted, ptr) => {
          const maxOffset = Math.min(wanted, 2 ** offsetBits - 1);
          using port = register({ maxOffset, offsetBits, minGap: 512 });
          const adapter = engine.ports.get("loop")!;
          const { state } = engine.dp;
          const { i32 } = port.memory;
          const k = adapter.kring(NR_TX, 0);
          const ring = port.txRings[0];
          const slot = ring.word + RING_SLOTS + 3 * SLOT_WORDS;
          ring.setPtr(3, ptr);
          const low = BigInt.asUintN(offsetBits, ptr);
          const expected = low > BigInt(maxOffset) ? maxOffset : Number(low);
          assertEquals(slotOffset(state, k, i32, slot), expected);
          assertEquals(slotRoom(state, k, i32, slot), BUF - expected);
          assertEquals(deviceRoom(state, k), Math.min(512, BUF - maxOffset));
          setSlotOffset(state, k, i32, slot, maxOffset);
          assertEquals(slotOffset(state, k, i32, slot), maxOffset);
          assertEquals(ring.ptr(3) >> BigInt(offsetBits), ptr >> BigInt(offsetBits));
        },
      ));
    });

    it("are 0 and a whole buffer without the option, whatever is in ptr", () => {
      using port = register(null);
      const k = engine.ports.get("loop")!.kring(NR_TX, 0);
      const { state } = engine.dp;
      const { i32 } = port.memory;
      const slot = port.txRings[0].word + RING_SLOTS;
      port.txRings[0].setPtr(0, 2n ** 64n - 1n);
      assertEquals(slotOffset(state, k, i32, slot), 0);
      assertEquals([slotRoom(state, k, i32, slot), deviceRoom(state, k)], [BUF, BUF]);
      setSlotOffset(state, k, i32, slot, 5);
      assertEquals(port.txRings[0].ptr(0), 2n ** 64n - 1n);
    });
  });
});
