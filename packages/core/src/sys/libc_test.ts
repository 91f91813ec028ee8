import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EBADF, EINTR, EINVAL, ENOENT, EPERM, ESRCH } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { runChild } from "./child_fixture.ts";
import { check, errno, failure, libc, libcPath, retry } from "./libc.ts";
import { cString } from "./system.ts";

describe("libc()", () => {
  it("is opened once and found again by its path", () => {
    assert(libc() === libc());
    assert(libcPath().startsWith("libc."));
  });

  it("has every function of the table", () => {
    for (const [name, call] of Object.entries(libc())) assertEquals(typeof call, "function", name);
  });

  it("passes numbers, structures and null", () => {
    const { pipe2, write, read, close, socket } = libc();
    const ends = new Int32Array(2);
    assertEquals(pipe2(ends, 0), 0);
    assertEquals(write(ends[1], new Uint8Array([1, 2, 3]), 3), 3);
    const got = new Uint8Array(8);
    assertEquals(read(ends[0], got, 8), 3);
    assertEquals([...got.subarray(0, 4)], [1, 2, 3, 0]);
    assertEquals(write(ends[1], null, 0), 0);
    assertEquals(close(ends[0]) + close(ends[1]), 0);
    assertEquals(socket(-1, 0, 0), -1);
  });

  it("passes requests with the top bit set to ioctl", () => {
    // An unknown request on a descriptor that is not open: the descriptor is looked at first.
    assertEquals(libc().ioctl(-1, 0xc0406992, new Uint8Array(64)), -1);
    assertEquals(errno(), EBADF);
    const FIONREAD = 0x541b;
    const ends = new Int32Array(2);
    libc().pipe2(ends, 0);
    libc().write(ends[1], new Uint8Array(5), 5);
    const size = new Int32Array(1);
    assertEquals(libc().ioctl(ends[0], FIONREAD, size), 0);
    assertEquals(size[0], 5);
    libc().close(ends[0]);
    libc().close(ends[1]);
  });

  it("gives 64-bit results as numbers, -1 among them", () => {
    assertEquals(libc().lseek(-1, 0, 0), -1);
    assertEquals(libc().mmap(0, 0, 3, 1, -1, 0), -1);
    assertEquals(typeof libc().mmap(0, 0, 3, 1, -1, 0), "number");
    const address = libc().mmap(0, 8192, 3, 0x22, -1, 0);
    assert(Number.isSafeInteger(address) && address > 2 ** 32);
    assertEquals(libc().munmap(address, 8192), 0);
  });

  it("copies between addresses and between arrays", () => {
    const from = new Uint8Array([1, 2, 3, 4, 5]);
    const to = new Uint8Array(5);
    libc().memcpyBuf(to, from, 3);
    assertEquals([...to], [1, 2, 3, 0, 0]);
    const { addressOf } = runtime();
    libc().memmove(addressOf(to) + 1, addressOf(from) + 3, 2);
    assertEquals([...to], [1, 4, 5, 0, 0]);
    libc().memcpy(addressOf(to), addressOf(from), 5);
    assertEquals([...to], [...from]);
  });
});

describe("errno()", () => {
  it("is what the last failed call left", () => {
    assertEquals(libc().close(-1), -1);
    assertEquals(errno(), EBADF);
    assertEquals(libc().kill(2 ** 30, 0), -1);
    assertEquals(errno(), ESRCH);
    assertEquals(libc().open(cString("/no/such/file"), 0, 0), -1);
    assertEquals(errno(), ENOENT);
  });

  it("stays right when the code around it is compiled", () => {
    const { close, kill } = libc();
    let wrong = 0;
    for (let i = 0; i < 300_000; i++) {
      close(-1);
      if (errno() !== EBADF) wrong++;
      kill(2 ** 30, 0);
      if (errno() !== ESRCH) wrong++;
    }
    assertEquals(wrong, 0);
  });
});

describe("check()", () => {
  it("hands a result through", () => assertEquals(check(7, "read"), 7));

  it("throws the call's errno by name", () => {
    const error = assertThrows(
      () => check(libc().close(-1), "close descriptor '-1'"),
      NetmapError,
      "Cannot close descriptor '-1': EBADF",
    );
    assertEquals(error.errno, EBADF);
    assertEquals(error.code, "EBADF");
  });

  it("failure() makes the same error of a number", () => {
    assertInstanceOf(failure(EINVAL, "map"), NetmapError);
    assertEquals(failure(EINVAL, "map").message, "Cannot map: EINVAL");
  });
});

describe("retry()", () => {
  it("returns the first result that no signal cut short", () => {
    const word = new Int32Array(runtime().viewAt(libc().errnoLocation(), 4));
    let calls = 0;
    const result = retry(() => {
      word[0] = EINTR;
      return ++calls < 4 ? -1 : 9;
    });
    assertEquals([result, calls], [9, 4]);
  });

  it("returns other failures at once", () => {
    assertEquals(retry(() => libc().close(-1)), -1);
    assertEquals(errno(), EBADF);
  });
});

describe("opening libc where it cannot be", () => {
  const script = new URL("./open_fixture.ts", import.meta.url);

  it("names --allow-ffi in Deno without it, and works elsewhere", async () => {
    const { code, stdout } = await runChild(script, [], { denoFlags: [] });
    assertEquals(code, 0);
    const said = JSON.parse(stdout);
    if (runtime().name === "bun") return assertEquals(said, { pid: true });
    assertEquals(said.errno, EPERM);
    assert(said.message.includes("--allow-ffi"), said.message);
  });

  it("lets Deno import without any permission, as nothing is opened before the first call", async () => {
    const { code, stdout } = await runChild(script, ["import-only"], { denoFlags: [] });
    assertEquals([code, stdout], [0, '"imported"\n']);
  });
});
