// What a described suite is, and how one test of it runs: the part of the adapter that Bun and Deno share.
//
//   root ── describe ── describe ── it          beforeAll   once, before the suite's first test
//            hooks       hooks       fn          beforeEach  outermost suite first
//                                                afterEach   innermost suite first
//
// `this` in hooks and tests is a plain object: what beforeAll puts there every test of the suite sees,
// what beforeEach or a test puts there only that test sees.

/** A hook or a test: `this` is the context of the suite or of the test. */
// deno-lint-ignore no-explicit-any
export type Fn = (this: any, ...args: any[]) => unknown;

export type HookName = "beforeAll" | "afterAll" | "beforeEach" | "afterEach";

/** Flags of a suite or test, as `@std/testing/bdd` names them. */
export interface Flags {
  ignore?: boolean;
  only?: boolean;
  sanitizeOps?: boolean;
  sanitizeResources?: boolean;
  sanitizeExit?: boolean;
  permissions?: unknown;
}

export interface Case {
  readonly kind: "case";
  readonly name: string;
  readonly flags: Flags;
  readonly fn: Fn;
  readonly suite: Suite;
}

export interface Suite {
  readonly kind: "suite";
  readonly name: string;
  readonly flags: Flags;
  readonly parent: Suite | undefined;
  readonly children: (Suite | Case)[];
  readonly hooks: Record<HookName, Fn[]>;
  context: Record<string, unknown>;
  /** Settles when the beforeAll hooks have run; each test awaits it, so that a failure there fails each test. */
  started: Promise<void> | undefined;
}

export function newSuite(name: string, parent: Suite | undefined, flags: Flags): Suite {
  return {
    kind: "suite",
    name,
    flags,
    parent,
    children: [],
    hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
    context: {},
    started: undefined,
  };
}

/** Runs the beforeAll hooks of `suite` and of those around it, once. */
export function startSuite(suite: Suite): Promise<void> {
  suite.started ??= (async () => {
    if (suite.parent !== undefined) {
      await startSuite(suite.parent);
      suite.context = { ...suite.parent.context };
    }
    for (const hook of suite.hooks.beforeAll) await hook.call(suite.context);
  })();
  return suite.started;
}

/** Runs the afterAll hooks of `suite` if one of its tests was started. */
export async function endSuite(suite: Suite): Promise<void> {
  if (suite.started === undefined) return;
  for (const hook of suite.hooks.afterAll) await hook.call(suite.context);
}

/** Runs one test with the hooks around it. Rejects with what failed; with an AggregateError when more did. */
export async function runCase(test: Case, args: unknown[]): Promise<void> {
  await startSuite(test.suite);
  const context = { ...test.suite.context };
  const inward: Suite[] = [];
  for (let s: Suite | undefined = test.suite; s !== undefined; s = s.parent) inward.unshift(s);
  const errors: unknown[] = [];
  try {
    for (const s of inward) for (const hook of s.hooks.beforeEach) await hook.call(context);
    await test.fn.apply(context, args);
  } catch (error) {
    errors.push(error);
  }
  for (const s of inward.reverse()) {
    for (const hook of s.hooks.afterEach) {
      try {
        await hook.call(context);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  if (errors.length > 1) {
    throw new AggregateError(errors, `${test.name}: the test and a hook failed`);
  }
  if (errors.length === 1) throw errors[0];
}
