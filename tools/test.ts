// `npm test`: every *_test.ts on Bun, then on Deno. Prints a line for each file, the whole output of a file
// that failed, each skipped test with its reason, a line for each runtime, and last of all
// `N passed, N failed, N skipped` over both. Ends with status 1 when a test failed or none ran.

import process from "node:process";
import { listFiles } from "./lib/files.ts";
import { ROOT } from "./lib/root.ts";
import { RUNTIMES, takeRuntimes } from "./lib/runtimes.ts";
import { paint, plain } from "./lib/terminal.ts";
import { type FileResult, runTestFile } from "./lib/test_file.ts";
import { summaryOf, tallyOf } from "./lib/tally.ts";

const USAGE = `npm test -- [--runtime bun|deno] [--timeout SECONDS] [--jobs N] [PATH...]

Runs every *_test.ts on Bun, then on Deno. PATH picks the files whose path contains it.
--timeout   bound on one file, 120 s by default; what runs longer is killed and counts as failed
--jobs      files at a time, 1 by default: tests of waiting and of network interfaces want the machine for themselves
`;

interface Options {
  readonly runtimes: readonly ("bun" | "deno")[];
  readonly paths: readonly string[];
  readonly timeoutMs: number;
  readonly jobs: number;
}

function parse(args: readonly string[]): Options {
  const { runtimes, rest } = takeRuntimes(args);
  const paths: string[] = [];
  const numbers = { timeout: 120, jobs: 1 };
  for (let i = 0; i < rest.length; i++) {
    const match = /^--(timeout|jobs)(?:=(.*))?$/.exec(rest[i]!);
    if (match !== null) {
      const value = Number(match[2] ?? rest[++i]);
      if (!(value > 0)) {
        throw new Error(`Cannot read '${rest[i]}': '--${match[1]}' takes a positive number`);
      }
      numbers[match[1] as "timeout" | "jobs"] = value;
    } else if (rest[i]!.startsWith("-")) throw new Error(`Unknown option '${rest[i]}'\n\n${USAGE}`);
    else paths.push(rest[i]!.replace(/^\.\//, ""));
  }
  return { runtimes, paths, timeoutMs: numbers.timeout * 1000, jobs: Math.floor(numbers.jobs) };
}

function report(result: FileResult): void {
  const tally = tallyOf([result]);
  const failed = tally.failed > 0;
  const mark = failed ? paint(31, "FAIL") : paint(32, "ok  ");
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
  const wrong = failed ? `, ${tally.failed} failed` : "";
  const time = paint(2, `(${result.seconds.toFixed(1)} s)`);
  console.log(
    `${mark} ${
      result.runtime.padEnd(4)
    } ${result.path}: ${tally.passed} passed${wrong}${skipped} ${time}`,
  );
  if (!failed) return;
  console.log(plain(result.output).replace(/^/gm, "  | ").trimEnd());
  if (result.problem !== "") console.log(`  ${result.path} ${result.problem}`);
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const options = parse(args);
  const picked = (path: string): boolean =>
    options.paths.length === 0 || options.paths.some((filter) => path.includes(filter));
  const files = listFiles(ROOT, (path) => path.endsWith("_test.ts") && picked(path));
  const results: FileResult[] = [];
  for (const runtime of RUNTIMES) {
    if (!options.runtimes.includes(runtime)) continue;
    const queue = [...files];
    const worker = async (): Promise<void> => {
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        const result = await runTestFile(runtime, path, {
          root: ROOT,
          timeoutMs: options.timeoutMs,
        });
        report(result);
        results.push(result);
      }
    };
    await Promise.all(Array.from({ length: options.jobs }, worker));
  }
  console.log(summaryOf(results, options.runtimes));
  const { passed, failed } = tallyOf(results);
  return failed > 0 || passed === 0 ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
