/**
 * Modules: code of the user that decides where a switch's frames go, in place of the learning
 * bridge (`netmap_bdg_regops`).
 *
 * A module is code, and code is not in the state image. S_MODULE holds a number; each thread that
 * forwards has a table of its own from numbers to code. The owner's is filled by `setModule`; a
 * Worker fills its own with {@link registerModule}. Frames of a switch whose module a thread lacks
 * are dropped and counted there.
 *
 * @module
 */

import type { DataPath } from "@netmap/engine";
import { NO_PORT, S_MODULE, S_MODULE_ERRORS } from "../layout.ts";
import { forgetModule, keepModule, lastError } from "./module_table.ts";

export { moduleFailed } from "./module_table.ts";

/**
 * A frame, for a module. One object for all frames: keep none of it. Its bytes begin at
 * `u8[at]`; those of the first fragment alone are in a row.
 */
export class LookupView {
  /** The region that the frame is in. */
  u8: Uint8Array = new Uint8Array(0);
  /** The same as 32-bit words. */
  i32: Int32Array = new Int32Array(0);
  /** Byte at which the frame begins: its destination address. */
  at = 0;
  /** Bytes of the frame in its first fragment, at least 14. */
  length = 0;
  /** Bytes of the packet: all fragments, with their virtio-net header. */
  packetLength = 0;
  /** `flags` of the first slot: the upper byte (`NS_PORT_MASK`) is for the module. */
  flags = 0;
  /** Number of the port that sent it. */
  port = 0;
  /** The ring that it was sent on. A module that writes it chooses the receiver's ring. */
  ring = 0;
  /** The module's own, as it was registered. */
  privateData: unknown = undefined;
}

/**
 * Frames of a batch, for a module that looks at all of them at once. One object for all batches:
 * keep none of it. Frame `n` of `count` begins at byte `at[n]`; the module writes `dst[n]`, and
 * `ring[n]` if it wants another ring than the one it was sent on.
 */
export class LookupBatch {
  /** The region that the frames are in. */
  u8: Uint8Array = new Uint8Array(0);
  /** The same as 32-bit words. */
  i32: Int32Array = new Int32Array(0);
  /** Frames. */
  count = 0;
  /** Number of the port that sent them. */
  port = 0;
  /** The ring that they were sent on. */
  sourceRing = 0;
  /** Byte at which each begins. */
  readonly at: Uint32Array;
  /** Bytes of each in its first fragment, at least 14. */
  readonly length: Int32Array;
  /** `flags` of its first slot. */
  readonly flags: Int32Array;
  /** Where it goes: a port, BROADCAST or NO_PORT, which is what stands there before. */
  readonly dst: Int32Array;
  /** Ring of the receiver. */
  readonly ring: Int32Array;
  /** The module's own, as it was registered. */
  privateData: unknown = undefined;

  /** Room for a batch. @param most frames that it has room for */
  constructor(most: number) {
    this.at = new Uint32Array(most);
    this.length = new Int32Array(most);
    this.flags = new Int32Array(most);
    this.dst = new Int32Array(most).fill(NO_PORT);
    this.ring = new Int32Array(most);
  }
}

/** What a module does for a switch. */
export interface SwitchModule {
  /**
   * Decides where a frame goes.
   *
   * @returns the number of a port, BROADCAST, or NO_PORT to drop it (so does any other value, and the
   *   sender's own number)
   */
  lookup?(view: LookupView): number;
  /** The same for all frames of a batch; taken in place of `lookup` where both are there. */
  lookupBatch?(batch: LookupBatch): void;
  /** A port leaves the switch. */
  dtor?(index: number, switchName: string): void;
  /** Handed to every call. */
  readonly privateData?: unknown;
}

let lastId = 0;

/**
 * Gives a switch its module, or takes it away. The owner calls it while nobody forwards; `regops` is
 * what users call.
 *
 * @param dp the owner's view of the image
 * @param s the switch's record
 * @param module the module; null for the learning bridge
 * @returns the module's number, 0 for none: what a Worker passes to {@link registerModule}
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { S_MODULE, setModule, vale, V_SWITCH } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using port = openPort(engine.device, "vale0:a");
 * const { state } = engine.dp;
 * const s = state[engine.ports.get(port.name)!.port + V_SWITCH];
 * console.log(setModule(engine.dp, s, { lookup: () => 1 }) === state[s + S_MODULE]); // true
 * ```
 */
export function setModule(dp: DataPath, s: number, module: SwitchModule | null): number {
  const { state } = dp;
  forgetModule(dp, state[s + S_MODULE]);
  const decides = module?.lookup !== undefined || module?.lookupBatch !== undefined;
  const id = decides ? ++lastId : 0;
  if (decides) keepModule(dp, id, module!);
  state[s + S_MODULE_ERRORS] = 0;
  Atomics.store(state, s + S_MODULE, id);
  return id;
}

/**
 * Gives this thread the code of a module: in a Worker that forwards, after `DataPath.attach`.
 *
 * @param dp this thread's view of the image
 * @param id what {@link setModule} returned in the owner
 * @param module the same module as there
 *
 * @example
 * ```ts
 * import { createEngine, DataPath } from "@netmap/engine";
 * import { registerModule, vale, valeKind } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using dp = DataPath.attach(engine.imageHandle, [valeKind]); // in a Worker
 * registerModule(dp, 1, { lookup: () => 2 });
 * ```
 */
export function registerModule(dp: DataPath, id: number, module: SwitchModule): void {
  keepModule(dp, id, module);
}

/**
 * What a switch's module threw last in this thread; the frames were dropped and counted.
 *
 * @param dp this thread's view of the image
 * @param s the switch's record
 * @returns undefined when nothing was thrown
 *
 * @example
 * ```ts
 * import { openPort } from "@netmap/core";
 * import { createEngine } from "@netmap/engine";
 * import { lastModuleError, regops, vale, V_SWITCH } from "@netmap/vale";
 * using engine = createEngine({ features: [vale()] });
 * using port = openPort(engine.device, "vale0:a");
 * regops(engine, "vale0:", { lookup: () => { throw new Error("no"); } });
 * port.send([new Uint8Array(60)]);
 * const s = engine.dp.state[engine.ports.get(port.name)!.port + V_SWITCH];
 * console.log(lastModuleError(engine.dp, s)); // Error: no
 * ```
 */
export function lastModuleError(dp: DataPath, s: number): unknown {
  return lastError(dp, dp.state[s + S_MODULE]);
}
