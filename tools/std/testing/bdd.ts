// `@std/testing/bdd` without JSR: the same functions with the same signatures, over `bun:test` and `Deno.test`.
//
// Both runtimes' own `node:test` came short (nested hooks, skipped suites), so the two native runners are
// used, and what lies between them and the words of the module is ours: see suite.ts.

import { backend, root } from "./backend.ts";
import { type Case, type Flags, type Fn, type HookName, newSuite, type Suite } from "./suite.ts";

/** What `describe` returns; hand it to `describe` or `it` to add to that suite later. */
export interface TestSuite<T> {
  /** The suite's key; its content is the adapter's business. */
  symbol: symbol;
  /** Only there to carry the type of the context. */
  readonly context?: T;
}

/** Options of a test. */
export interface ItDefinition<T> extends Flags {
  name: string;
  suite?: TestSuite<T>;
  fn: (this: T, ...args: unknown[]) => void | Promise<void>;
}

/** Options of a suite. */
export interface DescribeDefinition<T> extends Flags {
  name?: string;
  suite?: TestSuite<T>;
  fn?: () => void | undefined;
  beforeAll?: ((this: T) => void | Promise<void>) | ((this: T) => void | Promise<void>)[];
  afterAll?: ((this: T) => void | Promise<void>) | ((this: T) => void | Promise<void>)[];
  beforeEach?: ((this: T) => void | Promise<void>) | ((this: T) => void | Promise<void>)[];
  afterEach?: ((this: T) => void | Promise<void>) | ((this: T) => void | Promise<void>)[];
}

type TestFn<T> = (this: T, ...args: unknown[]) => void | Promise<void>;

/** Arguments of `it` in every form that the module takes. */
export type ItArgs<T> =
  | [options: ItDefinition<T>]
  | [name: string, options: Omit<ItDefinition<T>, "name">]
  | [name: string, fn: TestFn<T>]
  | [fn: TestFn<T>]
  | [name: string, options: Omit<ItDefinition<T>, "fn" | "name">, fn: TestFn<T>]
  | [options: Omit<ItDefinition<T>, "fn">, fn: TestFn<T>]
  | [options: Omit<ItDefinition<T>, "fn" | "name">, fn: TestFn<T>]
  | [suite: TestSuite<T>, name: string, options: Omit<ItDefinition<T>, "name" | "suite">]
  | [suite: TestSuite<T>, name: string, fn: TestFn<T>]
  | [suite: TestSuite<T>, fn: TestFn<T>]
  | [
    suite: TestSuite<T>,
    name: string,
    options: Omit<ItDefinition<T>, "fn" | "name" | "suite">,
    fn: TestFn<T>,
  ]
  | [suite: TestSuite<T>, options: Omit<ItDefinition<T>, "fn" | "suite">, fn: TestFn<T>];

/** Arguments of `describe` in every form that the module takes. */
export type DescribeArgs<T> =
  | [options: DescribeDefinition<T>]
  | [name: string]
  | [name: string, options: Omit<DescribeDefinition<T>, "name">]
  | [name: string, fn: () => void | undefined]
  | [fn: () => void | undefined]
  | [name: string, options: Omit<DescribeDefinition<T>, "fn" | "name">, fn: () => void | undefined]
  | [options: Omit<DescribeDefinition<T>, "fn">, fn: () => void | undefined]
  | [suite: TestSuite<T>, name: string]
  | [suite: TestSuite<T>, name: string, options: Omit<DescribeDefinition<T>, "name" | "suite">]
  | [suite: TestSuite<T>, name: string, fn: () => void | undefined]
  | [suite: TestSuite<T>, fn: () => void | undefined]
  | [
    suite: TestSuite<T>,
    name: string,
    options: Omit<DescribeDefinition<T>, "fn" | "name" | "suite">,
    fn: () => void | undefined,
  ]
  | [
    suite: TestSuite<T>,
    options: Omit<DescribeDefinition<T>, "fn" | "suite">,
    fn: () => void | undefined,
  ];

/** Type of `it` and its variants. */
export interface it {
  <T>(...args: ItArgs<T>): void;
  only<T>(...args: ItArgs<T>): void;
  ignore<T>(...args: ItArgs<T>): void;
  skip<T>(...args: ItArgs<T>): void;
  todo<T>(...args: ItArgs<T>): void;
}

/** Type of `describe` and its variants. */
export interface describe {
  <T>(...args: DescribeArgs<T>): TestSuite<T>;
  only<T>(...args: DescribeArgs<T>): TestSuite<T>;
  ignore<T>(...args: DescribeArgs<T>): TestSuite<T>;
  skip<T>(...args: DescribeArgs<T>): TestSuite<T>;
  todo<T>(...args: DescribeArgs<T>): TestSuite<T>;
}

const suites = new Map<symbol, Suite>();
let inside: Suite | undefined;

function current(): Suite {
  return inside ?? root();
}

interface Parsed extends Flags {
  name: string;
  suite: Suite;
  fn: Fn | undefined;
  options: Record<string, unknown>;
}

function parse(args: readonly unknown[], extra: Flags): Parsed {
  const rest = [...args];
  let suite: Suite | undefined;
  const first = rest[0];
  if (
    typeof first === "object" && first !== null &&
    typeof (first as TestSuite<unknown>).symbol === "symbol"
  ) {
    suite = suites.get((first as TestSuite<unknown>).symbol);
    rest.shift();
  }
  let name = typeof rest[0] === "string" ? rest.shift() as string : undefined;
  const options = typeof rest[0] === "object" && rest[0] !== null
    ? rest.shift() as Record<string, unknown>
    : {};
  const fn = (typeof rest[0] === "function" ? rest[0] : options.fn) as Fn | undefined;
  name ??= options.name as string | undefined ?? fn?.name ?? "";
  const inOptions = options.suite as TestSuite<unknown> | undefined;
  if (inOptions !== undefined) suite ??= suites.get(inOptions.symbol);
  const flags: Flags = {};
  for (
    const key of [
      "ignore",
      "only",
      "sanitizeOps",
      "sanitizeResources",
      "sanitizeExit",
      "permissions",
    ] as const
  ) {
    const value = extra[key] ?? options[key];
    if (value !== undefined) (flags as Record<string, unknown>)[key] = value;
  }
  return { name, suite: suite ?? current(), fn, options, ...flags };
}

function flagsOf(parsed: Parsed): Flags {
  const { name: _name, suite: _suite, fn: _fn, options: _options, ...flags } = parsed;
  return flags;
}

function addTest(args: readonly unknown[], extra: Flags): void {
  const parsed = parse(args, extra);
  if (parsed.fn === undefined && !parsed.ignore) throw new TypeError("Missing the test's function");
  const test: Case = {
    kind: "case",
    name: parsed.name,
    flags: flagsOf(parsed),
    fn: parsed.fn ?? (() => {}),
    suite: parsed.suite,
  };
  parsed.suite.children.push(test);
  if (parsed.suite === current()) backend.test(test);
  else within(parsed.suite, () => backend.test(test));
}

/** Reopens `suite` from the outside in, so that the runner files what `body` adds under it. */
function within(suite: Suite, body: () => void): void {
  if (suite.parent === undefined) return body();
  within(suite.parent, () => backend.suite(suite, body));
}

function addSuite(args: readonly unknown[], extra: Flags): TestSuite<never> {
  const parsed = parse(args, extra);
  const suite = newSuite(parsed.name, parsed.suite, flagsOf(parsed));
  for (const hook of ["beforeAll", "afterAll", "beforeEach", "afterEach"] as const) {
    const given = parsed.options[hook] as Fn | Fn[] | undefined;
    if (given !== undefined) suite.hooks[hook].push(...(Array.isArray(given) ? given : [given]));
  }
  const handle: TestSuite<never> = { symbol: Symbol(parsed.name) };
  suites.set(handle.symbol, suite);
  parsed.suite.children.push(suite);
  const body = (): void =>
    backend.suite(suite, () => {
      const outer = inside;
      inside = suite;
      try {
        const result = parsed.fn?.();
        if (result instanceof Promise) {
          throw new TypeError(
            `Cannot describe '${parsed.name}' in an async function: make it synchronous`,
          );
        }
      } finally {
        inside = outer;
      }
    });
  if (parsed.suite === current()) body();
  else within(parsed.suite, body);
  return handle;
}

function addHook(hook: HookName, fn: Fn): void {
  current().hooks[hook].push(fn);
}

/** Registers a test. */
export const it: it = Object.assign(
  <T>(...args: ItArgs<T>): void => addTest(args, {}),
  {
    only: <T>(...args: ItArgs<T>): void => addTest(args, { only: true }),
    ignore: <T>(...args: ItArgs<T>): void => addTest(args, { ignore: true }),
    skip: <T>(...args: ItArgs<T>): void => addTest(args, { ignore: true }),
    todo: <T>(...args: ItArgs<T>): void => addTest(args, { ignore: true }),
  },
);

/** Alias of `it`. */
export const test: it = it;

/** Registers a suite of tests. */
export const describe: describe = Object.assign(
  <T>(...args: DescribeArgs<T>): TestSuite<T> => addSuite(args, {}),
  {
    only: <T>(...args: DescribeArgs<T>): TestSuite<T> => addSuite(args, { only: true }),
    ignore: <T>(...args: DescribeArgs<T>): TestSuite<T> => addSuite(args, { ignore: true }),
    skip: <T>(...args: DescribeArgs<T>): TestSuite<T> => addSuite(args, { ignore: true }),
    todo: <T>(...args: DescribeArgs<T>): TestSuite<T> => addSuite(args, { ignore: true }),
  },
);

/** Runs `fn` once before the suite's first test. */
export function beforeAll<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("beforeAll", fn);
}

/** Alias of `beforeAll`. */
export function before<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("beforeAll", fn);
}

/** Runs `fn` once after the suite's last test. */
export function afterAll<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("afterAll", fn);
}

/** Alias of `afterAll`. */
export function after<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("afterAll", fn);
}

/** Runs `fn` before each test of the suite and of those inside it. */
export function beforeEach<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("beforeEach", fn);
}

/** Runs `fn` after each test of the suite and of those inside it. */
export function afterEach<T>(fn: (this: T) => void | Promise<void>): void {
  addHook("afterEach", fn);
}
