import type { RuntimeName } from "./runtimes.ts";
import type { FileResult } from "./test_file.ts";

/** How many tests came to what. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Counts the tests of some files; a file that crashed or hung is one failure of its own. */
export function tallyOf(results: readonly FileResult[]): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    for (const test of result.tests) tally[test.status]++;
    if (result.problem !== "") tally.failed++;
  }
  return tally;
}

/** The end of a run's output: skipped tests with their reasons, failed tests, a line a runtime, the sum. */
export function summaryOf(
  results: readonly FileResult[],
  runtimes: readonly RuntimeName[],
): string {
  const lines: string[] = [];
  const skipped = results.flatMap((file) =>
    file.tests.filter((test) => test.status === "skipped").map((test) =>
      `  ${file.runtime.padEnd(4)} ${file.path}: ${test.name}: ${test.reason}`
    )
  );
  if (skipped.length > 0) lines.push("", "Skipped:", ...skipped);
  const failed = results.flatMap((file) => [
    ...file.tests.filter((test) => test.status === "failed").map((test) =>
      `  ${file.runtime.padEnd(4)} ${file.path}: ${test.name}`
    ),
    ...(file.problem === "" ? [] : [`  ${file.runtime.padEnd(4)} ${file.path} ${file.problem}`]),
  ]);
  if (failed.length > 0) lines.push("", "Failed:", ...failed);
  lines.push("");
  for (const runtime of runtimes) {
    const own = results.filter((result) => result.runtime === runtime);
    const seconds = own.reduce((sum, result) => sum + result.seconds, 0);
    lines.push(
      `${runtime.padEnd(4)}: ${sentence(tallyOf(own))} in ${own.length} files, ${
        seconds.toFixed(1)
      } s`,
    );
  }
  lines.push(sentence(tallyOf(results)));
  return lines.join("\n");
}

function sentence(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}
