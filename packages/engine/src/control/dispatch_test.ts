import {
  type ControlRequest,
  controlRequest,
  EINVAL,
  EMSGSIZE,
  EOPNOTSUPP,
  NETMAP_REQ_PORT_INFO_GET,
  NETMAP_REQ_REGISTER,
  NetmapError,
  NMREQ_OPTION,
  NMREQ_PORT_INFO_GET,
  optionHeader,
  poolsInfoRequest,
  portInfoRequest,
  registerRequest,
  requestHeader,
  structView,
} from "@netmap/core";
import { assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createEngine, type Engine } from "../engine.ts";
import { loop } from "../loop_fixture.ts";

function option(reqtype: number): Uint8Array {
  const bytes = new Uint8Array(NMREQ_OPTION.size);
  structView(NMREQ_OPTION, bytes).reqtype = reqtype;
  return bytes;
}

describe("control()", () => {
  let engine: Engine;

  beforeEach(() => {
    engine = createEngine({ features: [loop()] });
  });

  afterEach(() => engine.close());

  function errnoOf(request: ControlRequest): number {
    const descriptor = engine.open();
    try {
      descriptor.control(request);
      return 0;
    } catch (error) {
      if (!(error instanceof NetmapError)) throw error;
      return error.errno;
    } finally {
      descriptor.close();
    }
  }

  it("takes the versions that netmap takes, and no other", () => {
    for (const [version, errno] of [[13, EINVAL], [14, 0], [15, 0], [16, EINVAL]]) {
      const request = portInfoRequest("loop").request;
      requestHeader(request).version = version;
      assertEquals(errnoOf(request), errno, `version ${version}`);
    }
  });

  it("refuses a reserved field that is not 0", () => {
    const request = portInfoRequest("loop").request;
    requestHeader(request).reserved = 1;
    assertEquals(errnoOf(request), EINVAL);
  });

  it("refuses a request that nobody knows", () => {
    assertEquals(errnoOf(controlRequest(99, "loop")), EINVAL);
  });

  it("refuses a body that is missing or too short", () => {
    assertEquals(errnoOf(controlRequest(NETMAP_REQ_REGISTER, "loop")), EINVAL);
    assertEquals(errnoOf(controlRequest(NETMAP_REQ_REGISTER, "loop", new Uint8Array(8))), EINVAL);
  });

  it("refuses a REGISTER with an option that nobody knows, and says so in its status", () => {
    const unknown = option(99);
    assertEquals(errnoOf(registerRequest("loop", {}, [unknown]).request), EOPNOTSUPP);
    assertEquals(optionHeader(unknown).status, EOPNOTSUPP);
    assertEquals(engine.ports.size, 0);
  });

  it("carries other requests out, and leaves EOPNOTSUPP in an unknown option's status", () => {
    const unknown = option(99);
    const request = controlRequest(
      NETMAP_REQ_PORT_INFO_GET,
      "loop",
      new Uint8Array(NMREQ_PORT_INFO_GET.size),
      [unknown],
    );
    assertEquals(errnoOf(request), 0);
    assertEquals(optionHeader(unknown).status, EOPNOTSUPP);
  });

  it("refuses an option given twice, and marks both", () => {
    const twins = [option(3), option(3)];
    const request = controlRequest(
      NETMAP_REQ_PORT_INFO_GET,
      "loop",
      new Uint8Array(NMREQ_PORT_INFO_GET.size),
      twins,
    );
    assertEquals(errnoOf(request), EINVAL);
    assertEquals(twins.map((one) => optionHeader(one).status), [EINVAL, EINVAL]);
  });

  it("refuses an option shorter than its header", () => {
    const request = controlRequest(
      NETMAP_REQ_PORT_INFO_GET,
      "loop",
      new Uint8Array(NMREQ_PORT_INFO_GET.size),
      [new Uint8Array(3)],
    );
    assertEquals(errnoOf(request), EMSGSIZE);
  });

  it("tells the shape of a port that nobody registered, and leaves nothing of it", () => {
    using descriptor = engine.open();
    const { request, body } = portInfoRequest("loop");
    descriptor.control(request);
    assertEquals([body.txRings, body.rxSlots, body.memId], [1, 64, 1]);
    assertEquals(engine.ports.size, 0);
  });

  it("tells the size of a region when no port is named", () => {
    using descriptor = engine.open();
    const { request, body } = portInfoRequest("");
    descriptor.control(request);
    assertEquals([body.memId, body.memsize], [1, engine.region(1).size]);
  });

  it("tells where the pools of a port's region are", () => {
    using descriptor = engine.open();
    const { request, body } = poolsInfoRequest("loop");
    descriptor.control(request);
    const { ifs, rings, bufs } = engine.region(1);
    assertEquals(
      [body.ifPoolOffset, body.ifPoolObjtotal, body.ifPoolObjsize],
      [ifs.offset, 100, 1024],
    );
    assertEquals(
      [body.ringPoolOffset, body.ringPoolObjtotal, body.ringPoolObjsize],
      [rings.offset, 200, 36864],
    );
    assertEquals(
      [body.bufPoolOffset, body.bufPoolObjtotal, body.bufPoolObjsize],
      [bufs.offset, 163840, 2048],
    );
  });

  it("fails cleanly on a closed descriptor", () => {
    const descriptor = engine.open();
    descriptor.close();
    descriptor.close();
    const error = assertThrows(
      () => descriptor.control(portInfoRequest("loop").request),
      NetmapError,
      "closed",
    );
    assertEquals(error.code, "EBADF");
  });
});
