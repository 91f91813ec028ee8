// `npm run bench`: bench/main.ts on Bun, then on Deno, with all arguments passed on but `--runtime bun|deno`,
// which picks one. Prints nothing of its own: with `--json` every line of stdout is the bench's.

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { run } from "./lib/process.ts";
import { ROOT } from "./lib/root.ts";
import { programOf, QUIET_ENV, takeRuntimes } from "./lib/runtimes.ts";

async function main(args: readonly string[]): Promise<number> {
  const { runtimes, rest } = takeRuntimes(args);
  const script = join(ROOT, "bench/main.ts");
  if (!existsSync(script)) throw new Error(`Cannot run the benches as there is no '${script}'`);
  let status = 0;
  for (const runtime of runtimes) {
    const prefix = runtime === "deno" ? ["run", "-A"] : ["--no-install"];
    const ended = await run(programOf(runtime), [...prefix, script, ...rest], {
      env: QUIET_ENV,
      inherit: true,
    });
    status ||= ended.status;
  }
  return status;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
