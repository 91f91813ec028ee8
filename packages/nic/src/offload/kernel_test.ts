import { openPort, type Port } from "@netmap/core";
import { createEngine } from "@netmap/engine";
import { itRequires } from "@netmap/test-support";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { afterAll, describe } from "@std/testing/bdd";
import fc from "fast-check";
import { Lab, NETNS_NEEDS, sh } from "../netns_fixture.ts";
import { nic } from "../nic.ts";
import { collect } from "../nic_fixture.ts";
import {
  type FrameShape,
  hasGoodChecksums,
  makeFrame,
  OffloadSender,
} from "./superframe_fixture.ts";

const NEEDS = { ...NETNS_NEEDS, programs: ["ip", "ethtool"] };

/** A way for frames: a sender, and the port at the other end of its veth pair. */
interface Way extends Disposable {
  readonly sender: OffloadSender;
  readonly port: Port;
}

/** The same frames go two ways: in one the kernel cuts them as its interface cannot, in one we do. */
interface Ways {
  readonly kernel: Way;
  readonly ours: Way;
}

const FEATURES = ["tx", "sg", "tso", "gso", "tx-udp-segmentation", "txvlan"];

describe("offloads of the sender, against what the kernel makes of them", () => {
  let lab: Lab | undefined;
  const ways: Map<number, Ways> = new Map();

  function makeWay(offloads: "on" | "off", mtu: number, slots = 1024): Way {
    lab ??= new Lab();
    const [near, far] = lab.veth();
    for (const name of [near, far]) sh("ip", "link", "set", name, "mtu", `${mtu}`);
    sh("ethtool", "-K", near, ...FEATURES.flatMap((feature) => [feature, offloads]));
    const state = sh("ethtool", "-k", near);
    for (const name of ["tx-checksumming", "tcp-segmentation-offload"]) {
      assertStringIncludes(state, `${name}: ${offloads}`);
    }
    const engine = createEngine({ features: [nic()] });
    const port = openPort(engine.device, `netmap:${far}@conf:rx-slots=${slots}`);
    const sender = new OffloadSender(near);
    const close = (): void => {
      sender[Symbol.dispose]();
      engine.close();
    };
    return { sender, port, [Symbol.dispose]: close };
  }

  function setUp(mtu: number): Ways {
    let pair = ways.get(mtu);
    if (pair === undefined) {
      pair = { kernel: makeWay("off", mtu), ours: makeWay("on", mtu) };
      ways.set(mtu, pair);
    }
    return pair;
  }

  afterAll(() => {
    for (const { kernel, ours } of ways.values()) {
      kernel[Symbol.dispose]();
      ours[Symbol.dispose]();
    }
    lab?.close();
  });

  function through({ sender, port }: Way, frame: Uint8Array, count: number): Uint8Array[] {
    sender.send(frame);
    // On a busy machine a veth may deliver later than sendto returns.
    const got = collect(port, count, 1000);
    return [...got, ...port.receive().map((packet) => packet.slice())];
  }

  function compare(shape: FrameShape, mtu = 1500): Uint8Array[] {
    const { kernel, ours } = setUp(mtu);
    const frame = makeFrame(shape);
    const segments = shape.mss === 0 ? 1 : Math.ceil(shape.payload / shape.mss);
    const got = through(ours, frame, segments);
    assertEquals(got.map(hex), through(kernel, frame, segments).map(hex));
    assertEquals(got.length, segments);
    for (const packet of got) assert(hasGoodChecksums(packet, shape), hex(packet));
    return got;
  }

  const plain: FrameShape = {
    v6: false,
    udp: false,
    vlans: 0,
    ipOptions: 0,
    tcpOptions: 3,
    tcpFlags: 0x18,
    id: 0xfffe,
    seq: 0xffff_ff00,
    payload: 1000,
    mss: 0,
    seed: 1,
  };

  itRequires(NEEDS, "completes the checksum of an ordinary frame", () => {
    for (const v6 of [false, true]) {
      for (const udp of [false, true]) {
        for (const payload of [0, 1, 2, 3, 999, 1400]) compare({ ...plain, v6, udp, payload });
      }
    }
  });

  itRequires(NEEDS, "cuts the largest TCP superframe, around the end of sequence numbers", () => {
    assertEquals(compare({ ...plain, payload: 65000, mss: 1448 }).length, 45);
    compare({ ...plain, payload: 64000, mss: 1428, v6: true });
  });

  itRequires(NEEDS, "clears FIN and PSH but in the last segment, CWR but in the first", () => {
    compare({ ...plain, payload: 5000, mss: 1000, tcpFlags: 0x99 });
  });

  itRequires(NEEDS, "cuts UDP superframes", () => {
    compare({ ...plain, udp: true, payload: 20000, mss: 1200 });
    compare({ ...plain, udp: true, payload: 20001, mss: 1200, v6: true });
  });

  itRequires(NEEDS, "puts VLAN tags back", () => {
    for (const vlans of [1, 2]) {
      compare({ ...plain, vlans });
      compare({ ...plain, vlans, payload: 9000, mss: 1400 });
    }
  });

  itRequires(NEEDS, "cuts into segments that take several slots", () => {
    const [first] = compare({ ...plain, payload: 50000, mss: 8000 }, 9000);
    assertEquals(first.length, 8066);
    compare({ ...plain, payload: 8000 }, 9000);
    compare({ ...plain, payload: 8000, vlans: 1 }, 9000);
  });

  itRequires(NEEDS, "goes on with a superframe when the ring has room again, in order", () => {
    using way = makeWay("on", 1500, 16);
    const superframe = makeFrame({ ...plain, payload: 45 * 1000, mss: 1000 });
    const single = makeFrame({ ...plain, payload: 77 });
    way.sender.send(superframe);
    const got = through(way, single, 46);
    assertEquals(got.length, 46);
    assertEquals(got[44].length, 1066);
    assertEquals(got[45].length, 77 + 66);
  });

  itRequires(NEEDS, "agrees with the kernel whatever the headers are", () => {
    const shapes = fc.record({
      v6: fc.boolean(),
      udp: fc.boolean(),
      vlans: fc.integer({ min: 0, max: 2 }),
      ipOptions: fc.integer({ min: 0, max: 3 }),
      tcpOptions: fc.integer({ min: 0, max: 10 }),
      // No SYN, RST or URG: those are never merged.
      tcpFlags: fc.integer({ min: 0, max: 255 }).map((flags) => flags & ~0x26),
      id: fc.integer({ min: 0, max: 0xffff }),
      seq: fc.integer({ min: 0, max: 0xffff_ffff }),
      seed: fc.integer(),
      payload: fc.integer({ min: 1, max: 60000 }),
      mss: fc.integer({ min: 100, max: 1300 }),
    }).map((shape) => {
      // The kernel takes UDP of at most 128 segments.
      const payload = shape.udp ? Math.min(shape.payload, 128 * shape.mss) : shape.payload;
      return { ...shape, payload, mss: payload <= shape.mss ? 0 : shape.mss };
    });
    fc.assert(fc.property(shapes, (shape) => void compare(shape)), { numRuns: 150 });
  });
});

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
