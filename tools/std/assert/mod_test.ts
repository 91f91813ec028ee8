import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unimplemented,
  unreachable,
} from "@std/assert";
import { describe, it } from "@std/testing/bdd";

/** Whether `fn` fails as an assertion does. Written without the functions under test. */
function fails(fn: () => unknown): boolean {
  try {
    fn();
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
  return false;
}

async function failsLater(fn: () => Promise<unknown>): Promise<boolean> {
  try {
    await fn();
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
  return false;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

class Special extends Error {
  code = 7;
}

describe("@std/assert: assertEquals()", () => {
  const equal: readonly (readonly [unknown, unknown])[] = [
    [1, 1],
    [NaN, NaN],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [new Uint8Array(new SharedArrayBuffer(2)), new Uint8Array(2)],
    [new Map([[1, { a: 1 }]]), new Map([[1, { a: 1 }]])],
    [new Set([1, 2]), new Set([2, 1])],
    [new Date(5), new Date(5)],
    [[undefined], [undefined]],
    [10n, 10n],
    ["é", "é"],
  ];
  const different: readonly (readonly [unknown, unknown])[] = [
    [1, 2],
    [1, "1"],
    [1, 1n],
    [0, -0],
    [null, undefined],
    [{ a: 1 }, { a: 1, b: undefined }],
    [[1, 2], [2, 1]],
    [[1], { 0: 1 }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [new Uint8Array([1]), new Int8Array([1])],
    [new Uint8Array([1]), [1]],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([2])],
    [new Error("a"), new Error("b")],
    [new Special("a"), new Error("a")],
  ];

  for (const [a, b] of equal) {
    it(`holds for ${String(a)} and ${String(b)}`, () => {
      check(!fails(() => assertEquals(a, b)), "not equal");
      check(fails(() => assertNotEquals(a, b)), "not unequal");
    });
  }

  different.forEach(([a, b], i) => {
    it(`fails for pair ${i}: ${String(a)} and ${String(b)}`, () => {
      check(fails(() => assertEquals<unknown>(a, b)), "equal");
      check(!fails(() => assertNotEquals<unknown>(a, b)), "not unequal");
    });
  });

  it("says where arrays differ first, and the caller's message", () => {
    try {
      assertEquals(new Uint8Array([1, 2, 3]), new Uint8Array([1, 9, 3]), "the frame");
    } catch (error) {
      const { message } = error as Error;
      check(message.includes("the frame"), message);
      check(message.includes("first difference at index 1: 2 and 9"), message);
    }
  });
});

describe("@std/assert: simple assertions", () => {
  const object = {};
  const cases: readonly (readonly [string, () => unknown, () => unknown])[] = [
    ["assert", () => assert(1), () => assert(0, "zero")],
    ["assertFalse", () => assertFalse(0), () => assertFalse(1)],
    [
      "assertStrictEquals",
      () => assertStrictEquals(object, object),
      () => assertStrictEquals({}, {}),
    ],
    [
      "assertNotStrictEquals",
      () => assertNotStrictEquals({}, {}),
      () => assertNotStrictEquals(object, object),
    ],
    ["assertExists", () => assertExists(0), () => assertExists(null)],
    [
      "assertInstanceOf",
      () => assertInstanceOf(new Special(), Error),
      () => assertInstanceOf({}, Error),
    ],
    [
      "assertNotInstanceOf",
      () => assertNotInstanceOf({}, Error),
      () => assertNotInstanceOf(new Special(), Error),
    ],
    ["assertMatch", () => assertMatch("abc", /b/), () => assertMatch("abc", /d/)],
    ["assertNotMatch", () => assertNotMatch("abc", /d/), () => assertNotMatch("abc", /b/)],
    [
      "assertStringIncludes",
      () => assertStringIncludes("abc", "bc"),
      () => assertStringIncludes("abc", "cb"),
    ],
    ["assertGreater", () => assertGreater(2, 1), () => assertGreater(1, 1)],
    ["assertGreater of NaN", () => assertGreater(2n, 1n), () => assertGreater(NaN, 1)],
    ["assertGreaterOrEqual", () => assertGreaterOrEqual(1, 1), () => assertGreaterOrEqual(0, 1)],
    ["assertLess", () => assertLess(1, 2), () => assertLess(1, 1)],
    ["assertLessOrEqual", () => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1)],
    [
      "assertAlmostEquals",
      () => assertAlmostEquals(0.1 + 0.2, 0.3),
      () => assertAlmostEquals(1, 1.1),
    ],
    ["its tolerance", () => assertAlmostEquals(1, 1.1, 0.2), () => assertAlmostEquals(1, 1.3, 0.2)],
    [
      "assertArrayIncludes",
      () => assertArrayIncludes([{ a: 1 }, 2], [{ a: 1 }]),
      () => assertArrayIncludes([1], [1, 2]),
    ],
    [
      "assertObjectMatch",
      () => assertObjectMatch({ a: { b: 1, c: 2 } }, { a: { b: 1 } }),
      () => assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }),
    ],
    [
      "assertObjectMatch of absent keys",
      () => assertObjectMatch({ a: 1 }, {}),
      () => assertObjectMatch({ a: 1 }, { b: undefined }),
    ],
    ["fail", () => {}, () => fail("no")],
    ["unreachable", () => {}, () => unreachable()],
    ["unimplemented", () => {}, () => unimplemented()],
  ];
  for (const [name, good, bad] of cases) {
    it(`${name} passes and fails as it should`, () => {
      check(!fails(good), "failed");
      check(fails(bad), "passed");
    });
  }
});

describe("@std/assert: assertThrows()", () => {
  const thrower = (): never => {
    throw new Special("no room in pool 'buf'");
  };

  it("returns what was thrown", () => {
    check(assertThrows(thrower, Special).code === 7, "not returned");
    check(
      assertThrows(() => {
        throw 5;
      }) === 5,
      "not returned",
    );
  });

  it("checks class and message", () => {
    assertThrows(thrower, Error, "pool 'buf'");
    check(fails(() => assertThrows(thrower, TypeError)), "class");
    check(fails(() => assertThrows(thrower, Special, "pool 'ring'")), "message");
    check(fails(() => assertThrows(() => {}, Special)), "nothing thrown");
    check(fails(() => assertThrows(() => {})), "nothing thrown");
  });

  it("does not take what is no Error for one", () => {
    check(
      fails(() =>
        assertThrows(() => {
          throw "text";
        }, Error)
      ),
      "a string passed",
    );
  });
});

describe("@std/assert: assertRejects()", () => {
  const rejecter = async (): Promise<never> => {
    await Promise.resolve();
    throw new Special("gone");
  };

  it("resolves to what it rejected with", async () => {
    check((await assertRejects(rejecter, Special, "gone")).code === 7, "not resolved");
  });

  it("checks class and message, and that it rejects at all", async () => {
    check(await failsLater(() => assertRejects(rejecter, TypeError)), "class");
    check(await failsLater(() => assertRejects(rejecter, Special, "here")), "message");
    check(await failsLater(() => assertRejects(() => Promise.resolve(1))), "resolved");
  });

  it("tells a throw from a rejection", async () => {
    check(
      await failsLater(() =>
        assertRejects(() => {
          throw new Special("at once");
        })
      ),
      "a throw passed",
    );
  });
});

describe("@std/assert: assertIsError()", () => {
  it("checks a caught error", () => {
    assertIsError(new Special("a b"), Special, /a.b/);
    check(fails(() => assertIsError(new Special("a"), Special, "b")), "message");
    check(fails(() => assertIsError("a")), "no error");
  });
});
