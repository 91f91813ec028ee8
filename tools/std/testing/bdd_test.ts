import { assertEquals } from "@std/assert";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";

const log: string[] = [];

beforeEach(() => {
  log.push("root beforeEach");
});

it("runs the hooks outside of every suite", () => {
  assertEquals(log.splice(0), ["root beforeEach"]);
});

describe("bdd hooks", () => {
  beforeAll(() => {
    log.push("outer beforeAll");
  });
  beforeEach(function (this: { n: number }) {
    this.n = 1;
    log.push("outer beforeEach");
  });
  afterEach(() => {
    log.push("outer afterEach");
  });

  describe("in a nested suite", () => {
    beforeAll(async () => {
      await Promise.resolve();
      log.push("inner beforeAll");
    });
    beforeEach(() => {
      log.push("inner beforeEach");
    });
    afterEach(async () => {
      await Promise.resolve();
      log.push("inner afterEach");
    });
    afterAll(() => {
      log.push("inner afterAll");
    });

    it("run from the outside in before the first test", () => {
      assertEquals(log.splice(0), [
        "outer beforeAll",
        "inner beforeAll",
        "root beforeEach",
        "outer beforeEach",
        "inner beforeEach",
      ]);
    });

    it("run from the inside out after each test, beforeAll not again", async () => {
      await Promise.resolve();
      assertEquals(log.splice(0), [
        "inner afterEach",
        "outer afterEach",
        "root beforeEach",
        "outer beforeEach",
        "inner beforeEach",
      ]);
    });
  });

  it("run afterAll when the suite is over", () => {
    assertEquals(log.splice(0), [
      "inner afterEach",
      "outer afterEach",
      "inner afterAll",
      "root beforeEach",
      "outer beforeEach",
    ]);
  });

  it("give each test a context of its own", function (this: { n: number }) {
    assertEquals(this.n, 1);
    this.n = 2;
  });

  it("give each test a context of its own, again", function (this: { n: number }) {
    assertEquals(this.n, 1);
  });
});

const later = describe({
  name: "a suite that is filled later",
  beforeEach: () => void log.push("later"),
});
log.length = 0;
it(later, "takes tests by its handle", () => {
  assertEquals(log.at(-1), "later");
});
describe(later, "and suites", () => {
  it("take part", () => assertEquals(log.at(-1), "later"));
});
