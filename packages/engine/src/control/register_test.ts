import {
  EBUSY,
  EINVAL,
  EIO,
  ENXIO,
  NetmapError,
  type NmreqRegister,
  NR_EXCLUSIVE,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
  openPort,
  type PortOptions,
  registerRequest,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "../engine.ts";
import { freeObjects } from "../engine_fixture.ts";
import { loop } from "../loop_fixture.ts";

describe("REGISTER", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
  });

  afterEach(() => engine.close());

  const shapes: [string, Partial<PortOptions>, [number, number, number, number]][] = [
    ["all NIC rings", { mode: NR_REG_ALL_NIC }, [4, 3, 0, 0]],
    ["host rings", { mode: NR_REG_SW }, [0, 0, 2, 2]],
    ["NIC and host rings", { mode: NR_REG_NIC_SW }, [4, 3, 2, 2]],
    ["one ring", { mode: NR_REG_ONE_NIC, ringId: 2 }, [1, 1, 0, 0]],
    ["one ring, the first where there are fewer", { mode: NR_REG_ONE_NIC, ringId: 3 }, [
      1,
      1,
      0,
      0,
    ]],
    ["one host ring", { mode: NR_REG_ONE_SW, ringId: 1 }, [0, 0, 1, 1]],
    ["no transmit rings", { mode: NR_REG_ALL_NIC, flags: NR_RX_RINGS_ONLY }, [0, 3, 0, 0]],
    ["no receive rings", { mode: NR_REG_ALL_NIC, flags: NR_TX_RINGS_ONLY }, [4, 0, 0, 0]],
  ];
  for (const [what, options, [tx, rx, hostTx, hostRx]] of shapes) {
    it(`binds ${what}`, () => {
      using port = openPort(engine.device, {
        name: "loophost",
        txRings: 4,
        rxRings: 3,
        ...options,
      });
      assertEquals(
        [
          port.txRings.length,
          port.rxRings.length,
          port.hostTxRings.length,
          port.hostRxRings.length,
        ],
        [tx, rx, hostTx, hostRx],
      );
    });
  }

  it("replies with the port's shape and where its netmap_if is", () => {
    using port = openPort(engine.device, { name: "loop", txRings: 2, rxSlots: 128 });
    const { txRings, rxRings, txSlots, rxSlots, hostTxRings, memId, memsize, offset } = port.reply;
    assertEquals(
      { txRings, rxRings, txSlots, rxSlots, hostTxRings, memId, memsize, offset },
      {
        txRings: 2,
        rxRings: 1,
        txSlots: 64,
        rxSlots: 128,
        hostTxRings: 0,
        memId: 1,
        memsize: port.memory.size,
        offset: 0,
      },
    );
  });

  const errors: [string, string, Partial<NmreqRegister>, number, string][] = [
    ["a port that does not exist", "nobody", { mode: NR_REG_ALL_NIC }, ENXIO, "none of that name"],
    ["mode 0", "loop", { mode: 0 }, EINVAL, "in mode 0"],
    ["a mode that is none", "loop", { mode: 77 }, EINVAL, "in mode 77"],
    ["a ring that the port has not", "loop", { mode: NR_REG_ONE_NIC, ringid: 1 }, EINVAL, "use 0"],
    ["host rings of a port without", "loop", { mode: NR_REG_SW }, EINVAL, "it has none"],
    [
      "a host ring beyond the last",
      "loophost",
      { mode: NR_REG_ONE_SW, ringid: 2 },
      EINVAL,
      "0 to 1",
    ],
    [
      "a memory region that is none",
      "loop",
      { mode: NR_REG_ALL_NIC, memId: 9 },
      EINVAL,
      "region 9",
    ],
    ["a null port without a region", "n", { mode: NR_REG_NULL }, EINVAL, "without a memory region"],
  ];
  for (const [what, name, fields, errno, sentence] of errors) {
    it(`refuses ${what}`, () => {
      const before = freeObjects(engine);
      const descriptor = engine.open();
      const error = assertThrows(
        () => descriptor.control(registerRequest(name, fields).request),
        NetmapError,
        sentence,
      );
      assertEquals(error.errno, errno);
      assertEquals([error.request, error.port], ["NETMAP_REQ_REGISTER", name]);
      descriptor.close();
      assertEquals(freeObjects(engine), before);
      assertEquals(engine.ports.size, 0);
    });
  }

  it("answers EBUSY to a second one on the same descriptor", () => {
    const descriptor = engine.open();
    descriptor.control(registerRequest("loop", { mode: NR_REG_ALL_NIC }).request);
    const error = assertThrows(
      () => descriptor.control(registerRequest("loop", { mode: NR_REG_ALL_NIC }).request),
      NetmapError,
      "holds 'loop'",
    );
    assertEquals(error.errno, EBUSY);
  });

  it("keeps an exclusive port from all others, and only while it is open", () => {
    const first = openPort(engine.device, { name: "loop", flags: NR_EXCLUSIVE });
    const error = assertThrows(
      () => openPort(engine.device, "netmap:loop"),
      NetmapError,
      "held exclusively",
    );
    assertEquals(error.errno, EBUSY);
    first.close();
    using _second = openPort(engine.device, "netmap:loop");
    assertThrows(
      () => openPort(engine.device, { name: "loop", flags: NR_EXCLUSIVE }),
      NetmapError,
      "has 1 users",
    );
  });

  it("lets two users hold different rings exclusively", () => {
    const ring = (ringId: number): PortOptions => ({
      name: "loop",
      mode: NR_REG_ONE_NIC,
      ringId,
      rings: 2,
      flags: NR_EXCLUSIVE,
    });
    using _a = openPort(engine.device, ring(0));
    using _b = openPort(engine.device, ring(1));
    assertThrows(() => openPort(engine.device, ring(1)), NetmapError, "tx ring 1 is held");
  });

  it("wants a virtio-net header accepted where frames carry one", () => {
    using holder = openPort(engine.device, "netmap:loop");
    engine.ports.get("loop")!.vnetHdrLen = 12;
    const error = assertThrows(() => openPort(engine.device, "netmap:loop"), NetmapError);
    assertEquals(error.errno, EIO);
    void holder;
  });

  it("refuses a port that is attached to a switch", () => {
    using _holder = openPort(engine.device, "netmap:loop");
    engine.ports.get("loop")!.ownedBy = "vale0";
    const error = assertThrows(() => openPort(engine.device, "netmap:loop"), NetmapError, "vale0");
    assertEquals(error.errno, EBUSY);
  });
});
