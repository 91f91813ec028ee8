import { controlRequest, NetmapError, openPort, valeListRequest } from "@netmap/core";
import { createEngine, type Engine } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { ATTACH_CASES } from "./errno_attach_fixture.ts";
import { open, PORT_CASES } from "./errno_ports_fixture.ts";
import { vale } from "./vale.ts";
import { wires } from "./wire_fixture.ts";

describe("VALE's control requests", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({
      features: [vale({ switches: 2, processors: 4 }), wires()],
    });
  });

  afterEach(() => engine.close());

  for (const { ask, before, request, code, says } of [...PORT_CASES, ...ATTACH_CASES]) {
    it(`${ask} answers ${code}`, () => {
      before?.(engine);
      const descriptor = engine.open();
      const switchesBefore = JSON.stringify(listed(engine));
      let error: unknown = null;
      try {
        descriptor.control(request().request);
      } catch (thrown) {
        error = thrown;
      }
      assert(error instanceof NetmapError, `no NetmapError but ${error}`);
      assertEquals([error.code, error.message.includes(says)], [code, true], error.message);
      assertEquals(JSON.stringify(listed(engine)), switchesBefore);
    });
  }

  it("a body that is too short answers EINVAL before anything is done", () => {
    const descriptor = engine.open();
    for (const reqtype of [3, 4, 5, 6, 7, 8, 10, 11]) {
      try {
        descriptor.control(controlRequest(reqtype, "vale0:a", new Uint8Array(3)));
      } catch (error) {
        assertEquals((error as NetmapError).code, "EINVAL");
        continue;
      }
      assert(false, `request ${reqtype} took a body of 3 bytes`);
    }
  });

  it("a refused REGISTER leaves no switch, no port and no memory behind", () => {
    const before = free(engine);
    try {
      open(engine, "vale0:" + "a".repeat(15) + "b");
    } catch { /* expected */ }
    openPort(engine.device, "vale0:a").close();
    assertEquals([listed(engine), free(engine)], [[], before]);
  });
});

function listed(engine: Engine): string[] {
  const descriptor = engine.open();
  const names: string[] = [];
  const next = valeListRequest("", { bridgeIdx: 0, portIdx: 0 });
  try {
    for (;;) {
      descriptor.control(next.request);
      names.push(`${next.body.bridgeIdx} ${next.body.portIdx}`);
      next.body.portIdx++;
      next.request.header.fill(0, 8, 72);
    }
  } catch { /* the end */ }
  descriptor.close();
  return names;
}

function free(engine: Engine): number[] {
  const { ifs, rings, bufs } = engine.region(1);
  return [ifs.free, rings.free, bufs.free];
}
