import {
  type ControlRequest,
  type Descriptor,
  EBUSY,
  type KernelCalls,
  KernelDevice,
  mapMemory,
  NETMAP_REQ_CSB_ENABLE,
  NETMAP_REQ_OPT_CSB,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NETMAP_REQ_OPT_SYNC_KLOOP_MODE,
  NETMAP_REQ_SYNC_KLOOP_START,
  NETMAP_REQ_SYNC_KLOOP_STOP,
  NetmapError,
  NMREQ_HEADER,
  NMREQ_OPT_CSB,
  NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
  NMREQ_OPT_SYNC_KLOOP_MODE,
  NMREQ_SYNC_KLOOP_START,
  optionHeader,
  requestHeader,
  structView,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { createCsb } from "./client/csb.ts";
import { createEventfds } from "./client/eventfds.ts";
import { enableCsb, startKloop, stopKloop } from "./requests.ts";

describe("the requests", () => {
  let asked: ControlRequest[] = [];
  const anything = { control: (request: ControlRequest): void => void asked.push(request) };
  const types = (): number[] => asked[0].options.map((option) => optionHeader(option).reqtype);

  it("startKloop() asks to busy-wait unless it is given eventfds", () => {
    asked = [];
    startKloop(anything, { sleepUs: 50, name: "vale0:a" });
    assertEquals(requestHeader(asked[0]).reqtype, NETMAP_REQ_SYNC_KLOOP_START);
    assertEquals(requestHeader(asked[0]).name, "vale0:a");
    assertEquals(structView(NMREQ_SYNC_KLOOP_START, asked[0].body!).sleepUs, 50);
    assertEquals(types(), []);
  });

  it("startKloop() passes eventfds and mode as options", () => {
    asked = [];
    const eventfds = [{ ioeventfd: 5, irqfd: 6 }, { ioeventfd: 7, irqfd: -1 }];
    startKloop(anything, { eventfds, direct: "both" });
    assertEquals(types(), [NETMAP_REQ_OPT_SYNC_KLOOP_MODE, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS]);
    const [mode, pairs] = asked[0].options;
    assertEquals(structView(NMREQ_OPT_SYNC_KLOOP_MODE, mode).mode, 3);
    assertEquals(structView(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, pairs).eventfds.get(1).ioeventfd, 7);
    assertEquals(optionHeader(pairs).size, pairs.length);
    for (const [direct, bits] of [["tx", 1], ["rx", 2]] as const) {
      asked = [];
      startKloop(anything, { eventfds, direct });
      assertEquals(structView(NMREQ_OPT_SYNC_KLOOP_MODE, asked[0].options[0]).mode, bits);
    }
  });

  it("stopKloop() and enableCsb() are one request each", () => {
    asked = [];
    using csb = createCsb(2);
    stopKloop(anything, "a");
    enableCsb(anything, csb, "a");
    assertEquals(asked.map((request) => requestHeader(request).reqtype), [
      NETMAP_REQ_SYNC_KLOOP_STOP,
      NETMAP_REQ_CSB_ENABLE,
    ]);
    const [option] = asked[1].options;
    assertEquals(optionHeader(option).reqtype, NETMAP_REQ_OPT_CSB);
    const { csbAtok, csbKtoa } = structView(NMREQ_OPT_CSB, option);
    assertEquals([csbAtok, csbKtoa], [csb.atokAddress, csb.ktoaAddress]);
  });

  describe("on a kernel device", () => {
    /** A stand-in for the kernel that notes what it is asked. */
    function kernel(answer: number): { descriptor: Descriptor; seen: number[] } {
      const seen: number[] = [];
      const calls: KernelCalls = {
        os: "linux",
        open: () => 1000,
        ioctl(_fd, _request, argument) {
          seen.push(structView(NMREQ_HEADER, argument!).reqtype);
          return answer;
        },
        map: (fd, bytes) => mapMemory(fd, bytes),
        poll: () => 0,
        wait: () => Promise.resolve(0),
        close() {},
      };
      return { descriptor: new KernelDevice("/dev/netmap", calls).open(), seen };
    }

    it("the same functions make the ioctls, which block the thread that asks", () => {
      const { descriptor, seen } = kernel(0);
      using eventfds = createEventfds(2);
      using csb = createCsb(2);
      enableCsb(descriptor, csb);
      startKloop(descriptor, { eventfds: eventfds.pairs });
      stopKloop(descriptor);
      assertEquals(seen, [
        NETMAP_REQ_CSB_ENABLE,
        NETMAP_REQ_SYNC_KLOOP_START,
        NETMAP_REQ_SYNC_KLOOP_STOP,
      ]);
    });

    it("its errno comes through", () => {
      const { descriptor } = kernel(-EBUSY);
      const error = assertThrows(() => startKloop(descriptor), NetmapError) as NetmapError;
      assertEquals([error.errno, error.request], [EBUSY, "NETMAP_REQ_SYNC_KLOOP_START"]);
    });
  });
});
