/**
 * The modules that this thread has the code of, and what they threw last.
 *
 * @module
 */

import { EINVAL, NetmapError } from "@netmap/core";
import type { DataPath } from "@netmap/engine";
import { S_MODULE_ERRORS } from "../layout.ts";
import type { SwitchModule } from "./module.ts";

const tables: WeakMap<DataPath, Map<number, SwitchModule>> = new WeakMap();
const errors: WeakMap<DataPath, Map<number, unknown>> = new WeakMap();

function put<T>(all: WeakMap<DataPath, Map<number, T>>, dp: DataPath, id: number, value: T): void {
  let table = all.get(dp);
  if (table === undefined) all.set(dp, table = new Map());
  table.set(id, value);
}

/** Keeps the code of a module. */
export function keepModule(dp: DataPath, id: number, module: SwitchModule): void {
  put(tables, dp, id, module);
}

/** Forgets a module and what it threw. */
export function forgetModule(dp: DataPath, id: number): void {
  tables.get(dp)?.delete(id);
  errors.get(dp)?.delete(id);
}

/** The code of a module in this thread; undefined where it was not registered. */
export function moduleOf(dp: DataPath, id: number): SwitchModule | undefined {
  return tables.get(dp)?.get(id);
}

/**
 * Notes that a switch's module threw, for `lastModuleError`.
 *
 * @param dp this thread's view of the image
 * @param s the switch's record
 * @param id the module's number
 * @param error what it threw
 */
export function moduleFailed(dp: DataPath, s: number, id: number, error: unknown): void {
  Atomics.add(dp.state, s + S_MODULE_ERRORS, 1);
  put(errors, dp, id, error);
}

/** Notes that this thread lacks the code of a switch's module. */
export function moduleMissing(dp: DataPath, s: number, id: number): void {
  if (errors.get(dp)?.has(id)) return;
  moduleFailed(
    dp,
    s,
    id,
    new NetmapError(
      EINVAL,
      `Cannot forward in this thread as it lacks the code of module ${id}: ` +
        "call registerModule() after DataPath.attach()",
    ),
  );
}

/** What a module threw last in this thread. */
export function lastError(dp: DataPath, id: number): unknown {
  return errors.get(dp)?.get(id);
}
