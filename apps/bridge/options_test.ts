import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UsageError } from "../shared/arguments.ts";
import { readOptions } from "./options.ts";

describe("readOptions() of bridge", () => {
  it("takes two ports", () => {
    assertEquals(readOptions(["-i", "vale0:a", "-i", "netmap:p{1"]), {
      help: false,
      a: "vale0:a",
      b: "netmap:p{1",
      batch: 1024,
      zeroCopy: true,
      waitLink: 0,
      verbose: false,
      busyWait: false,
      duration: undefined,
      json: false,
    });
  });

  it("takes ports and batch without letters, which go before those with", () => {
    const { a, b, batch } = readOptions(["vale0:a", "vale0:b", "64"]);
    assertEquals([a, b, batch], ["vale0:a", "vale0:b", 64]);
    assertEquals(readOptions(["-i", "vale0:x", "-i", "vale0:b", "vale0:a"]).a, "vale0:a");
  });

  it("takes one interface and its host's stack, or a loop", () => {
    const ends = (...args: string[]) => {
      const { a, b, waitLink } = readOptions(args);
      return [a, b, waitLink];
    };
    assertEquals(ends("-i", "eth0"), ["netmap:eth0^", "netmap:eth0", 2]);
    assertEquals(ends("-i", "netmap:eth0", "-i", "eth0"), ["netmap:eth0^", "netmap:eth0", 2]);
    assertEquals(ends("-L", "-i", "vale0:a"), ["vale0:a", "vale0:a", 0]);
    assertEquals(ends("-i", "vale0:a", "-i", "eth0", "-w", "7"), ["vale0:a", "netmap:eth0", 7]);
  });

  it("takes the rest", () => {
    const args = "-vcb8 -w 0 --busy --json --duration=2.5 -i vale0:a -i vale0:b".split(" ");
    const { verbose, zeroCopy, batch, busyWait, json, duration } = readOptions(args);
    assertEquals([verbose, zeroCopy, batch, busyWait, json, duration], [
      true,
      false,
      8,
      true,
      true,
      2.5,
    ]);
    assertEquals(readOptions(["-h"]).help, true);
    assertEquals(readOptions(["--help"]).help, true);
  });

  it("refuses what cannot be meant, and says what to do", () => {
    const cases: [string, string][] = [
      ["", "Cannot bridge without a port: write 'bridge -i PORT -i PORT'"],
      ["-i a -i b -i c", "Cannot bridge 'c' too: a bridge has two ports"],
      ["a b 1 c", "Cannot bridge 'c' too"],
      ["-i vale0:a", "Cannot bridge 'vale0:a' with its host's stack as it is no interface"],
      ["-i p{1", "Cannot bridge 'p{1' with its host's stack"],
      ["-L -i a -i b", "Cannot loop '-L' with two ports"],
      ["-i vale0: -i b", "Cannot parse"],
      ["-b 0 a b", "Cannot use '0' for '-b': give a whole number from 1 to 8192"],
      ["-b 9000 a b", "Cannot use '9000' for '-b'"],
      ["-w long a b", "Cannot use 'long' for '-w': give a whole number from 0 to 100"],
      ["-x a b", "Cannot use option '-x' as there is none"],
      ["--duration a b", "Cannot use '' for '--duration'"],
    ];
    for (const [line, message] of cases) {
      const args = line === "" ? [] : line.split(" ");
      assertThrows(() => readOptions(args), UsageError, message);
    }
  });
});
