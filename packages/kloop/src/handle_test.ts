import {
  closeFd,
  createMemfd,
  EBADF,
  EOPNOTSUPP,
  type KernelCalls,
  KernelDevice,
  mapMemory,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_REGISTER,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  type NetmapDevice,
  NetmapError,
  NMREQ_HEADER,
  NMREQ_REGISTER,
  structView,
} from "@netmap/core";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { HandMadePort } from "./client/rings_fixture.ts";
import { kloopHandle, openKloop } from "./handle.ts";
import { CsbBench } from "./kloop_fixture.ts";
import { echoKind } from "./echo_fixture.ts";
import { openCsb } from "./open_csb.ts";
import { startKloop, stopKloop } from "./requests.ts";

describe("a handle", () => {
  it("of an engine's descriptor is plain data that a thread opens", async () => {
    const bench = new CsbBench("netmap:echo0");
    const handle = structuredClone(bench.opened.handle());
    {
      using kloop = openKloop(handle, [echoKind]);
      stopKloop(kloop);
      startKloop(kloop);
    }
    bench.opened.descriptor.close();
    const { before, after } = await bench.close();
    assertEquals(after, before);
  });

  it("of a kernel's descriptor makes the same ioctls on a descriptor of its own", async () => {
    const seen: [number, number][] = [];
    using made = new HandMadePort();
    const regions: number[] = [];
    const opened: number[] = [];
    const calls: KernelCalls = {
      os: "linux",
      open() {
        opened.push(createMemfd("netmap", 4096));
        return opened[0];
      },
      ioctl(fd, _request, argument) {
        const header = structView(NMREQ_HEADER, argument!);
        seen.push([fd, header.reqtype]);
        if (header.reqtype === NETMAP_REQ_REGISTER) {
          const body = structView(NMREQ_REGISTER, argument!, NMREQ_HEADER.size);
          body.memsize = made.memory.size;
          body.memId = 7;
        }
        return 0;
      },
      map(_fd, bytes) {
        regions.push(bytes);
        const fd = createMemfd("region", bytes);
        const memory = mapMemory(fd, bytes);
        memory.u8.set(made.memory.u8);
        closeFd(fd);
        return memory;
      },
      poll: () => 0,
      wait: () => Promise.resolve(0),
      close: closeFd,
    };
    const device = new KernelDevice("/dev/netmap", calls);
    const port = openCsb(device, "netmap:eth0");
    const handle = structuredClone(port.handle());
    assertEquals(handle, {
      kind: "kernel",
      path: "/dev/netmap",
      fd: opened[0],
      memId: 7,
      memsize: made.memory.size,
    });
    {
      // In a Worker the device is another object.
      using kloop = openKloop(handle, [], {}, new KernelDevice("/dev/netmap", calls));
      startKloop(kloop, { eventfds: port.eventfds.pairs });
      stopKloop(kloop);
    }
    const refused = await assertRejects(() => port.serve(), NetmapError) as NetmapError;
    assertEquals(refused.errno, EOPNOTSUPP);
    const own = seen[2][0];
    assertEquals(own !== opened[0], true);
    assertEquals(seen, [
      [opened[0], NETMAP_REQ_REGISTER],
      [opened[0], NETMAP_REQ_CSB_ENABLE],
      [own, NETMAP_REQ_SYNC_KLOOP_START],
      [own, NETMAP_REQ_SYNC_KLOOP_STOP],
    ]);
    // The owner's descriptor is still open, the thread's own is not.
    port.close();
    assertEquals((assertThrows(() => closeFd(own), NetmapError) as NetmapError).errno, EBADF);
  });

  it("of another device: EOPNOTSUPP", () => {
    const device: NetmapDevice = {
      kind: "remote",
      name: "unix:/run/netmap.sock",
      open() {
        throw new Error("not here");
      },
    };
    const bench = new CsbBench("netmap:echo0");
    const reply = { memId: 1, memsize: 4096 };
    const stranger = { ...bench.opened.port().csb } as never;
    const error = assertThrows(() => kloopHandle(device, stranger, reply), NetmapError);
    assertEquals((error as NetmapError).errno, EOPNOTSUPP);
    return bench.close().then(() => {});
  });
});
