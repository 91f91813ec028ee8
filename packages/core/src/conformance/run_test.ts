import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LoopbackDevice } from "../loopback_fixture.ts";
import { portInfoRequest } from "../abi/request.ts";
import { EINVAL, ENXIO } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import {
  CAPABILITIES,
  type Capability,
  type ConformanceCase,
  type ConformanceTarget,
} from "./case.ts";
import { CONFORMANCE_CASES } from "./cases.ts";
import { check, equal, errnoOf, fails } from "./expect.ts";
import { registerConformance } from "./register_tests.ts";
import { type CaseResult, runCases, summaryOf } from "./run.ts";

function target(...capabilities: Capability[]): ConformanceTarget {
  return { device: new LoopbackDevice(), capabilities: new Set(capabilities) };
}

function one(fields: Partial<ConformanceCase>): ConformanceCase {
  return { name: "does it", area: "sync", run: () => {}, ...fields };
}

async function resultsOf(
  cases: readonly ConformanceCase[],
  on: ConformanceTarget = target(),
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for await (const result of runCases(cases, on)) results.push(result);
  return results;
}

function messageOf(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("the conformance suite", () => {
  it("has cases with names of their own, needs that exist, and a note where we differ", () => {
    assert(CONFORMANCE_CASES.length >= 400, `${CONFORMANCE_CASES.length} cases`);
    const names = CONFORMANCE_CASES.map(({ area, name }) => `${area}: ${name}`);
    assertEquals(new Set(names).size, names.length);
    for (const { name, needs = [], oursOnly, reference } of CONFORMANCE_CASES) {
      for (const need of needs) assert(need in CAPABILITIES, `${name} needs '${need}'`);
      assert(oursOnly !== true || reference !== undefined, name);
    }
  });

  it("finds what a device does not do", async () => {
    const all = new Set(Object.keys(CAPABILITIES)) as Set<Capability>;
    for (const capability of ["raw-ioctl", "interface", "host-rings", "real-fd"] as const) {
      all.delete(capability);
    }
    // Not those that wait for what never comes here, or ask for as much as there is.
    const areas = ["registration", "rings", "sync", "pipes", "vale", "exclusivity", "options"];
    const cases = CONFORMANCE_CASES.filter(({ area }) => areas.includes(area));
    const results = await resultsOf(cases, { device: new LoopbackDevice(), capabilities: all });
    const failed = results.filter(({ status }) => status === "failed");
    assert(failed.length > 100, summaryOf(results));
    assert(failed.every(({ reason }) => reason.length > 10), "each says why");
  });
});

describe("runCases()", () => {
  it("says what became of each case, and why", async () => {
    const results = await resultsOf([
      one({}),
      one({ run: () => equal(1, 2, "the number") }),
      one({ run: () => Promise.reject(new Error("later")) }),
      one({ needs: ["pipes"] }),
      one({ reference: "it does not", oursOnly: true }),
    ]);
    assertEquals(results.map(({ status, reason }) => [status, reason]), [
      ["passed", ""],
      ["failed", "Expected the number to be 2, but it is 1"],
      ["failed", "later"],
      ["skipped", "the device has no pipes"],
      ["passed", ""],
    ]);
    assertEquals(summaryOf(results), "2 passed, 2 failed, 1 skipped");
  });

  it("does not ask netmap itself what we do otherwise", async () => {
    const differs = one({ reference: "it does not", oursOnly: true });
    const [result] = await resultsOf([differs], { ...target(), isReference: true });
    assertEquals([result.status, result.reason], ["skipped", "netmap differs: it does not"]);
  });

  it("undoes what a case did, last first, also when it failed", async () => {
    const undone: string[] = [];
    await resultsOf([one({
      run(context) {
        context.defer(() => undone.push("first"));
        context.defer(() => undone.push("second"));
        throw new Error("no");
      },
    })]);
    assertEquals(undone, ["second", "first"]);
  });

  it("closes what a case opened, and fails a case that leaves something behind", async () => {
    const device = new LoopbackDevice();
    const capabilities = new Set<Capability>();
    const settled = (): void => {
      throw new Error("it is still there");
    };
    const opens = one({ run: (context) => void context.open() });
    const [result] = await resultsOf([opens], { device, capabilities, settled });
    assertEquals([result.status, result.reason], ["failed", "it is still there"]);
    assertEquals(device.opened.map((each) => each.closes), [1]);
  });

  it("gives each case names of its own", async () => {
    const names: string[] = [];
    const named = one({ run: (context) => void names.push(context.vale(), context.plain()) });
    await resultsOf([named, named]);
    assertEquals(new Set(names).size, 4);
    for (const name of names) assert(name.length <= 15, name);
  });

  it("closes the descriptor that a question was asked on", async () => {
    const device = new LoopbackDevice();
    const asks = one({ run: (context) => void context.ask(portInfoRequest("x")) });
    await resultsOf([asks], { device, capabilities: new Set() });
    assertEquals(device.opened.map((each) => each.closes), [1]);
  });
});

describe("registerConformance()", () => {
  it("registers a test for each case, and skips with the reason", () => {
    const seen: string[] = [];
    const note = (kind: string) => (name: string): void => void seen.push(`${kind} ${name}`);
    const it = Object.assign(note("it"), { skip: note("skip") });
    const describe = (name: string, body: () => void): void => {
      seen.push(`describe ${name}`);
      body();
    };
    const cases = [one({}), one({ name: "does that", needs: ["vale"] })];
    registerConformance("title", target(), { describe, it }, cases);
    assertEquals(seen, [
      "describe title",
      "describe sync",
      "it does it",
      "skip does that # SKIP the device has no VALE switches",
    ]);
  });
});

describe("the suite's assertions", () => {
  it("compare numbers, bytes and arrays by value", () => {
    equal([1, new Uint8Array([2])], [1, new Uint8Array([2])], "it");
    assertStringIncludes(messageOf(() => equal(1, 2, "it")), "Expected it to be 2, but it is 1");
    assert(messageOf(() => equal(new Uint8Array([1]), new Uint8Array([2]), "it")) !== "");
    assert(messageOf(() => equal(new Uint8Array(1), new Uint8Array(2), "it")) !== "");
    const long = new Uint8Array(500);
    const other = long.slice();
    other[499] = 1;
    assert(messageOf(() => equal(long, other, "it")) !== "", "also where they differ late");
    assert(messageOf(() => equal("1", 1, "it")) !== "");
  });

  it("want the errno that was named, and a sentence", () => {
    const error = (errno: number, message: string) => (): never => {
      throw new NetmapError(errno, message);
    };
    fails(EINVAL, error(EINVAL, "Cannot do it"), "it");
    assertStringIncludes(messageOf(() => fails(ENXIO, error(EINVAL, "No"), "it")), "EINVAL: No");
    assertStringIncludes(messageOf(() => fails(ENXIO, () => {}, "it")), "it succeeded");
    assert(messageOf(() => fails(EINVAL, error(EINVAL, "Cannot."), "it")).includes("sentence"));
    assertEquals([errnoOf(error(EINVAL, "No")), errnoOf(() => {})], [EINVAL, 0]);
    assertStringIncludes(messageOf(() => check(false, "it is so")), "It is not so that it is so");
  });

  it("let other errors through", () => {
    const broken = (): never => {
      throw new TypeError("broken");
    };
    assertEquals(messageOf(() => fails(EINVAL, broken, "it")), "broken");
    assertEquals(messageOf(() => errnoOf(broken)), "broken");
  });
});
