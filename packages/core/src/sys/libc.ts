/**
 * libc and errno: opened at the first call, so that importing the package costs nothing.
 *
 * @module
 */

import { EINTR, ENOSYS, errnoFromOs, errnoName } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { runtime } from "../runtime/pick.ts";
import { type FfiRow, type FfiTable, LIBC, type Libc } from "../runtime/symbols.ts";
import { constants } from "./constants.ts";
import { deniedError } from "./denied.ts";

let opened: Libc | undefined;
let errnoWord: Int32Array;
let libraryPath = "";
let translate = false;

/** The functions that this system has; what it lacks becomes a call that says so. */
function tableFor(os: string, errnoSymbol: string): { table: FfiTable; missing: string[] } {
  const table: Record<string, FfiRow> = {};
  const missing: string[] = [];
  for (const [name, row] of Object.entries(LIBC) as [string, FfiRow][]) {
    if (row.on !== undefined && row.on !== os) missing.push(name);
    else if (name === "errnoLocation") table[name] = { ...row, symbol: errnoSymbol };
    else table[name] = row;
  }
  return { table, missing };
}

function openLibc(): Libc {
  const { os, libraries, errnoSymbol } = constants();
  const { table, missing } = tableFor(os, errnoSymbol);
  let cause: unknown;
  for (const path of libraries) {
    try {
      const functions: Record<string, unknown> = { ...runtime().open(path, table) };
      for (const name of missing) {
        functions[name] = (): never => {
          throw new NetmapError(ENOSYS, `Cannot call '${name}' as '${os}' does not have it`);
        };
      }
      libraryPath = path;
      translate = os !== "linux";
      const libc = functions as unknown as Libc;
      // errno stays where it is for a thread, and an isolate stays on its thread: so one view of
      // the word is all it takes, and no second foreign call can change it before it is read.
      errnoWord = new Int32Array(runtime().viewAt(libc.errnoLocation(), 4));
      return libc;
    } catch (error) {
      const denied = deniedError(error, path);
      if (denied) throw denied;
      cause ??= error;
    }
  }
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  throw new NetmapError(
    ENOSYS,
    `Cannot open libc as none of ${
      libraries.map((path) => `'${path}'`).join(", ")
    } can be used${reason}`,
    { cause },
  );
}

/**
 * The C library.
 *
 * @returns its functions, by the names of the table in `runtime/symbols.ts`
 * @throws {NetmapError} EPERM in Deno without `--allow-ffi`; ENOSYS where there is no libc that
 *   can be used
 *
 * @example
 * ```ts
 * import { libc } from "@netmap/core";
 * console.log(libc().getpid());
 * ```
 */
export function libc(): Libc {
  return opened ??= openLibc();
}

/**
 * Where libc was found, for a thread that opens it again.
 *
 * @returns what dlopen took
 */
export function libcPath(): string {
  libc();
  return libraryPath;
}

/**
 * The error number that this thread's last failed call left. Read it before the next call.
 *
 * @returns one of the constants of `errno.ts`
 *
 * @example
 * ```ts
 * import { EBADF, errno, libc } from "@netmap/core";
 * if (libc().close(-1) === -1) console.log(errno() === EBADF); // true
 * ```
 */
export function errno(): number {
  if (opened === undefined) libc();
  const value = errnoWord[0];
  return translate ? errnoFromOs(value, constants().os) : value;
}

/**
 * Does something in the middle of a foreign call, and leaves errno as the caller has it.
 *
 * @param action what may call libc
 * @returns what the action returned
 */
export function keepErrno<T>(action: () => T): T {
  libc();
  const value = errnoWord[0];
  try {
    return action();
  } finally {
    errnoWord[0] = value;
  }
}

/**
 * Makes an error of a call that failed.
 *
 * @param result what the call returned
 * @param what the call as the user should read it: `open '/dev/netmap'`
 * @returns the result, if it is not -1
 * @throws {NetmapError} with the call's errno
 *
 * @example
 * ```ts
 * import { check, libc } from "@netmap/core";
 * const fd = check(libc().dup(0), "dup of descriptor '0'");
 * libc().close(fd);
 * ```
 */
export function check(result: number, what: string): number {
  if (result === -1) throw failure(errno(), what);
  return result;
}

/**
 * The error of a call that failed.
 *
 * @param number its errno
 * @param what the call as the user should read it
 * @returns the error, to be thrown
 */
export function failure(number: number, what: string): NetmapError {
  return new NetmapError(number, `Cannot ${what}: ${errnoName(number)}`);
}

/**
 * Calls again as long as signals interrupt it.
 *
 * @param call what returns -1 and leaves EINTR in errno
 * @returns the first result that is not an interruption
 */
export function retry(call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1 || errno() !== EINTR) return result;
  }
}
