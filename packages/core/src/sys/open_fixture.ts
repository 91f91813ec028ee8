/** A child of `libc_test.ts`: says what the first call into libc ends in. */

import { NetmapError } from "../errors.ts";
import { libc } from "./mod.ts";

function firstCall(): unknown {
  try {
    return { pid: libc().getpid() > 0 };
  } catch (error) {
    if (!(error instanceof NetmapError)) throw error;
    return { errno: error.errno, message: error.message };
  }
}

const importOnly = (globalThis as unknown as { process?: { argv: string[] } }).process?.argv
  .includes("import-only");
console.log(JSON.stringify(importOnly ? "imported" : firstCall()));
