import {
  EINVAL,
  NetmapError,
  type NmreqRegister,
  NR_EXCLUSIVE,
  NR_REG_ALL_NIC,
  NR_REG_DEFAULT,
  NR_REG_NIC_SW,
  NR_REG_NULL,
  NR_REG_ONE_NIC,
  NR_REG_ONE_SW,
  NR_REG_PIPE_MASTER,
  NR_REG_PIPE_SLAVE,
  NR_REG_SW,
} from "@netmap/core";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, DEFAULT_SIZES, type Engine, registerBody } from "@netmap/engine";
import { pipes } from "./pipes.ts";
import { Boxes, codeOf, freeObjects, portInfo, register } from "./pipes_fixture.ts";
import { PlainParent } from "./plain_parent.ts";

describe("findPipe()", () => {
  let engine: Engine;
  let boxes: Boxes;
  let before: unknown;

  beforeEach(() => {
    boxes = new Boxes();
    engine = createEngine({ features: [pipes(), boxes] });
    engine.createRegion(7, { ...DEFAULT_SIZES, buf: { count: 4096, size: 2048 } }).refs++;
    before = freeObjects(engine);
  });

  afterEach(() => {
    for (const descriptor of [...engine.descriptors.values()]) descriptor.close();
    assertEquals([...engine.ports.keys()], []);
    assertEquals(freeObjects(engine), before);
    engine.close();
  });

  // What a registration ends in. Unless it says otherwise, netmap answers the same.
  const table: [code: string, what: string, name: string, fields: Partial<NmreqRegister>][] = [
    ["", "a new pipe on a new parent", "p{1", {}],
    ["", "its slave first", "p}1", {}],
    ["", "one ring of it", "p{1", { mode: NR_REG_ONE_NIC, txRings: 2, ringid: 1 }],
    ["", "a tx ring that a slave has from its master's rx rings", "p}1", {
      mode: NR_REG_ONE_NIC,
      rxRings: 4,
      ringid: 3,
    }],
    ["", "a parent that exists", "box{1", {}],
    ["", "a pipe on a pipe", "p{1{2", {}],
    ["", "a name of 15 bytes for a new parent", "abcdefghijklmno{1", {}],
    ["", "the region that the parent is in", "box{1", { memId: 1 }],
    ["", "another region for a new parent", "p{1", { memId: 7 }],
    ["", "NR_REG_NULL, which makes a null port of any name", "p{1", {
      mode: NR_REG_NULL,
      memId: 1,
    }],
    ["EINVAL", "no id", "p{", {}],
    ["EINVAL", "no id of a slave", "p}", {}],
    ["EINVAL", "no parent", "{1", {}],
    ["EINVAL", "no parent of a slave", "}1", {}],
    ["EINVAL", "no mode", "p{1", { mode: NR_REG_DEFAULT }],
    ["EINVAL", "host rings", "p{1", { mode: NR_REG_SW }],
    ["EINVAL", "host rings beside others", "p{1", { mode: NR_REG_NIC_SW }],
    ["EINVAL", "a host ring", "p{1", { mode: NR_REG_ONE_SW }],
    ["EINVAL", "the mode of old masters", "p{1", { mode: NR_REG_PIPE_MASTER }],
    ["EINVAL", "the mode of old slaves", "p{1", { mode: NR_REG_PIPE_SLAVE }],
    ["EINVAL", "a mode that there is not", "p{1", { mode: 99 }],
    ["EINVAL", "a ring that it has not", "p{1", { mode: NR_REG_ONE_NIC, ringid: 1 }],
    ["EINVAL", "a region that there is not", "p{1", { memId: 99 }],
    // netmap gives the parent's region and leaves it to the reply to say so.
    ["EINVAL", "another region than its parent's", "box{1", { memId: 7 }],
    ["ENXIO", "a switch that there is not", "vale0:a{1", {}],
    ["ENXIO", "a new parent that looks like a switch's port", "vale{1", {}],
    ["ENXIO", "a name of 16 bytes for a new parent", "abcdefghijklmnop{1", {}],
    ["ENXIO", "a new parent with ':' in it", "a:b{1", {}],
    ["ENXIO", "a new parent with '/' in it", "a/b{1", {}],
    ["ENXIO", "a new parent with a space in it", "a b{1", {}],
    ["ENXIO", "a new parent named '..'", "..{1", {}],
    ["EBUSY", "a parent that a switch has", "taken{1", {}],
    ["ENOMEM", "rings longer than the pool's objects", "p{1", { txSlots: 4096 }],
    ["ENOMEM", "more rings than the pool has", "p{1", { txRings: 50, rxRings: 51 }],
    ["ENOMEM", "more buffers than the region has", "p{1", { memId: 7, txRings: 5 }],
  ];
  for (const [code, what, name, fields] of table) {
    it(`answers ${code === "" ? "0" : code} to ${what}`, () => {
      boxes.add(engine, "box");
      boxes.add(engine, "taken").ownedBy = "vale0:";
      const filled = freeObjects(engine);
      assertEquals(codeOf(() => register(engine, name, { mode: NR_REG_ALL_NIC, ...fields })), code);
      if (code !== "") {
        assertEquals(freeObjects(engine), filled);
        assertEquals([...engine.ports.keys()], []);
      }
      for (const descriptor of [...engine.descriptors.values()]) descriptor.close();
      for (const each of ["box", "taken"]) boxes.remove(each);
    });
  }

  it("answers EBUSY to rings that are held exclusively, of that end alone", () => {
    register(engine, "p{1", { flags: NR_EXCLUSIVE });
    assertEquals(codeOf(() => register(engine, "p{1")), "EBUSY");
    assertEquals(codeOf(() => register(engine, "p}1", { flags: NR_EXCLUSIVE })), "");
    assertEquals(codeOf(() => register(engine, "p}1")), "EBUSY");
  });

  it("answers ENODEV to a pipe that may not be made", () => {
    boxes.add(engine, "box");
    const body = registerBody({ mode: NR_REG_ALL_NIC });
    assertEquals(codeOf(() => engine.getAdapter("box{1", body, false)), "ENODEV");
    assertEquals(codeOf(() => engine.getAdapter("p{1", body, false)), "ENXIO");
    boxes.remove("box");
  });

  it("says in the error what to do", () => {
    const sentence = assertThrows(() => register(engine, "p{1", { mode: NR_REG_SW }), NetmapError)
      .message;
    assertStringIncludes(sentence, "'p{1'");
    assertStringIncludes(sentence, "use NR_REG_ALL_NIC");
  });

  it("makes both ends at once, and a plain parent where there is none", () => {
    register(engine, "p{1");
    assertEquals([...engine.ports.keys()].sort(), ["p", "p{1", "p}1"]);
    assert(engine.ports.get("p") instanceof PlainParent);
  });

  it("finds a plain parent by its own name while it has pipes", () => {
    assertEquals(codeOf(() => register(engine, "p")), "ENXIO");
    const pipe = register(engine, "p{1", { txSlots: 100, rxSlots: 200 }).descriptor;
    const { descriptor, reply } = register(engine, "p");
    assertEquals([reply.txSlots, reply.rxSlots], [100, 200]);
    assertEquals(codeOf(() => register(engine, "p", { memId: 7 })), "EINVAL");
    pipe.close();
    assertEquals([...engine.ports.keys()], ["p"]);
    assertEquals(codeOf(() => register(engine, "p{2")), "");
    descriptor.close();
  });

  it("looks at a pipe without leaving one behind", () => {
    assertEquals(portInfo(engine, "p{1").txSlots, 1024);
    assertEquals([...engine.ports.keys()], []);
    register(engine, "p{1", { txSlots: 100, rxSlots: 200 });
    const info = portInfo(engine, "p}1");
    assertEquals([info.txSlots, info.rxSlots], [200, 100]);
  });

  it("takes rings and slots as the master's, also from a slave that is first", () => {
    boxes.add(engine, "box", { txSlots: 32, rxSlots: 48 });
    const shapes: [string, Partial<NmreqRegister>, number[]][] = [
      ["box{1", {}, [1, 1, 32, 48]],
      ["box}1", {}, [1, 1, 48, 32]],
      ["box}2", { txRings: 3, rxRings: 2, txSlots: 17, rxSlots: 1000 }, [2, 3, 1000, 17]],
      // What the second end asks for is not looked at.
      ["box{2", { txRings: 9, txSlots: 9 }, [3, 2, 17, 1000]],
      ["box{3", { txSlots: 1 }, [1, 1, 1, 48]],
    ];
    for (const [name, fields, shape] of shapes) {
      const { reply } = register(engine, name, fields);
      assertEquals([reply.txRings, reply.rxRings, reply.txSlots, reply.rxSlots], shape, name);
      assertEquals([reply.hostTxRings, reply.hostRxRings, reply.memId], [0, 0, 1], name);
    }
    for (const descriptor of [...engine.descriptors.values()]) descriptor.close();
    boxes.remove("box");
  });

  it("gives 1024 slots where the parent has none of its own", () => {
    boxes.add(engine, "box", { txRings: 0, rxRings: 0, txSlots: 0, rxSlots: 0 });
    const { reply, descriptor } = register(engine, "box{1");
    assertEquals([reply.txSlots, reply.rxSlots], [1024, 1024]);
    descriptor.close();
    boxes.remove("box");
  });

  it("uses the parent's memory", () => {
    boxes.add(engine, "far", {}, 7);
    const { reply, descriptor } = register(engine, "far{1");
    assertEquals(reply.memId, 7);
    assertEquals(freeObjects(engine)[1], (before as Record<number, unknown>)[1]);
    descriptor.close();
    boxes.remove("far");
  });

  it("puts a new parent into the region that is asked for", () => {
    assertEquals(register(engine, "p{1", { memId: 7 }).reply.memId, 7);
    assertEquals(register(engine, "p}1").reply.memId, 7);
    assertEquals(codeOf(() => register(engine, "p}1", { memId: 1 })), "EINVAL");
  });

  it("hangs pipes on an open null port, which then outlives its opener", () => {
    const nullPort = register(engine, "n", { mode: NR_REG_NULL, memId: 7 }).descriptor;
    const { reply, descriptor } = register(engine, "n{1");
    assertEquals(reply.memId, 7);
    nullPort.close();
    const other = register(engine, "n{1").descriptor;
    assertEquals(other.registration!.adapter, descriptor.registration!.adapter);
  });

  it("has the feature that has persistent ports make the parent", () => {
    const asked: [string, number][] = [];
    engine.createPersistent = (name, body) => {
      asked.push([name, body.txSlots]);
      return new PlainParent(engine, name, body, null);
    };
    register(engine, "p{1", { txSlots: 12 });
    register(engine, "p{2", { txSlots: 13 });
    assertEquals(asked, [["p", 12]]);
  });

  it("answers ENXIO when that feature cannot, with its reason", () => {
    engine.createPersistent = () => {
      throw new NetmapError(EINVAL, "Cannot make it for a good reason");
    };
    const error = assertThrows(() => register(engine, "p{1"), NetmapError);
    assertEquals(error.code, "ENXIO");
    assertStringIncludes(error.message, "for a good reason");
  });
});
