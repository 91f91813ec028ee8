import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { NMREQ_OPT_EXTMEM, NMREQ_OPT_OFFSETS } from "./abi/nmreq_options.ts";
import { NETMAP_REQ_OPT_EXTMEM, NETMAP_REQ_OPT_OFFSETS, NR_REG_ALL_NIC } from "./abi/constants.ts";
import { requestHeader } from "./abi/request.ts";
import { structView } from "./abi/struct_view.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { parsePortName } from "./port_name.ts";
import { isValeName, overrideSpec, pipeOf, type PortOptions, portSpec } from "./port_spec.ts";
import { registerFromSpec } from "./register_spec.ts";

function assertRefused(text: string, use: () => unknown): void {
  const error = assertThrows(use, NetmapError);
  assertEquals(error.errno, EINVAL);
  assert(error.message.includes(text), error.message);
}

describe("portSpec()", () => {
  it("says the same as a name", () => {
    assertEquals(
      portSpec({ name: "netmap:eth0", mode: 4, ringId: 2, flags: 0x4000, rings: 4, slots: 512 }),
      parsePortName("netmap:eth0-2/T@conf:rings=4,slots=512"),
    );
    assertEquals(
      portSpec({ name: "vale0:a{1", hostRings: 2, hostTxRings: 1, share: "netmap:lo" }),
      parsePortName("vale0:a{1@conf:host-rings=2,host-tx-rings=1@share=netmap:lo"),
    );
    assertEquals(
      portSpec({ name: "e", extmem: { file: "/f", bufNum: 3 }, offsets: { initial: 8 } }),
      parsePortName("netmap:e@extmem:file=/f,buf-num=3@offset=8"),
    );
  });

  it("takes names that the text form cannot hold", () => {
    for (const name of ["br-lan", "eth0@if7", "wlan+0", "été"]) {
      assertEquals(portSpec({ name }).name, name);
    }
  });

  it("refuses names that no request or interface can have", () => {
    const names: [string, string][] = [
      ["", "without spaces"],
      ["netmap:", "without spaces"],
      ["a b", "without spaces"],
      ["a\0b", "without spaces"],
      ["a/b", "without spaces"],
      ["\ud800", "without spaces"],
      ["é".repeat(8), "at most 15 bytes, found 16"],
      ["a:b", "'valeX:port'"],
      ["vale0:", "'valeX:port'"],
      ["p{", "'parent{id'"],
      ["{1", "'parent{id'"],
      ["p{1}2", "'parent{id'"],
      [`p{${"x".repeat(62)}`, "at most 63 bytes, found 64"],
    ];
    for (const [name, why] of names) assertRefused(why, () => portSpec({ name }));
    assertRefused("without spaces", () => portSpec({} as unknown as PortOptions));
    assertRefused("without spaces", () => portSpec({ name: "a", share: "b c" }));
  });

  it("refuses numbers out of their range, by the field's name", () => {
    const fields: [Partial<PortOptions>, string][] = [
      [{ rings: 65536 }, "txRings '65536': give a whole number from 0 to 65535"],
      [{ rxRings: -1 }, "rxRings '-1'"],
      [{ txSlots: 1.5 }, "txSlots '1.5'"],
      [{ rxSlots: NaN }, "rxSlots 'NaN'"],
      [{ memId: 65536 }, "memId '65536'"],
      [{ flags: 2 ** 32 }, "flags"],
      [{ mode: "ALL" as unknown as number }, "mode 'ALL'"],
      [{ extmem: { file: "" } }, "name the file"],
      [{ extmem: { file: "f", bufNum: -1 } }, "extmem.bufNum '-1'"],
      [{ offsets: { initial: 1, bits: 65 } }, "offsets.bits '65'"],
    ];
    for (const [field, text] of fields) {
      assertRefused(text, () => portSpec({ name: "eth0", ...field }));
    }
  });
});

describe("overrideSpec()", () => {
  const base = parsePortName("netmap:eth0-2/T@3@conf:rings=4,tx-slots=16");

  it("replaces what is given and keeps the rest", () => {
    assertEquals(overrideSpec(base, {}), base);
    assertEquals(overrideSpec(base, { memId: undefined }), base);
    assertEquals(overrideSpec(base, { memId: 0, extraBuffers: 8 }), {
      ...base,
      memId: 0,
      extraBuffers: 8,
    });
  });

  it("spreads short forms over both directions, but not over a specific one", () => {
    const { txRings, rxRings, txSlots, rxSlots } = overrideSpec(base, {
      rings: 1,
      rxRings: 7,
      slots: 32,
    });
    assertEquals([txRings, rxRings, txSlots, rxSlots], [1, 7, 32, 32]);
  });
});

describe("names", () => {
  it("pipeOf() and isValeName() take them apart", () => {
    assertEquals(pipeOf("eth0"), null);
    assertEquals(pipeOf("vale0:a}x_1"), { parent: "vale0:a", role: "slave", id: "x_1" });
    assertEquals(["vale:a", "valeX_9:b{1", "valet", "xvale0:a"].map(isValeName), [
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("registerFromSpec()", () => {
  it("fills the request", () => {
    const { request, body } = registerFromSpec(
      parsePortName("vale0:a-2/xT@3@conf:rings=4,rx-rings=5,host-rings=1,slots=64,rx-slots=65"),
      { extraBuffers: 9 },
    );
    assertEquals(requestHeader(request).name, "vale0:a");
    assertEquals([body.mode, body.ringid, body.flags, body.memId], [4, 2, 0x4800, 3]);
    assertEquals([body.txRings, body.rxRings, body.hostTxRings, body.hostRxRings], [4, 5, 1, 1]);
    assertEquals([body.txSlots, body.rxSlots, body.extraBufs], [64, 65, 9]);
    assertEquals(request.options.length, 0);
  });

  it("leaves everything to netmap for a plain name", () => {
    const { request, body } = registerFromSpec(parsePortName("netmap:eth0"));
    assertEquals(body.mode, NR_REG_ALL_NIC);
    const rest = request.body!.filter((byte) => byte !== 0);
    assertEquals([...rest], [NR_REG_ALL_NIC]);
  });

  it("makes options of extmem and offset", () => {
    const spec = parsePortName("netmap:e@extmem:file=/f,buf-num=77@offset:initial=64,bits=16");
    assertRefused("'/f' as it is not mapped", () => registerFromSpec(spec));
    const mapped = { address: 0x7f00_0000_1000, size: 1 << 24 };
    const [extmem, offsets] = registerFromSpec(spec, {}, mapped).request.options;
    const { opt, usrptr, info } = structView(NMREQ_OPT_EXTMEM, extmem);
    assertEquals([opt.reqtype, usrptr], [NETMAP_REQ_OPT_EXTMEM, mapped.address]);
    assertEquals([info.memsize, info.bufPoolObjtotal, info.bufPoolObjsize], [1 << 24, 77, 0]);
    const view = structView(NMREQ_OPT_OFFSETS, offsets);
    assertEquals(view.opt.reqtype, NETMAP_REQ_OPT_OFFSETS);
    assertEquals([view.initialOffset, view.maxOffset, view.offsetBits], [64, 64, 16]);
  });
});
