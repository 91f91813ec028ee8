// Reads the JUnit XML that `bun test` and `deno test` write, into one list of tests.
//
// The two differ: Bun nests a <testsuite> for each describe; Deno writes a flat list in which a suite is a
// <testcase> of its own, "outer", beside its tests, "outer > inner". Only tests are kept, so that both count alike.

/** One test of a report. */
export interface TestResult {
  /** Names of the suites and of the test, joined by " > ". */
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Why it was skipped, from the name after ` # SKIP `; "" otherwise. */
  readonly reason: string;
}

interface Tag {
  readonly name: string;
  readonly attributes: string;
  readonly kind: "open" | "close" | "empty";
}

/** Reads a report of `bun test`. */
export function parseBunJunit(xml: string): TestResult[] {
  const results: TestResult[] = [];
  const suites: string[] = [];
  let test: { name: string; status: TestResult["status"] } | undefined;
  const close = (): void => {
    if (test !== undefined) results.push(result(test.name, test.status));
    test = undefined;
  };
  for (const tag of tags(xml)) {
    if (tag.name === "testsuite" && tag.kind === "open") suites.push(attribute(tag, "name"));
    else if (tag.name === "testsuite" && tag.kind === "close") suites.pop();
    else if (tag.name === "testcase" && tag.kind !== "close") {
      // The outermost suite is the file.
      test = { name: [...suites.slice(1), attribute(tag, "name")].join(" > "), status: "passed" };
      if (tag.kind === "empty") close();
    } else if (tag.name === "testcase") close();
    else if (test !== undefined) test.status = statusOf(tag, test.status);
  }
  return results;
}

/** Reads a report of `deno test`. */
export function parseDenoJunit(xml: string): TestResult[] {
  const all: TestResult[] = [];
  let test: { name: string; status: TestResult["status"] } | undefined;
  for (const tag of tags(xml)) {
    if (tag.name === "testcase" && tag.kind !== "close") {
      test = { name: attribute(tag, "name"), status: "passed" };
      if (tag.kind === "empty") all.push(result(test.name, test.status));
    } else if (tag.name === "testcase") all.push(result(test!.name, test!.status));
    else if (test !== undefined) test.status = statusOf(tag, test.status);
  }
  const names = all.map((one) => one.name);
  const inside = (suite: TestResult): TestResult[] =>
    all.filter((one) => one.name.startsWith(`${suite.name} > `));
  return all.filter((one) => {
    if (!names.some((name) => name.startsWith(`${one.name} > `))) return true;
    // A suite fails with its tests; alone it fails when a hook of its own does, and that must count.
    return one.status === "failed" && !inside(one).some((other) => other.status === "failed");
  });
}

function result(name: string, status: TestResult["status"]): TestResult {
  const at = name.indexOf(" # SKIP ");
  if (at < 0) return { name, status, reason: status === "skipped" ? "no reason given" : "" };
  return {
    name: name.slice(0, at),
    status,
    reason: status === "skipped" ? name.slice(at + 8) : "",
  };
}

function statusOf(tag: Tag, before: TestResult["status"]): TestResult["status"] {
  if (tag.name === "failure" || tag.name === "error") return "failed";
  if (tag.name === "skipped") return "skipped";
  return before;
}

function* tags(xml: string): Generator<Tag> {
  // CDATA and comments hold a test's output, in which anything may stand.
  const pattern =
    /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->|<(\/?)([a-z]+)((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*(\/?)>/g;
  for (const match of xml.matchAll(pattern)) {
    if (match[2] === undefined) continue;
    yield {
      name: match[2],
      attributes: match[3]!,
      kind: match[1] === "/" ? "close" : match[4] === "/" ? "empty" : "open",
    };
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function attribute(tag: Tag, name: string): string {
  const match = new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`).exec(tag.attributes);
  if (match === null) return "";
  return match[1]!.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex, decimal, entity) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return ENTITIES[entity] ?? whole;
    },
  );
}
