/**
 * Bun's half: `bun:ffi`, and a helper Worker that waits for descriptors.
 *
 * ```
 *    isolate                           helper Worker (one an isolate, made at the first wait)
 *    epoll_ctl(ADD, ONESHOT) ------->  epoll_wait(-1)     blocks in libc, sees no message
 *    deliver()  <----- postMessage --  [fd, serial, events]...
 * ```
 *
 * The helper needs no message to learn of a new descriptor: epoll_ctl works on a set that another
 * thread waits on. Measured: 3 ms to start it, 5 us from ready to delivered.
 *
 * @module
 */

import type { Buf, CallbackType, Ffi, FfiRow, FfiTable, FfiType } from "./symbols.ts";
import {
  type EpollLayout,
  type EventPump,
  type NativeCallback,
  PUMP_EVENTS,
  type PumpHost,
  type Runtime,
} from "./runtime.ts";

type Call = (...args: (number | Buf)[]) => number;

/** What is used of `bun:ffi`; declared here so that no other type checker needs Bun's types. */
interface BunFfi {
  dlopen(
    path: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { symbols: Record<string, Call> };
  ptr(view: ArrayBufferView): number;
  toArrayBuffer(address: number, offset: number, bytes: number): ArrayBuffer;
  JSCallback: new (
    call: (...args: (number | null)[]) => void,
    type: { args: string[]; returns: string },
  ) => { readonly ptr: number; close(): void };
}

interface HelperWorker {
  onmessage: ((event: { data: number[] }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
  ref(): void;
  unref(): void;
}

interface BunGlobals {
  Worker: new (url: string, options: Record<string, unknown>) => HelperWorker;
}

/** Addresses go as `ptr`: 7 ns for a memcpy of three, where `u64_fast` takes 14 and `u64` 21. */
const ARGUMENT: Readonly<Record<FfiType, string>> = {
  i32: "i32",
  u32: "u32",
  i64: "i64_fast",
  usize: "ptr",
  buf: "ptr",
  void: "void",
};

/** `i64_fast` gives a number as long as it is a safe integer. */
const RESULT: Readonly<Record<FfiType, string>> = { ...ARGUMENT, usize: "i64_fast" };

function open<T extends FfiTable>(ffi: BunFfi, path: string, table: T): Ffi<T> {
  const functions: Record<string, Call> = {};
  // A library is opened once for every form of a function: Bun's rows carry no symbol name.
  let rest: [string, FfiRow][] = Object.entries(table);
  while (rest.length > 0) {
    const symbols: Record<string, { args: string[]; returns: string }> = {};
    const names: [string, string][] = [];
    const later: [string, FfiRow][] = [];
    for (const [name, row] of rest) {
      const symbol = row.symbol ?? name;
      if (symbol in symbols) {
        later.push([name, row]);
        continue;
      }
      symbols[symbol] = { args: row.args.map((a) => ARGUMENT[a]), returns: RESULT[row.result] };
      names.push([name, symbol]);
    }
    const opened = ffi.dlopen(path, symbols).symbols;
    for (const [name, symbol] of names) functions[name] = opened[symbol];
    rest = later;
  }
  return functions as unknown as Ffi<T>;
}

function callback(
  ffi: BunFfi,
  args: readonly CallbackType[],
  call: (...args: number[]) => void,
): NativeCallback {
  const made = new ffi.JSCallback((...values) => call(...values.map(Number)), { // null is NULL
    args: args.map((type) => ARGUMENT[type]),
    returns: "void",
  });
  return { address: made.ptr, close: () => made.close() };
}

/** Two are enough as measured. */
const WORKER_DESCRIPTORS = 6;

/** Runs in the helper: plain JavaScript in a string, so that bundlers and npm builds keep it. */
function helperSource(libraryPath: string, epollFd: number, layout: EpollLayout): string {
  return `
const { dlopen, toArrayBuffer } = process.getBuiltinModule("bun:ffi");
const libc = dlopen(${JSON.stringify(libraryPath)}, {
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "i64_fast" },
}).symbols;
const errno = new Int32Array(toArrayBuffer(libc.__errno_location(), 0, 4));
const events = new Int32Array(${PUMP_EVENTS * layout.words});
for (;;) {
  const n = libc.epoll_wait(${epollFd}, events, ${PUMP_EVENTS}, -1);
  if (n < 0) {
    if (errno[0] === 4) continue;
    throw new Error("epoll_wait failed with errno " + errno[0]);
  }
  const ready = [];
  for (let i = 0; i < n; i++) {
    const at = i * ${layout.words};
    ready.push(events[at + ${layout.dataWord}], events[at + ${layout.dataWord + 1}], events[at]);
  }
  postMessage(ready);
}
`;
}

/** Bun ends the process when a Worker's own event loop gets no descriptors: find that out before. */
function needDescriptors({ libc, check }: PumpHost): void {
  const taken: number[] = [];
  try {
    while (taken.length < WORKER_DESCRIPTORS) {
      taken.push(check(libc.eventfd(0, 0), "start a thread that waits, for want of descriptors"));
    }
  } finally {
    for (const fd of taken) libc.close(fd);
  }
}

function createPump(host: PumpHost): EventPump {
  const { libraryPath, epollFd, layout, deliver, fail } = host;
  needDescriptors(host);
  let worker: HelperWorker | undefined;
  return {
    start(): void {
      if (worker === undefined) {
        const { Worker } = globalThis as unknown as BunGlobals;
        const source = helperSource(libraryPath, epollFd, layout);
        worker = new Worker("data:text/javascript," + encodeURIComponent(source), {
          type: "module",
          smol: true,
        });
        worker.onmessage = (event) => deliver(event.data, event.data.length / 3);
        worker.onerror = (event) => {
          worker = undefined;
          fail(event.message);
        };
      }
      worker.ref();
    },
    stop(): void {
      worker?.unref();
    },
  };
}

/**
 * Bun, if this is Bun.
 *
 * @returns the runtime, or undefined elsewhere
 */
export function bunRuntime(): Runtime | undefined {
  // getBuiltinModule and not import: no other type checker or bundler sees the name.
  const process = (globalThis as unknown as {
    process?: {
      platform: string;
      arch: string;
      getBuiltinModule?: (name: string) => BunFfi | undefined;
    };
  }).process;
  const ffi = process?.getBuiltinModule?.("bun:ffi");
  if (process === undefined || ffi === undefined) return undefined;
  return {
    name: "bun",
    os: process.platform,
    arch: process.arch,
    copiesByAddress: true,
    open: (path, table) => open(ffi, path, table),
    viewAt: (address, bytes) => ffi.toArrayBuffer(address, 0, bytes),
    addressOf(view) {
      // Small arrays live in the garbage collector's heap until their buffer is asked for: then
      // they move, so ask before taking the address.
      void view.buffer;
      return ffi.ptr(view);
    },
    callback: (args, call) => callback(ffi, args, call),
    createPump,
  };
}
