// How suites and tests are handed to the test runner of the runtime that loaded this file.

import { type Case, endSuite, type Flags, newSuite, runCase, type Suite } from "./suite.ts";

/** A runner: it is told of each suite and test while the test file loads. */
export interface Backend {
  /** Is told of the file's outermost suite before all else. */
  root(suite: Suite): void;
  /** Opens a suite, calls `body` inside it. */
  suite(suite: Suite, body: () => void): void;
  /** Adds a test to its suite. */
  test(test: Case): void;
}

/** Milliseconds for one test under Bun, whose own limit of 5 s is too short for a million packets on a busy machine. */
const BUN_TEST_TIMEOUT_MS = 60_000;

interface BunTest {
  describe: ((name: string, body: () => void) => void) & Variants;
  test: ((name: string, fn: () => unknown, timeout?: number) => void) & Variants;
  afterAll(fn: () => unknown): void;
}
interface Variants {
  skip(name: string, fn: () => unknown, timeout?: number): void;
  only(name: string, fn: () => unknown, timeout?: number): void;
}

interface DenoTestContext {
  step(definition: Record<string, unknown>): Promise<boolean>;
}
interface DenoTest {
  test: ((definition: Record<string, unknown>) => void) & { afterAll?(fn: () => unknown): void };
}

function bunBackend(bun: BunTest): Backend {
  // `it(suite, ...)` may reopen a suite: its afterAll hooks run when the last block of it closes.
  const open = new Map<Suite, number>();
  const variant = <F extends Variants>(f: F, flags: Flags): F =>
    (flags.ignore ? f.skip : flags.only ? f.only : f) as F;
  return {
    root: (suite): void => bun.afterAll(() => endSuite(suite)),
    suite(suite, body): void {
      open.set(suite, (open.get(suite) ?? 0) + 1);
      variant(bun.describe, suite.flags)(suite.name, () => {
        body();
        // In a skipped suite Bun counts the hook as one more skipped test.
        if (isIgnored(suite)) return;
        bun.afterAll(async () => {
          const left = open.get(suite)! - 1;
          open.set(suite, left);
          if (left === 0) await endSuite(suite);
        });
      });
    },
    test(test): void {
      // No parameter: Bun takes a test with one for a test that calls `done`.
      variant(bun.test, test.flags)(test.name, () => runCase(test, []), BUN_TEST_TIMEOUT_MS);
    },
  };
}

function denoBackend(deno: DenoTest): Backend {
  const registered = new Set<Suite>();
  const definition = (item: Suite | Case): Record<string, unknown> => ({
    name: item.name,
    // FFI, Workers and sockets of a suite outlive single tests by design; leaks have tests of their own.
    sanitizeOps: item.flags.sanitizeOps ?? false,
    sanitizeResources: item.flags.sanitizeResources ?? false,
    sanitizeExit: item.flags.sanitizeExit ?? true,
    // A skipped suite is entered to skip each of its tests, so that both runtimes count the same.
    ignore: item.kind === "case" && isIgnored(item),
  });
  const run = async (item: Suite | Case, t: DenoTestContext): Promise<void> => {
    if (item.kind === "case") return await runCase(item, [t]);
    const only = item.children.some(hasOnly);
    try {
      for (const child of item.children) {
        const step = definition(child);
        if (only && !hasOnly(child)) step.ignore = true;
        await t.step({ ...step, fn: (t: DenoTestContext) => run(child, t) });
      }
    } finally {
      await endSuite(item);
    }
  };
  const top = (item: Suite | Case): void =>
    deno.test({
      ...definition(item),
      only: hasOnly(item),
      ...(item.flags.permissions === undefined ? {} : { permissions: item.flags.permissions }),
      fn: (t: DenoTestContext) => run(item, t),
    });
  return {
    root: (suite): void => deno.test.afterAll?.(() => endSuite(suite)),
    suite(suite, body): void {
      body();
      if (suite.parent !== root() || registered.has(suite)) return;
      registered.add(suite);
      top(suite);
    },
    test(test): void {
      if (test.suite === root()) top(test);
    },
  };
}

function isIgnored(item: Suite | Case): boolean {
  if (item.flags.ignore === true) return true;
  const around = item.kind === "case" ? item.suite : item.parent;
  return around !== undefined && isIgnored(around);
}

function hasOnly(item: Suite | Case): boolean {
  return item.flags.only === true || (item.kind === "suite" && item.children.some(hasOnly));
}

const roots = new Map<string, Suite>();

/** The suite outside of every `describe` of the file that loads now: Bun may load many with one copy of this module. */
export function root(): Suite {
  const file = (globalThis as { Bun?: { main: string } }).Bun?.main ?? "";
  let suite = roots.get(file);
  if (suite === undefined) {
    suite = newSuite("", undefined, {});
    roots.set(file, suite);
    backend.root(suite);
  }
  return suite;
}

/** The runner of this runtime. */
export const backend: Backend = await pick();

async function pick(): Promise<Backend> {
  const scope = globalThis as unknown as { Bun?: unknown; Deno?: DenoTest };
  if (scope.Bun !== undefined) {
    // A computed name, as Deno does not know the module.
    const name: string = "bun:test";
    return bunBackend(await import(name) as BunTest);
  }
  if (scope.Deno !== undefined) return denoBackend(scope.Deno);
  throw new Error(
    "Cannot register tests in this runtime as it is neither Bun nor Deno: run 'bun test' or 'deno test'",
  );
}
