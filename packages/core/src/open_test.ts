import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NR_REG_ONE_NIC, NR_TX_RINGS_ONLY } from "./abi/constants.ts";
import { EINVAL, ENOENT, ENXIO } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { LoopbackDevice } from "./loopback_fixture.ts";
import { openPort } from "./open.ts";

describe("openPort()", () => {
  it("asks for what the name says", () => {
    const device = new LoopbackDevice({ txRings: 3, rxRings: 3 });
    using port = openPort(device, "netmap:eth0-2/T@conf:rings=4,slots=512");
    const [{ asked, names }] = device.opened;
    assertEquals(names, ["eth0"]);
    assertEquals([asked!.mode, asked!.ringid, asked!.flags], [NR_REG_ONE_NIC, 2, NR_TX_RINGS_ONLY]);
    assertEquals([asked!.txRings, asked!.rxRings, asked!.txSlots, asked!.rxSlots], [
      4,
      4,
      512,
      512,
    ]);
    assertEquals(port.name, "eth0");
    assertEquals(port.device, device);
    assertEquals(port.txRings.map((ring) => ring.ringId), [2]);
    assertEquals(port.rxRings, []);
  });

  it("asks for the same by options, and puts overrides over both", () => {
    const device = new LoopbackDevice();
    using _a = openPort(device, "vale0:a@conf:rings=4", { slots: 8, extraBuffers: 2 });
    using _b = openPort(device, { name: "vale0:a", rings: 4 }, { slots: 8, extraBuffers: 2 });
    const [a, b] = device.opened.map(({ asked }) => asked!);
    assertEquals([a.txRings, a.rxSlots, a.extraBufs], [4, 8, 2]);
    for (const key of ["mode", "txRings", "rxRings", "txSlots", "rxSlots", "extraBufs"] as const) {
      assertEquals(a[key], b[key]);
    }
  });

  it("looks up the region of a port to share with", () => {
    const device = new LoopbackDevice();
    using _port = openPort(device, "vale0:a@share=netmap:eth1");
    assertEquals(device.opened[0].names, ["eth1", "vale0:a"]);
    assertEquals(device.opened[0].asked!.memId, 7);
    using _same = openPort(device, "vale0:a@7@share=netmap:eth1");
    const error = assertThrows(() => openPort(device, "vale0:a@8@share=netmap:eth1"), NetmapError);
    assertEquals(error.errno, EINVAL);
    assertStringIncludes(error.message, "in region 8 and share that of 'eth1', which is 7");
  });

  it("opens nothing for a name that cannot be parsed", () => {
    const device = new LoopbackDevice();
    assertThrows(() => openPort(device, "eth0"), NetmapError, "column 1");
    assertThrows(() => openPort(device, { name: "a b" }), NetmapError);
    assertThrows(() => openPort(device, "vale0:a", { slots: -1 }), NetmapError);
    assertEquals(device.opened.length, 0);
  });

  it("closes the descriptor when the device refuses", () => {
    const device = new LoopbackDevice();
    const error = assertThrows(() => openPort(device, "netmap:missing"), NetmapError);
    assertEquals(error.errno, ENXIO);
    assertThrows(() => openPort(device, "vale0:a@share=netmap:missing"), NetmapError);
    assertEquals(device.opened.map(({ closes }) => closes), [1, 1]);
  });

  it("needs the file of external memory", () => {
    const device = new LoopbackDevice();
    const error = assertThrows(
      () => openPort(device, "vale0:a@extmem=/nowhere/at/all"),
      NetmapError,
    );
    assertEquals(error.errno, ENOENT);
    assertStringIncludes(error.message, "'/nowhere/at/all'");
    assert(device.opened[0].closes === 1 && device.opened[0].asked === null);
  });
});
