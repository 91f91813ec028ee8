import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { ENOSYS } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { bunRuntime } from "./bun.ts";
import { denoRuntime } from "./deno.ts";
import { firstRuntime, runtime } from "./pick.ts";
import { type FfiRow, LIBC } from "./symbols.ts";

describe("runtime()", () => {
  it("is Bun on Bun and Deno on Deno", () => {
    const inBun = "Bun" in globalThis;
    assertEquals(runtime().name, inBun ? "bun" : "deno");
    assertEquals(bunRuntime() !== undefined, inBun);
    assertEquals(denoRuntime() !== undefined, !inBun);
    assert(runtime() === runtime());
  });

  it("names system and machine as Node does", () => {
    const { platform, arch } = (globalThis as unknown as {
      process: { platform: string; arch: string };
    }).process;
    assertEquals([runtime().os, runtime().arch], [platform, arch]);
  });

  it("says what to run where there are no foreign calls", () => {
    const error = assertThrows(() => firstRuntime([() => undefined]), NetmapError, "bun or deno");
    assertEquals(error.errno, ENOSYS);
  });
});

describe("addressOf() and viewAt()", () => {
  it("lead to the same bytes, also of small arrays", () => {
    for (const bytes of [8, 64, 100, 5000]) {
      const view = new Uint8Array(bytes);
      const address = runtime().addressOf(view);
      assert(Number.isSafeInteger(address) && address > 0);
      const seen = new Uint8Array(runtime().viewAt(address, bytes));
      seen[bytes - 1] = 42;
      assertEquals(view[bytes - 1], 42);
      view[0] = 7;
      assertEquals(seen[0], 7);
      assertEquals(runtime().addressOf(view), address);
    }
  });

  it("count a view's own offset", () => {
    const whole = new Uint8Array(4096);
    const part = whole.subarray(100, 200);
    assertEquals(runtime().addressOf(part), runtime().addressOf(whole) + 100);
  });
});

describe("callback()", () => {
  it("is called by C, as often as C likes, and within the call", () => {
    const once = { args: ["buf", "usize"], result: "i32" } as const;
    const { pthread_once } = runtime().open("libc.so.6", { pthread_once: once });
    let calls = 0;
    const callback = runtime().callback([], () => calls++);
    assert(Number.isSafeInteger(callback.address) && callback.address > 0);
    for (let n = 1; n <= 3000; n++) {
      assertEquals(pthread_once(new Int32Array(1), callback.address), 0);
      assertEquals(calls, n);
    }
    callback.close();
  });
});

describe("the table of symbols", () => {
  it("has only types that both runtimes know", () => {
    const types = new Set(["i32", "u32", "i64", "usize", "buf", "void"]);
    for (const [name, row] of Object.entries(LIBC) as [string, FfiRow][]) {
      for (const type of [...row.args, row.result]) assert(types.has(type), name);
      assert(!row.args.includes("void"), name);
      assert(row.result !== "buf", name);
    }
  });

  it("fails for a library or a function that is not there", () => {
    const getpid = { args: [], result: "i32" } as const;
    assertThrows(() => runtime().open("libnothing.so.9", { getpid }));
    assertThrows(() => runtime().open("libc.so.6", { nothing_at_all: getpid }));
  });
});
