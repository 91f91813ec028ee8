/**
 * Deno's half: `Deno.dlopen`, and a non-blocking foreign call that waits for descriptors.
 *
 * ```
 *    isolate                           a thread of Deno's pool, only while somebody waits
 *    await epoll_wait(-1)  --------->  blocks in libc
 *    epoll_ctl(ADD, ONESHOT)           (seen at once by the thread that waits)
 *    stop(): write(own eventfd) ---->  returns, the promise resolves, the process may end
 * ```
 *
 * @module
 */

import type { Buf, CallbackType, Ffi, FfiTable, FfiType } from "./symbols.ts";
import {
  type EventPump,
  type NativeCallback,
  PUMP_EVENTS,
  type PumpHost,
  type Runtime,
} from "./runtime.ts";

type Call = (...args: (number | Buf)[]) => number | bigint;

/** A pointer as Deno has it: opaque. */
interface Pointer {
  readonly opaque: unique symbol;
}

interface DenoRow {
  name?: string;
  parameters: string[];
  result: string;
  nonblocking?: boolean;
}

/** What is used of `Deno`; declared here so that no other type checker needs Deno's types. */
interface DenoFfi {
  dlopen(path: string, symbols: Record<string, DenoRow>): { symbols: Record<string, unknown> };
  build: { os: string; arch: string };
  UnsafePointer: {
    create(address: bigint): Pointer | null;
    of(view: ArrayBufferView): Pointer | null;
    value(pointer: Pointer | null): bigint | number;
  };
  UnsafeCallback: new (
    type: { parameters: string[]; result: string },
    call: (...args: (number | bigint)[]) => void,
  ) => { readonly pointer: Pointer; close(): void };
  UnsafePointerView: { getArrayBuffer(pointer: Pointer | null, bytes: number): ArrayBuffer };
}

/** `usize` results come as `i64`: MAP_FAILED then is -1 and not 2^64 - 1. */
const TYPE: Readonly<Record<FfiType, string>> = {
  i32: "i32",
  u32: "u32",
  i64: "i64",
  usize: "usize",
  buf: "buffer",
  void: "void",
};

function open<T extends FfiTable>(deno: DenoFfi, path: string, table: T): Ffi<T> {
  const symbols: Record<string, DenoRow> = {};
  for (const [name, row] of Object.entries(table)) {
    const result = row.result === "usize" ? "i64" : TYPE[row.result];
    symbols[name] = { name: row.symbol ?? name, parameters: row.args.map((a) => TYPE[a]), result };
  }
  const opened = deno.dlopen(path, symbols).symbols as Record<string, Call>;
  const functions: Record<string, Call> = {};
  for (const [name, row] of Object.entries(table)) {
    const call = opened[name];
    // Only 64-bit results need a conversion; all others stay what V8 calls without a detour.
    const long = row.result === "i64" || row.result === "usize";
    functions[name] = long ? (...args) => Number(call(...args)) : call;
  }
  return functions as unknown as Ffi<T>;
}

function viewAt(deno: DenoFfi, address: number, bytes: number): ArrayBuffer {
  return deno.UnsafePointerView.getArrayBuffer(deno.UnsafePointer.create(BigInt(address)), bytes);
}

function callback(
  deno: DenoFfi,
  args: readonly CallbackType[],
  call: (...args: number[]) => void,
): NativeCallback {
  const made = new deno.UnsafeCallback(
    { parameters: args.map((type) => TYPE[type]), result: "void" },
    (...values) => call(...values.map(Number)),
  );
  return {
    address: Number(deno.UnsafePointer.value(made.pointer)),
    close: () => made.close(),
  };
}

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const EFD_NONBLOCK_CLOEXEC = 0x80800;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

function createPump(deno: DenoFfi, host: PumpHost): EventPump {
  const { libc, epollFd, layout, check, deliver, fail } = host;
  const waitForEvents = deno.dlopen(host.libraryPath, {
    epoll_wait: { parameters: ["i32", "usize", "i32", "i32"], result: "i32", nonblocking: true },
  }).symbols.epoll_wait as (fd: number, at: number, n: number, ms: number) => Promise<number>;
  // Memory of the kernel's and not of the isolate's: a Worker that is terminated while it waits
  // leaves a thread behind that still writes here. So it is never unmapped.
  const address = check(
    libc.mmap(0, 4096, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0),
    "map a page for events",
  );
  const events = new Int32Array(viewAt(deno, address, PUMP_EVENTS * layout.words * 4));
  const interruptFd = check(libc.eventfd(0, EFD_NONBLOCK_CLOEXEC), "make an eventfd");
  const event = new Int32Array(layout.words);
  event[0] = EPOLLIN;
  event[layout.dataWord] = interruptFd;
  check(libc.epoll_ctl(epollFd, EPOLL_CTL_ADD, interruptFd, event), "watch an eventfd");

  let wanted = false;
  let running = false;
  let inside = false;
  const word = new Uint8Array(8);
  const ready = new Int32Array(3 * PUMP_EVENTS);

  function collect(found: number): number {
    let count = 0;
    for (let i = 0; i < found; i++) {
      const at = i * layout.words;
      const low = events[at + layout.dataWord];
      if (low === interruptFd) {
        libc.read(interruptFd, word, 8);
        continue;
      }
      ready[3 * count] = low;
      ready[3 * count + 1] = events[at + layout.dataWord + 1];
      ready[3 * count + 2] = events[at];
      count++;
    }
    return count;
  }

  async function run(): Promise<void> {
    running = true;
    try {
      let failures = 0;
      while (wanted) {
        inside = true;
        const found = await waitForEvents(epollFd, address, PUMP_EVENTS, -1);
        inside = false;
        // The errno of another thread cannot be read. Interruptions are rare and harmless, any other
        // failure repeats at once.
        failures = found < 0 ? failures + 1 : 0;
        if (failures > 1000) throw new Error("epoll_wait fails");
        const count = collect(found);
        if (count > 0) deliver(ready, count);
      }
    } catch (cause) {
      fail(cause);
    } finally {
      inside = false;
      running = false;
    }
  }

  return {
    start(): void {
      wanted = true;
      if (!running) void run();
    },
    stop(): void {
      wanted = false;
      if (!inside) return;
      word.fill(0);
      word[0] = 1;
      libc.write(interruptFd, word, 8);
    },
  };
}

/**
 * Deno, if this is Deno.
 *
 * @returns the runtime, or undefined elsewhere
 */
export function denoRuntime(): Runtime | undefined {
  const deno = (globalThis as unknown as { Deno?: DenoFfi }).Deno;
  if (deno?.dlopen === undefined) return undefined;
  return {
    name: "deno",
    os: deno.build.os,
    arch: deno.build.arch === "x86_64" ? "x64" : "arm64",
    copiesByAddress: false,
    open: (path, table) => open(deno, path, table),
    viewAt: (address, bytes) => viewAt(deno, address, bytes),
    addressOf(view) {
      // Small arrays live in V8's heap, which moves them, until their buffer is asked for.
      void view.buffer;
      return Number(deno.UnsafePointer.value(deno.UnsafePointer.of(view)));
    },
    callback: (args, call) => callback(deno, args, call),
    createPump: (host) => createPump(deno, host),
  };
}
