import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import type { ControlRequest } from "../device.ts";
import { NetmapError } from "../errors.ts";
import * as abi from "./mod.ts";

const BUILT: readonly ControlRequest[] = [
  abi.registerRequest("p").request,
  abi.portInfoRequest("p").request,
  abi.valeAttachRequest("p").request,
  abi.valeDetachRequest("p").request,
  abi.valeListRequest("p").request,
  abi.portHdrSet("p", 12).request,
  abi.portHdrGet("p").request,
  abi.valeNewifRequest("p").request,
  abi.valeDelifRequest("p").request,
  abi.valePollingEnable("p").request,
  abi.valePollingDisable("p").request,
  abi.poolsInfoRequest("p").request,
  abi.syncKloopStart("p").request,
  abi.syncKloopStop("p").request,
  abi.csbEnable("p").request,
];

function netmapError(fn: () => unknown): NetmapError {
  return assertThrows(fn, NetmapError) as unknown as NetmapError;
}

describe("control requests", () => {
  it("exist for each of the 15 types, with the body that the type has", () => {
    assertEquals(
      BUILT.map((request) => abi.requestHeader(request).reqtype),
      Array.from({ length: 15 }, (_, index) => index + 1),
    );
    for (const request of BUILT) {
      const { reqtype, version, name, reserved } = abi.requestHeader(request);
      const info = abi.REQUEST_BODIES.get(reqtype)!;
      assertEquals(request.body === null, info.layout === null, info.name);
      assertEquals(request.body?.length ?? 0, abi.requestBodySize(reqtype), info.name);
      assertEquals((abi as Record<string, unknown>)[info.name], reqtype);
      assertEquals([version, name, reserved], [14, "p", 0]);
    }
    assertEquals(abi.REQUEST_BODIES.size, 15);
  });

  it("carry what they were given and show the reply in the body's view", () => {
    const { request, body } = abi.registerRequest("vale0:a", {
      txRings: 3,
      flags: abi.NR_EXCLUSIVE,
    });
    assertEquals([body.txRings, body.mode, body.flags], [3, abi.NR_REG_ALL_NIC, abi.NR_EXCLUSIVE]);
    abi.structView(abi.NMREQ_REGISTER, request.body!).memsize = 12345;
    assertEquals(body.memsize, 12345);
    assertEquals(abi.registerRequest("x", { mode: abi.NR_REG_DEFAULT }).body.mode, 0);
    const attach = abi.valeAttachRequest("vale0:em0", { mode: abi.NR_REG_NIC_SW, memId: 1 }).body;
    assertEquals([attach.reg.mode, attach.reg.memId], [abi.NR_REG_NIC_SW, 1]);
    assertEquals(abi.valeAttachRequest("vale0:em0").body.reg.mode, abi.NR_REG_ALL_NIC);
    assertEquals(abi.valeListRequest("", { bridgeIdx: 2, portIdx: 5 }).body.portIdx, 5);
    assertEquals(abi.portHdrSet("x", 12).body.hdrLen, 12);
    assertEquals(abi.poolsInfoRequest("", 7).body.memId, 7);
    assertEquals(abi.syncKloopStart("x", 100).body.sleepUs, 100);
    assertEquals(abi.valeNewifRequest("v", { rxSlots: 64 }).body.rxSlots, 64);
    assertEquals(abi.portInfoRequest("v", { memId: 2 }).body.memId, 2);
    const polling = { mode: 1, firstCpuId: 2, numPollingCpus: 3 };
    const { request: enable } = abi.valePollingEnable("v", polling);
    assertEquals(abi.structObject(abi.NMREQ_VALE_POLLING, enable.body!), polling);
  });

  it("take another version and any bytes as body, to ask for what is wrong", () => {
    const request = abi.controlRequest(99, "x", new Uint8Array(3), [new Uint8Array(24)], 11);
    const header = abi.requestHeader(request);
    assertEquals([header.reqtype, header.version], [99, 11]);
    assertEquals([request.body?.length, request.options.length], [3, 1]);
    assertEquals(abi.controlRequest(9, "x").options, []);
  });

  it("hold names of up to 63 bytes of UTF-8 and refuse longer ones", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (name) => {
      const length = new TextEncoder().encode(name).length;
      if (name.includes("\0")) return;
      if (length < 64) {
        assertEquals(abi.requestHeader(abi.valeDelifRequest(name).request).name, name);
      } else {
        assertEquals(netmapError(() => abi.valeDelifRequest(name)).code, "ENAMETOOLONG");
      }
    }));
    assertEquals(abi.requestHeader(abi.valeDelifRequest("é".repeat(31)).request).name.length, 31);
    const error = netmapError(() => abi.registerRequest("é".repeat(32)));
    assertEquals([error.code, error.request], ["ENAMETOOLONG", "NETMAP_REQ_REGISTER"]);
    assertEquals(error.port, "é".repeat(32));
    assertStringIncludes(error.message, "as it is 64 bytes long: use at most 63");
  });

  it("refuse a NUL within a name", () => {
    const error = netmapError(() => abi.registerRequest("va\0le0:a"));
    assertEquals(error.code, "EINVAL");
    assertStringIncludes(error.message, "'va\\0le0:a' as it has a NUL at column 3");
  });

  it("refuse values that a body does not hold", () => {
    assertThrows(() => abi.registerRequest("x", { txRings: 65536 }), RangeError, "'nr_tx_rings'");
  });

  it("have names for messages, unknown types too", () => {
    assertEquals(abi.requestName(abi.NETMAP_REQ_CSB_ENABLE), "NETMAP_REQ_CSB_ENABLE");
    assertEquals(abi.requestName(77), "request 77");
    assertEquals(abi.requestBodySize(77), 0);
  });
});

describe("request options", () => {
  const built = [
    abi.optExtmem(4096, { memsize: 1 << 20 }),
    abi.optKloopEventfds([{ ioeventfd: 3, irqfd: -1 }, { ioeventfd: -1, irqfd: 4 }]),
    abi.optCsb(4096, 8192),
    abi.optKloopMode(abi.NM_OPT_SYNC_KLOOP_DIRECT_TX | abi.NM_OPT_SYNC_KLOOP_DIRECT_RX),
    abi.optOffsets({ maxOffset: 256, initialOffset: 64, offsetBits: 16, txAlign: 8, minGap: 2 }),
  ];

  it("exist for each of the 5 types, as long as netmap reckons them", () => {
    assertEquals(built.map((option) => abi.optionHeader(option).reqtype), [1, 2, 3, 4, 5]);
    for (const option of built) {
      const { reqtype, size, next, status } = abi.optionHeader(option);
      const info = abi.REQUEST_OPTIONS.get(reqtype)!;
      assertEquals((abi as Record<string, unknown>)[info.name], reqtype);
      assertEquals(option.length, abi.optionSize(reqtype, size), info.name);
      assertEquals(size, info.variable ? option.length : 0, info.name);
      assertEquals([next, status], [0, 0]);
      assert(info.requests.length > 0 && info.requests.every((r) => abi.REQUEST_BODIES.has(r)));
    }
    assertEquals(abi.REQUEST_OPTIONS.size, abi.NETMAP_REQ_OPT_MAX - 1);
  });

  it("carry what they were given", () => {
    const [extmem, eventfds, csb, mode, offsets] = built;
    const memory = abi.structView(abi.NMREQ_OPT_EXTMEM, extmem);
    assertEquals([memory.usrptr, memory.info.memsize], [4096, 1 << 20]);
    assertEquals(abi.structObject(abi.NMREQ_OPT_SYNC_KLOOP_EVENTFDS, eventfds).eventfds, [
      { ioeventfd: 3, irqfd: -1 },
      { ioeventfd: -1, irqfd: 4 },
    ]);
    const entries = abi.structView(abi.NMREQ_OPT_CSB, csb);
    assertEquals([entries.csbAtok, entries.csbKtoa], [4096, 8192]);
    assertEquals(abi.structView(abi.NMREQ_OPT_SYNC_KLOOP_MODE, mode).mode, 3);
    const { opt: _header, ...own } = abi.structObject(abi.NMREQ_OPT_OFFSETS, offsets);
    assertEquals(own, { maxOffset: 256, initialOffset: 64, offsetBits: 16, txAlign: 8, minGap: 2 });
  });

  it("of unknown type, or shorter than their header, count as a header", () => {
    assertEquals(abi.optionSize(99, 4000), 24);
    assertEquals(abi.optionSize(abi.NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS, 3), 24);
    assertEquals(abi.optionSize(abi.NETMAP_REQ_OPT_CSB, 4000), 40);
  });
});
