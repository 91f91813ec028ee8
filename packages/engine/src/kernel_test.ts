import {
  KernelDevice,
  NETMAP_IOCTLS,
  NetmapError,
  NMREQ_HEADER,
  NMREQ_OPTION,
  openPort,
  optionHeader,
  POLLIN,
  registerRequest,
  requestHeader,
  structView,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "./engine.ts";
import { type FakeKernel, fakeKernel } from "./kernel_fixture.ts";
import { loop } from "./loop_fixture.ts";

const frame = new Uint8Array(60).fill(7);

describe("KernelDevice", () => {
  let engine: Engine;
  let kernel: FakeKernel;
  let device: KernelDevice;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
    kernel = fakeKernel(engine);
    device = new KernelDevice("/dev/netmap", kernel);
  });

  afterEach(() => engine.close());

  it("opens a port by ioctl and moves packets through the mapped region", async () => {
    using port = openPort(device, "netmap:loop");
    assertEquals(port.send([frame, frame]), 2);
    assertEquals([...port.receive()].map((got) => got[59]), [7, 7]);
    setTimeout(() => port.send([frame]), 5);
    assertEquals(await port.wait(POLLIN), POLLIN);
    assertEquals(port.receive().length, 1);
  });

  it("passes NIOCCTRL a header that points at the body and the options", () => {
    using descriptor = device.open();
    const option = new Uint8Array(NMREQ_OPTION.size);
    structView(NMREQ_OPTION, option).reqtype = 99;
    const { request } = registerRequest("loop", {}, [option]);
    const error = assertThrows(() => descriptor.control(request), NetmapError, "EOPNOTSUPP");
    assertEquals([error.code, error.port], ["EOPNOTSUPP", "loop"]);
    assertEquals(kernel.recorded.length, 1);
    const { command, argument } = kernel.recorded[0];
    assertEquals(command, NETMAP_IOCTLS.linux.NIOCCTRL);
    const header = structView(NMREQ_HEADER, argument!);
    assertEquals([header.name, header.version], ["loop", 14]);
    assertEquals(header.body !== 0 && header.options > header.body, true);
    // The answer is in the caller's bytes, and no pointer of ours.
    assertEquals(optionHeader(option).status, 95);
    assertEquals([optionHeader(option).next, requestHeader(request).body], [0, 0]);
  });

  it("maps a region once, however many ports are in it, and unmaps it with the last", () => {
    const a = openPort(device, "netmap:loopa");
    const b = openPort(device, "netmap:loopb");
    assertEquals(a.memory, b.memory);
    const { memory } = a;
    a.close();
    assertEquals(memory.closed, false);
    b.close();
    assertEquals(memory.closed, true);
  });

  it("says what to do when there is no such device", () => {
    const absent = new KernelDevice("/dev/absent", kernel);
    const error = assertThrows(() => absent.open(), NetmapError, "NETMAP=embedded");
    assertEquals(error.code, "ENOENT");
  });

  it("passes on what the kernel answers to a sync", () => {
    using descriptor = device.open();
    assertEquals(assertThrows(() => descriptor.txsync(), NetmapError).code, "ENXIO");
  });

  it("closes the descriptor with the port, and answers EBADF from then on", () => {
    const port = openPort(device, "netmap:loop");
    assertEquals(kernel.descriptors.size, 1);
    port.close();
    assertEquals(kernel.descriptors.size, 0);
    assertEquals(assertThrows(() => port.txsync(), NetmapError).code, "EBADF");
  });
});
