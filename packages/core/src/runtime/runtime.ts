/**
 * What the two runtimes must give: foreign calls, memory at an address, a way to wait for
 * descriptors. Everything else in the project is the same on both.
 *
 * @module
 */

import type { CallbackType, Ffi, FfiTable, Libc } from "./symbols.ts";

/** How `struct epoll_event` lies in 32-bit words: packed on x86-64, padded elsewhere. */
export interface EpollLayout {
  /** Words from one event to the next. */
  readonly words: number;
  /** Word where the caller's 64 bits begin; the events are word 0. */
  readonly dataWord: number;
}

/**
 * Takes ready descriptors: `count` triples of the low word, the high word (both as the caller put
 * them into the epoll event's data) and the events.
 */
export type Deliver = (ready: ArrayLike<number>, count: number) => void;

/** What a pump works with. */
export interface PumpHost {
  /** libc, for calls of the isolate's own thread. */
  readonly libc: Libc;
  /** Where libc is, for another thread. */
  readonly libraryPath: string;
  /** The epoll descriptor to read. */
  readonly epollFd: number;
  /** Shape of its events. */
  readonly layout: EpollLayout;
  /** Throws for a call that failed. */
  readonly check: (result: number, what: string) => number;
  /** Takes what is ready. */
  readonly deliver: Deliver;
  /** Learns that nothing will be delivered any more. */
  readonly fail: (cause: unknown) => void;
}

/** Reads an epoll descriptor for an isolate without blocking it. */
export interface EventPump {
  /** Somebody waits: deliver, and keep the process alive. Starting twice is harmless. */
  start(): void;
  /** Nobody waits any more: the process may end. */
  stop(): void;
}

/** A function of the isolate's that C can call. */
export interface NativeCallback {
  /** What C takes for the function's address; of no use after close. */
  readonly address: number;
  /** Ends it. C must have forgotten the address before. */
  close(): void;
}

/** A JavaScript runtime with foreign calls. */
export interface Runtime {
  /** Which one. */
  readonly name: "bun" | "deno";
  /** The system, as Node names it: `linux`, `freebsd`, `darwin`. */
  readonly os: string;
  /** The machine, as Node names it: `x64`, `arm64`. */
  readonly arch: string;
  /**
   * True where `memmove` by address beats `Uint8Array.copyWithin` for long copies; measured in
   * `sys/copy.ts`.
   */
  readonly copiesByAddress: boolean;
  /**
   * Opens a library.
   *
   * @param path what dlopen takes
   * @param table its functions; rows for other systems are left out
   * @returns the functions, callable
   * @throws whatever the runtime throws: `sys/libc.ts` makes a sentence of it
   */
  open<T extends FfiTable>(path: string, table: T): Ffi<T>;
  /**
   * Memory that is not the runtime's own, without a copy. Nobody frees it.
   *
   * @param address first byte
   * @param bytes length
   */
  viewAt(address: number, bytes: number): ArrayBuffer;
  /**
   * The address of a view's first byte, for structures with pointers in them. It stays valid as
   * long as the view is reachable and not detached.
   *
   * @param view where to point
   */
  addressOf(view: ArrayBufferView): number;
  /**
   * Lets C call a function that returns nothing: on this isolate's thread alone, within a foreign
   * call.
   *
   * @param args types of its arguments
   * @param call the function; it must not throw
   */
  callback(args: readonly CallbackType[], call: (...args: number[]) => void): NativeCallback;
  /** Makes a pump, which does nothing before its start. */
  createPump(host: PumpHost): EventPump;
}

/** Events that one look at an epoll descriptor takes at most. */
export const PUMP_EVENTS = 64;
