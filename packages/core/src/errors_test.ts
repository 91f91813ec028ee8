import { assert, assertEquals, assertFalse } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EBADF, EBUSY } from "./errno.ts";
import { closedError, NetmapError } from "./errors.ts";

describe("NetmapError", () => {
  it("carries number, name, request, port and cause", () => {
    const cause = new Error("below");
    const options = { request: "NETMAP_REQ_REGISTER", port: "em0", cause };
    const error = new NetmapError(EBUSY, "Cannot bind 'em0'", options);
    assert(error instanceof Error);
    assertEquals(
      [error.name, error.errno, error.code, error.message, error.request, error.port],
      ["NetmapError", 16, "EBUSY", "Cannot bind 'em0'", "NETMAP_REQ_REGISTER", "em0"],
    );
    assertEquals(error.cause, cause);
    assertEquals(String(error), "NetmapError: Cannot bind 'em0'");
  });

  it("leaves out what it was not told", () => {
    const error = new NetmapError(EBUSY, "x");
    assertEquals([error.request, error.port], [undefined, undefined]);
    assertFalse("cause" in error);
    assert("cause" in new NetmapError(EBUSY, "x", { cause: undefined }));
  });
});

describe("closedError", () => {
  it("says what was closed and what to do", () => {
    const error = closedError("vale0:a");
    assertEquals([error.errno, error.code, error.port], [EBADF, "EBADF", "vale0:a"]);
    assertEquals(error.message, "Cannot use 'vale0:a' as it is closed: open it again");
  });
});
