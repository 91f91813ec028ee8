// Runs one test file on one runtime, in a process of its own: a crash or a hang ends that file, not the run.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseBunJunit, parseDenoJunit, type TestResult } from "./junit.ts";
import { run } from "./process.ts";
import { programOf, QUIET_ENV, type RuntimeName } from "./runtimes.ts";

/** What one test file came to. */
export interface FileResult {
  readonly runtime: RuntimeName;
  readonly path: string;
  readonly tests: readonly TestResult[];
  /** A failure of the file itself (crash, hang, error while loading); "" when there is none. It counts as one. */
  readonly problem: string;
  readonly output: string;
  readonly seconds: number;
}

/** Milliseconds that one test may take on Bun, whose own limit is 5 s. */
const TEST_TIMEOUT_MS = 60_000;

/**
 * Runs a test file.
 *
 * @param runtime The runtime to run it on.
 * @param path The file, relative to `root`.
 * @param options `root`: folder to run in; `timeoutMs`: bound on the whole file, after which it is killed.
 */
export async function runTestFile(
  runtime: RuntimeName,
  path: string,
  options: { readonly root: string; readonly timeoutMs: number },
): Promise<FileResult> {
  const folder = mkdtempSync(join(tmpdir(), "netmap-test-"));
  const report = join(folder, "junit.xml");
  const args = runtime === "bun"
    ? [
      "--no-install",
      "test",
      `--timeout=${TEST_TIMEOUT_MS}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      `./${path}`,
    ]
    // Types are a check of their own (`npm run ok`).
    : ["test", "-A", "--no-check", `--junit-path=${report}`, path];
  try {
    const ended = await run(programOf(runtime), args, {
      cwd: options.root,
      env: QUIET_ENV,
      timeoutMs: options.timeoutMs,
    });
    const tests = readReport(runtime, report);
    const base = {
      runtime,
      path,
      tests: tests ?? [],
      output: ended.output,
      seconds: ended.seconds,
    };
    return { ...base, problem: problemOf(ended, tests, options.timeoutMs) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(runtime: RuntimeName, report: string): TestResult[] | undefined {
  let xml: string;
  try {
    xml = readFileSync(report, "utf8");
  } catch {
    return undefined;
  }
  return runtime === "bun" ? parseBunJunit(xml) : parseDenoJunit(xml);
}

function problemOf(
  ended: { readonly status: number; readonly timedOut: boolean },
  tests: readonly TestResult[] | undefined,
  timeoutMs: number,
): string {
  if (ended.timedOut) return `still ran after ${timeoutMs / 1000} s and was killed`;
  if (tests === undefined) return `ended with status ${ended.status} before it wrote a report`;
  if (tests.length === 0) return `has no tests (status ${ended.status})`;
  const failed = tests.some((test) => test.status === "failed");
  if (ended.status !== 0 && !failed) {
    return `ended with status ${ended.status} though no test failed`;
  }
  return "";
}
