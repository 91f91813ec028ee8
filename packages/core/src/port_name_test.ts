import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  NR_EXCLUSIVE,
  NR_MONITOR_RX,
  NR_MONITOR_TX,
  NR_REG_ALL_NIC,
  NR_REG_NIC_SW,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_SW,
  NR_RX_RINGS_ONLY,
  NR_TX_RINGS_ONLY,
  NR_ZCOPY_MON,
} from "./abi/constants.ts";
import { EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { formatPortName } from "./port_name_format.ts";
import { PortNameError } from "./port_name_scanner.ts";
import { parseNmOpenName, parsePortName } from "./port_name.ts";
import { type PortSpec, portSpec } from "./port_spec.ts";

/** The fields of a spec that differ from those of a plain name. */
function said(spec: PortSpec): Partial<PortSpec> {
  const plain: Record<string, unknown> = { ...portSpec({ name: "plain" }) };
  return Object.fromEntries(
    Object.entries(spec).filter(([key, value]) =>
      JSON.stringify(value) !== JSON.stringify(plain[key])
    ),
  );
}

type Good = readonly [text: string, said: Partial<PortSpec>];

const ONE_NIC = NR_REG_ONE_NIC;

const GOOD: readonly Good[] = [
  ["netmap:eth0", { name: "eth0" }],
  ["netmap:eth0.100", { name: "eth0.100" }],
  ["netmap:14", { name: "14" }],
  ["netmap:valet", { name: "valet" }],
  ["vale0:a", { name: "vale0:a" }],
  ["vale:0", { name: "vale:0" }],
  ["valeX_1:YYY", { name: "valeX_1:YYY" }],
  ["valeX:Y-4", { name: "valeX:Y", mode: ONE_NIC, ringId: 4 }],
  // modes
  ["netmap:eth0-0", { name: "eth0", mode: ONE_NIC }],
  ["netmap:eth0-4094", { name: "eth0", mode: ONE_NIC, ringId: 4094 }],
  ["netmap:eth0-007", { name: "eth0", mode: ONE_NIC, ringId: 7 }],
  ["netmap:eth0^", { name: "eth0", mode: NR_REG_SW }],
  ["netmap:eth0^3", { name: "eth0", mode: NR_REG_ONE_SW, ringId: 3 }],
  ["netmap:eth0*", { name: "eth0", mode: NR_REG_NIC_SW }],
  // flags
  ["netmap:eth0/x", { name: "eth0", flags: NR_EXCLUSIVE }],
  ["netmap:eth0/z", { name: "eth0", flags: NR_ZCOPY_MON }],
  ["netmap:eth0/t", { name: "eth0", flags: NR_MONITOR_TX }],
  ["netmap:eth0/r", { name: "eth0", flags: NR_MONITOR_RX }],
  ["netmap:eth0/R", { name: "eth0", flags: NR_RX_RINGS_ONLY }],
  ["netmap:eth0/T", { name: "eth0", flags: NR_TX_RINGS_ONLY }],
  ["netmap:eth0/zrz", { name: "eth0", flags: NR_ZCOPY_MON | NR_MONITOR_RX }],
  ["netmap:eth0-2/Tx", {
    name: "eth0",
    mode: ONE_NIC,
    ringId: 2,
    flags: NR_TX_RINGS_ONLY | NR_EXCLUSIVE,
  }],
  ["netmap:eth0^/x", { name: "eth0", mode: NR_REG_SW, flags: NR_EXCLUSIVE }],
  // memory ids, before and after flags, again with the same number
  ["netmap:eth0@2", { name: "eth0", memId: 2 }],
  ["netmap:eth0@65535", { name: "eth0", memId: 65535 }],
  ["netmap:eth0@2/R", { name: "eth0", memId: 2, flags: NR_RX_RINGS_ONLY }],
  ["netmap:eth0@2/R@2", { name: "eth0", memId: 2, flags: NR_RX_RINGS_ONLY }],
  ["netmap:eth0@2/R@2/T", {
    name: "eth0",
    memId: 2,
    flags: NR_RX_RINGS_ONLY | NR_TX_RINGS_ONLY,
  }],
  ["netmap:eth0/@2", { name: "eth0", memId: 2 }],
  // pipes
  ["netmap:pipe{0", { name: "pipe{0", pipe: { parent: "pipe", role: "master", id: "0" } }],
  ["netmap:pipe}in", { name: "pipe}in", pipe: { parent: "pipe", role: "slave", id: "in" } }],
  ["netmap:pipe{in-7", {
    name: "pipe{in",
    mode: ONE_NIC,
    ringId: 7,
    pipe: { parent: "pipe", role: "master", id: "in" },
  }],
  ["vale0:0{0", { name: "vale0:0{0", pipe: { parent: "vale0:0", role: "master", id: "0" } }],
  // options
  ["netmap:eth0@conf:rings=4,slots=512", {
    name: "eth0",
    txRings: 4,
    rxRings: 4,
    txSlots: 512,
    rxSlots: 512,
  }],
  ["netmap:eth0@conf:tx-rings=1,rings=4", { name: "eth0", txRings: 1, rxRings: 4 }],
  ["netmap:eth0@conf:tx_rings=1,rx-slots=8", { name: "eth0", txRings: 1, rxSlots: 8 }],
  ["netmap:eth0@conf:host-rings=2,host-rx-rings=3,slots=9,tx-slots=7", {
    name: "eth0",
    hostTxRings: 2,
    hostRxRings: 3,
    txSlots: 7,
    rxSlots: 9,
  }],
  ["netmap:eth0@conf=4", { name: "eth0", txRings: 4, rxRings: 4 }],
  ["netmap:eth0@conf:", { name: "eth0" }],
  ["netmap:eth0@conf:rings=", { name: "eth0" }],
  ["netmap:eth0@conf:rings=4@conf:tx-rings=1", { name: "eth0", txRings: 1, rxRings: 4 }],
  ["netmap:eth0@conf:tx-rings=1@conf:rings=4", { name: "eth0", txRings: 4, rxRings: 4 }],
  ["vale0:0/Tx@share=netmap:eth1", {
    name: "vale0:0",
    flags: NR_TX_RINGS_ONLY | NR_EXCLUSIVE,
    share: "eth1",
  }],
  ["netmap:eth0@share:port=vale1:b", { name: "eth0", share: "vale1:b" }],
  ["netmap:eth0@7@share=netmap:lo@share=netmap:lo", { name: "eth0", memId: 7, share: "lo" }],
  ["netmap:eth0@extmem=/dev/shm/a:b=c,d", {
    name: "eth0",
    extmem: {
      file: "/dev/shm/a:b=c,d",
      ifNum: 0,
      ifSize: 0,
      ringNum: 0,
      ringSize: 0,
      bufNum: 0,
      bufSize: 0,
    },
  }],
  [
    "netmap:eth0@extmem:if-num=1,if-size=2,ring-num=3,ring-size=4,buf-num=5,buf_size=6,file=/x=y",
    {
      name: "eth0",
      extmem: {
        file: "/x=y",
        ifNum: 1,
        ifSize: 2,
        ringNum: 3,
        ringSize: 4,
        bufNum: 5,
        bufSize: 6,
      },
    },
  ],
  ["netmap:eth0@offset=64", {
    name: "eth0",
    offsets: { initial: 64, bits: 0, max: 64, minGap: 0 },
  }],
  ["netmap:eth0@offset:bits=16,initial=64", {
    name: "eth0",
    offsets: { initial: 64, bits: 16, max: 64, minGap: 0 },
  }],
];

type Bad = readonly [text: string, column: number, expected: string];

const BAD: readonly Bad[] = [
  ["", 1, "'netmap:' or 'valeX:'"],
  ["eth0", 1, "'netmap:' or 'valeX:'"],
  ["netmap", 7, "':' after 'netmap'"],
  ["netmapXXX:eth0", 7, "':' after 'netmap'"],
  ["vale0", 6, "':' after the switch's name of letters, digits and '_'"],
  ["vale-0:a", 5, "':' after the switch's name of letters, digits and '_'"],
  ["netmap:", 8, "a port name of letters, digits, '_' and '.'"],
  ["netmap:^", 8, "a port name of letters, digits, '_' and '.'"],
  ["netmap:{", 8, "a port name of letters, digits, '_' and '.'"],
  ["vale0:", 7, "a port name of letters, digits, '_' and '.'"],
  ["netmap:vale0:0", 13, "a mode (^ * -N), flags (/), '@' or the end"],
  ["netmap:eth0&", 12, "a mode (^ * -N), flags (/), '@' or the end"],
  ["netmap:eth0+", 12, "a mode (^ * -N), flags (/), '@' or the end"],
  ["netmap:eth0-", 13, "a ring number from 0 to 4094"],
  ["netmap:br-lan", 11, "a ring number from 0 to 4094"],
  ["netmap:eth0-4095", 13, "a ring number from 0 to 4094"],
  ["netmap:eth0-99999999999999999999", 13, "a ring number from 0 to 4094"],
  ["netmap:eth0-1^", 14, "flags (/), '@' or the end"],
  ["netmap:eth0*3", 13, "flags (/), '@' or the end"],
  ["netmap:eth0^9999", 13, "a host ring number from 0 to 4094"],
  ["netmap:eth0/", 13, "one of the flags x z t r R T"],
  ["netmap:eth0/q", 13, "one of the flags x z t r R T, '@' or the end"],
  ["netmap:eth0/x/z", 14, "one of the flags x z t r R T, '@' or the end"],
  ["netmap:eth0@", 13, "an option (share, conf, extmem, offset)"],
  ["netmap:eth0@0", 13, "a memory id from 1 to 65535"],
  ["netmap:eth0@65536", 13, "a memory id from 1 to 65535"],
  ["netmap:eth0@2/R@3", 17, "memory id 2, as it is already set"],
  ["netmap:eth0@2x", 14, "flags (/), '@' or the end"],
  ["netmap:pipe{", 13, "a pipe id of letters, digits and '_'"],
  ["netmap:pipe{-1", 13, "a pipe id of letters, digits and '_'"],
  ["netmap:pipe{1}2", 14, "a mode (^ * -N), flags (/), '@' or the end"],
  ["netmap:eth0@netmap:lo/R", 13, "an option (share, conf, extmem, offset)"],
  ["netmap:eth0@toString=1", 13, "an option (share, conf, extmem, offset)"],
  ["netmap:eth0@conf", 17, "'=' or ':' after 'conf'"],
  ["netmap:eth0@conf=", 18, "a value for 'conf'"],
  ["netmap:eth0@conf=many", 18, "a number for 'rings' from 0 to 65535"],
  ["netmap:eth0@conf:rings=4x", 25, "digits only for 'rings'"],
  ["netmap:eth0@conf:rings=65536", 24, "a number for 'rings' from 0 to 65535"],
  ["netmap:eth0@conf:slots=4294967296", 24, "a number for 'slots' from 0 to 4294967295"],
  ["netmap:eth0@conf:rings", 23, "'=' and a value after 'rings'"],
  ["netmap:eth0@conf:rings=1,rings=2", 26, "'rings' only once"],
  ["netmap:eth0@conf:rings=1,", 26, "a key of 'conf' after ','"],
  [
    "netmap:eth0@conf:speed=1",
    18,
    "a key of 'conf' (rings, tx-rings, rx-rings, host-rings, host-tx-rings, host-rx-rings, slots, tx-slots, rx-slots)",
  ],
  ["netmap:eth0@share=eth1", 19, "'netmap:' or 'valeX:'"],
  ["netmap:eth0@share=netmap:eth1-2", 30, "the end of the shared port's name or '@'"],
  ["netmap:eth0@share=netmap:a@share=netmap:b", 34, "'a' again, as only one region can be shared"],
  ["netmap:eth0@share:", 19, "'port=' in 'share'"],
  ["netmap:eth0@extmem:buf-num=3", 29, "'file=' in 'extmem'"],
  ["netmap:eth0@extmem:file=", 25, "'file=' in 'extmem'"],
  ["netmap:eth0@extmem=/a@extmem=/b", 23, "'extmem' only once"],
  ["netmap:eth0@offset:bits=3", 26, "'initial=' in 'offset'"],
  ["netmap:eth0@offset=1@offset=1", 22, "'offset' only once"],
  ["netmap:eth0@offset:initial=1,bits=65", 35, "a number for 'bits' from 0 to 64"],
  ["netmap:sixteen_letters_", 8, "an interface name of at most 15 bytes, found 16"],
  ["valesixteen_lett:a", 1, "a switch name of at most 15 bytes, found 16"],
  ["vale0:sixteen_letters_", 1, "a name on the switch of at most 15 bytes, found 16"],
  [`netmap:p{${"x".repeat(62)}`, 8, "a port name of at most 63 bytes, found 64"],
];

function parseError(parse: () => unknown): PortNameError {
  const error = assertThrows(parse);
  assertInstanceOf(error, PortNameError);
  assertInstanceOf(error, NetmapError);
  assertEquals(error.errno, EINVAL);
  return error;
}

describe("parsePortName()", () => {
  for (const [text, expected] of GOOD) {
    it(`reads '${text}'`, () => assertEquals(said(parsePortName(text)), expected));
  }

  for (const [text, column, expected] of BAD) {
    it(`refuses '${text}' at column ${column}`, () => {
      const error = parseError(() => parsePortName(text));
      assertEquals([error.column, error.expected], [column, expected], error.message);
      assert(error.message.includes(`at column ${column}: expected ${expected}, found `));
      assertEquals(error.port, text);
    });
  }

  it("takes names up to the limits", () => {
    assertEquals(parsePortName("netmap:fifteen_letters").name, "fifteen_letters");
    assertEquals(
      parsePortName("valefifteen_let:fifteen_letters").name,
      "valefifteen_let:fifteen_letters",
    );
    const longest = `p{${"x".repeat(61)}`;
    assertEquals(parsePortName(`netmap:${longest}`).name, longest);
  });

  it("says what to write instead", () => {
    const hint = (text: string): string => parseError(() => parsePortName(text)).message;
    assertEquals(
      hint("eth0"),
      "Cannot parse port name 'eth0' at column 1: expected 'netmap:' or 'valeX:', found 'eth0'; " +
        "for the interface write 'netmap:eth0'",
    );
    assert(hint("netmap:br-lan").includes("options form { name }"));
    assert(hint("netmap:vale0:a").endsWith("write 'vale0:...' without 'netmap:'"));
    assert(hint("netmap:eth0@").endsWith("found the end; a memory id is '@N'"));
  });

  it("quotes long names in part", () => {
    const { message } = parseError(() => parsePortName("x".repeat(5000)));
    assert(message.length < 400, message);
  });
});

describe("parseNmOpenName()", () => {
  const good: readonly Good[] = [
    ["netmap:eth0", { name: "eth0" }],
    ["netmap:eth0-3", { name: "eth0", mode: ONE_NIC, ringId: 3 }],
    ["netmap:eth0^", { name: "eth0", mode: NR_REG_SW }],
    ["netmap:eth0*", { name: "eth0", mode: NR_REG_NIC_SW }],
    ["netmap:eth0+", { name: "eth0", mode: NR_REG_NIC_SW }],
    ["netmap:eth0+/x", { name: "eth0", mode: NR_REG_NIC_SW, flags: NR_EXCLUSIVE }],
    ["netmap:eth0/zr", { name: "eth0", flags: NR_ZCOPY_MON | NR_MONITOR_RX }],
    ["netmap:eth0-3/z/r/t", {
      name: "eth0",
      mode: ONE_NIC,
      ringId: 3,
      flags: NR_ZCOPY_MON | NR_MONITOR_RX | NR_MONITOR_TX,
    }],
    ["netmap:eth0@2/R", { name: "eth0", memId: 2, flags: NR_RX_RINGS_ONLY }],
    ["netmap:eth0{3", { name: "eth0{3", pipe: { parent: "eth0", role: "master", id: "3" } }],
    ["vale0:a}0", { name: "vale0:a}0", pipe: { parent: "vale0:a", role: "slave", id: "0" } }],
  ];
  for (const [text, expected] of good) {
    it(`reads '${text}'`, () => {
      assertEquals(said(parseNmOpenName(text)), expected);
      assertEquals(parsePortName(formatPortName(parseNmOpenName(text))), parseNmOpenName(text));
    });
  }

  const bad: readonly Bad[] = [
    ["netmap:eth0{in", 13, "a pipe number from 0 to 4094"],
    ["netmap:eth0{4095", 13, "a pipe number from 0 to 4094"],
    ["netmap:eth0@conf:rings=1", 12, "a memory id from 1 to 65535"],
    ["netmap:eth0/w", 13, "one of the flags x z t r R T, '@' or the end"],
    ["netmap:eth0-", 13, "a ring number from 0 to 4094"],
    ["eth0", 1, "'netmap:' or 'valeX:'"],
  ];
  for (const [text, column, expected] of bad) {
    it(`refuses '${text}' at column ${column}`, () => {
      const error = parseError(() => parseNmOpenName(text));
      assertEquals([error.column, error.expected], [column, expected], error.message);
    });
  }
});

describe("formatPortName()", () => {
  const forms: readonly [string, string][] = [
    ["netmap:eth0@2/TxT@conf:tx_slots=8,rings=1", "netmap:eth0/xT@2@conf:rings=1,tx-slots=8"],
    [
      "netmap:eth0@offset:initial=3@conf=4@share=vale:b",
      "netmap:eth0@share=vale:b@conf:rings=4@offset=3",
    ],
    ["vale0:a{x^02/rt@9", "vale0:a{x^2/tr@9"],
    [
      "netmap:e@conf:host-tx-rings=1@extmem:buf_num=2,file=f",
      "netmap:e@conf:host-tx-rings=1@extmem:file=f,buf-num=2",
    ],
    ["netmap:eth0@extmem=/a,b", "netmap:eth0@extmem=/a,b"],
    ["netmap:valet", "netmap:valet"],
  ];
  for (const [text, formatted] of forms) {
    it(`writes '${text}' as '${formatted}'`, () => {
      assertEquals(formatPortName(parsePortName(text)), formatted);
    });
  }

  for (const [text] of GOOD) {
    it(`does not change what '${text}' says`, () => {
      const spec = parsePortName(text);
      const formatted = formatPortName(spec);
      assertEquals(parsePortName(formatted), spec);
      assertEquals(formatPortName(parsePortName(formatted)), formatted);
    });
  }

  const unwritable: readonly [Parameters<typeof portSpec>[0], string][] = [
    [{ name: "br-lan" }, "'br-lan'"],
    [{ name: "eth0", share: "br-lan" }, "'br-lan'"],
    [{ name: "eth0", mode: 7 }, "mode 7"],
    [{ name: "eth0", ringId: 1 }, "ring 1 beside mode 1"],
    [{ name: "eth0", mode: 4, ringId: 5000 }, "ring 5000"],
    [{ name: "eth0", flags: 0x8800 }, "flag 0x8000"],
    [{ name: "eth0", extraBuffers: 3 }, "3 extra buffers"],
    [{ name: "eth0", extmem: { file: "a@b" } }, "'@' in file 'a@b'"],
    [{ name: "eth0", extmem: { file: "a,b", bufNum: 1 } }, "',' in file 'a,b'"],
    [{ name: "eth0", offsets: { initial: 1, max: 2 } }, "a largest offset of 2"],
    [{ name: "eth0", offsets: { initial: 1, minGap: 2 } }, "a gap of 2"],
  ];
  for (const [options, what] of unwritable) {
    it(`refuses ${what}, which has no place in a name`, () => {
      const error = assertThrows(() => formatPortName(portSpec(options)), NetmapError);
      assertEquals(error.errno, EINVAL);
      assert(error.message.includes(`as ${what} has no place`), error.message);
    });
  }
});

describe("port names, whatever they are", () => {
  /** Texts that look like port names, so that random ones get further than the first letter. */
  const almost: fc.Arbitrary<string> = fc.array(
    fc.constantFrom(
      ..."netmap: vale vale0: : eth0 a 0 12 4094 99999 - ^ * / x z R T @ @2 @conf: @conf= rings= , slots=8"
        .split(" "),
      ..."tx-rings=3 rx_slots=0 @share= netmap:lo @extmem: @extmem= file=/f buf-num=1 @offset= initial=4 bits=9 { } {1 }in + ="
        .split(" "),
      "",
      " ",
      "\0",
      "é",
      "\ud800",
    ),
    { maxLength: 12 },
  ).map((parts) => parts.join(""));
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 80 }),
    almost,
    almost.map((t) => `netmap:${t}`),
  );

  for (const parse of [parsePortName, parseNmOpenName]) {
    it(`${parse.name}() throws nothing but NetmapError, and points into the text`, () => {
      fc.assert(
        fc.property(anything, (text) => {
          try {
            parse(text);
          } catch (error) {
            assertInstanceOf(error, PortNameError);
            assert(error.column >= 1 && error.column <= text.length + 1);
          }
        }),
        { numRuns: 5000 },
      );
    });
  }

  const id = fc.stringMatching(/^[A-Za-z0-9_]{1,8}$/);
  const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65535 }));
  const size = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const file = fc.stringMatching(/^\/[a-z:=./ ]{0,20}$/);
  const base = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_.]{1,15}$/),
    fc.tuple(id, id).map(([sw, port]) => `vale${sw}:${port}`),
  );
  const name = fc.oneof(base, fc.tuple(base, fc.constantFrom("{", "}"), id).map((t) => t.join("")));
  const mode = fc.oneof(
    fc.constantFrom(NR_REG_ALL_NIC, NR_REG_SW, NR_REG_NIC_SW).map((mode) => ({ mode })),
    fc.record({
      mode: fc.constantFrom(NR_REG_ONE_NIC, NR_REG_ONE_SW),
      ringId: fc.integer({ min: 0, max: 4094 }),
    }),
  );
  const flags = fc.subarray([
    NR_EXCLUSIVE,
    NR_ZCOPY_MON,
    NR_MONITOR_TX,
    NR_MONITOR_RX,
    NR_RX_RINGS_ONLY,
    NR_TX_RINGS_ONLY,
  ]).map((list) => list.reduce((all, flag) => all | flag, 0));
  const spec: fc.Arbitrary<PortSpec> = fc.tuple(
    mode,
    fc.record({
      name,
      flags,
      memId: count,
      share: fc.option(base),
      txRings: count,
      rxRings: count,
      hostTxRings: count,
      hostRxRings: count,
      txSlots: size,
      rxSlots: size,
      extmem: fc.option(fc.record({ file, bufNum: size, bufSize: size, ifNum: size })),
      offsets: fc.option(fc.record({ initial: size, bits: fc.integer({ min: 0, max: 64 }) })),
    }),
  ).map(([mode, rest]) => portSpec({ ...mode, ...rest }));

  it("parsePortName(formatPortName(spec)) is the spec, and formatting again the same text", () => {
    fc.assert(
      fc.property(spec, (spec) => {
        const text = formatPortName(spec);
        assertEquals(parsePortName(text), spec);
        assertEquals(formatPortName(parsePortName(text)), text);
      }),
      { numRuns: 2000 },
    );
  });

  it("what parses can be formatted, and formatting is stable", () => {
    let parsed = 0;
    fc.assert(
      fc.property(almost.map((text) => `netmap:eth0${text}`), (text) => {
        let spec: PortSpec;
        try {
          spec = parsePortName(text);
        } catch {
          return;
        }
        parsed++;
        const formatted = formatPortName(spec);
        assertEquals(parsePortName(formatted), spec);
        assertEquals(formatPortName(parsePortName(formatted)), formatted);
      }),
      { numRuns: 8000 },
    );
    assert(parsed > 100, `only ${parsed} texts were names`);
  });
});
