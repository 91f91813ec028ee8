/**
 * A context of libnetmap (`struct nmctx`) of our own: errors come here as text, and all ports that
 * are opened with it share their regions.
 *
 * The library allocates, frees and locks as it does by default: those functions are taken from the
 * context that was there first. The default context is the process's, and not the thread's: it is
 * ours only for as long as one of our calls takes.
 *
 * @module
 */

import { structAssign, structView } from "../abi/struct_view.ts";
import { EIO, errnoName } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import type { NativeCallback } from "../runtime/runtime.ts";
import { errno, keepErrno } from "../sys/libc.ts";
import { NMCTX } from "./layout.ts";
import { readCString, readStruct } from "./native.ts";
import type { LibnetmapCalls } from "./symbols.ts";

/** Our context. */
export class NmContext {
  /** Where it is. */
  readonly address: number;
  // C points to these bytes: they must stay reachable, and so where they are.
  readonly #bytes: Uint8Array = new Uint8Array(NMCTX.size);
  readonly #calls: LibnetmapCalls;
  readonly #callback: NativeCallback;
  #messages: string[] = [];

  /**
   * Makes a context.
   *
   * @param calls the library
   * @param onError told every error's text too; what it throws is lost
   */
  constructor(calls: LibnetmapCalls, onError: (message: string) => void = () => {}) {
    this.#calls = calls;
    this.#callback = runtime().callback(
      ["usize", "usize"],
      (_ctx, text) => keepErrno(() => this.#take(text, onError)),
    );
    const { malloc, free, lock } = readStruct(NMCTX, calls.nmctx_get());
    const view = structView(NMCTX, this.#bytes);
    structAssign(NMCTX, view, { verbose: 1, error: this.#callback.address, malloc, free, lock });
    this.address = runtime().addressOf(this.#bytes);
  }

  /** Address of the list of regions; 0 when no port is open. */
  get regions(): number {
    return structView(NMCTX, this.#bytes).memDescs;
  }

  /**
   * Makes a call with this context as the default one.
   *
   * @param what the call as the user should read it: `open 'netmap:eth0'`
   * @param call returns what `isGood` then judges
   * @param isGood whether it succeeded
   * @param port the port that it is about
   * @returns what the call returned
   * @throws {NetmapError} with the call's errno and the library's own words
   */
  run(
    what: string,
    call: () => number,
    isGood: (result: number) => boolean,
    port?: string,
  ): number {
    this.#messages = [];
    const previous = this.#calls.nmctx_set_default(this.address);
    let result: number;
    let number: number;
    try {
      result = call();
      number = errno();
    } finally {
      this.#calls.nmctx_set_default(previous);
    }
    if (isGood(result)) return result;
    const said = this.#messages.length > 0
      ? `libnetmap says '${this.#messages.join("; ")}'`
      : "libnetmap gives no reason";
    // Where the library fails without an errno, that is what it is.
    number = number === 0 ? EIO : number;
    throw new NetmapError(number, `Cannot ${what} as ${said} (${errnoName(number)})`, { port });
  }

  /** Ends the callback. No port of the context may be left. */
  close(): void {
    this.#callback.close();
  }

  #take(text: number, onError: (message: string) => void): void {
    try {
      const message = readCString(text);
      this.#messages.push(message);
      onError(message);
    } catch {
      // An exception must not pass through C.
    }
  }
}
