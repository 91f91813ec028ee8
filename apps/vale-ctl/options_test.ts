import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UsageError } from "../shared/arguments.ts";
import { readOptions } from "./options.ts";

const NO_RINGS = { txSlots: 0, rxSlots: 0, txRings: 0, rxRings: 0 };

describe("readOptions() of vale-ctl", () => {
  it("lists everything when nothing is said", () => {
    assertEquals(readOptions([]), {
      help: false,
      operation: "list",
      name: "",
      rings: NO_RINGS,
      polling: {},
      memId: 0,
      verbose: 0,
      json: false,
      watch: undefined,
    });
    assertEquals(readOptions(["-l"]), readOptions([]));
  });

  it("takes each operation", () => {
    const cases: [string[], string, string][] = [
      [["-a", "vale0:eth0"], "attach", "vale0:eth0"],
      [["-hvale0:eth0"], "attach-host", "vale0:eth0"],
      [["-d", "vale_1:eth0.1"], "detach", "vale_1:eth0.1"],
      [["-n", "v0"], "create", "v0"],
      [["-r", "v0"], "remove", "v0"],
      [["-g", "netmap:eth0"], "info", "netmap:eth0"],
      [["-l", "vale0:a"], "list", "vale0:a"],
      [["-p", "vale0:eth0"], "poll", "vale0:eth0"],
      [["-P", "vale0:eth0"], "stop-polling", "vale0:eth0"],
    ];
    for (const [args, operation, name] of cases) {
      const options = readOptions([...args, "-vv", "--json"]);
      assertEquals([options.operation, options.name], [operation, name]);
      assertEquals([options.verbose, options.json], [2, true]);
    }
  });

  it("reads rings and slots as the classic does", () => {
    const cases: [string, number[]][] = [
      ["512", [512, 512, 0, 0]],
      ["512,256", [512, 256, 0, 0]],
      ["512,256,2", [512, 256, 2, 2]],
      ["512,256,2,4", [512, 256, 2, 4]],
      ["0,0,3", [0, 0, 3, 3]],
    ];
    for (const [text, [txSlots, rxSlots, txRings, rxRings]] of cases) {
      const expected = { txSlots, rxSlots, txRings, rxRings };
      assertEquals(readOptions(["-C", text, "-n", "v0"]).rings, expected);
    }
  });

  it("reads how to poll", () => {
    const polling = (...args: string[]) => readOptions(["-p", "vale0:e", ...args]).polling;
    assertEquals(polling(), { mode: 1, firstCpu: 0, cpus: 1 });
    assertEquals(polling("-C", "0,3"), { mode: 1, firstCpu: 3, cpus: 1 });
    assertEquals(polling("-C", "1,2,4"), { mode: 2, firstCpu: 2, cpus: 4 });
  });

  it("watches", () => {
    assertEquals(readOptions(["--watch"]).watch, 1);
    assertEquals(readOptions(["--watch=0.5", "-l"]).watch, 0.5);
  });

  it("refuses what cannot be meant, and says what to do", () => {
    const cases: [string[], string][] = [
      [["-x"], "Cannot use option '-x' as there is none: there are -C -P -a -d -g -h -l -m"],
      [["-a"], "Cannot use '-a' without a value"],
      [["-a", "eth0"], "Cannot use 'eth0' with '-a': give switch and port, as 'vale0:eth0'"],
      [["-d", "vale0"], "Cannot use 'vale0' with '-d': give switch and port"],
      [["-l", "eth0"], "Cannot use 'eth0' with '-l'"],
      [["-n", "vale0:a"], "Cannot use 'vale0:a' with '-n': give the name of a persistent port"],
      [["-r", "abcdefghijklmnop"], "at most 15 characters"],
      [["-a", "vale0:a", "-d", "vale0:b"], "Cannot do '-a vale0:a' and '-d vale0:b' at once"],
      [["-n", "v0", "-C", "many"], "Cannot use 'many' for '-C': give a whole number"],
      [["-n", "v0", "-C", "1,2,3,4,5"], "Cannot use '-C 1,2,3,4,5': give at most 4 numbers"],
      [["-p", "vale0:e", "-C", "0,1,2"], "Cannot use '-C 0,1,2' with '-p': give '0,CPU'"],
      [["-p", "vale0:e", "-C", "2"], "Cannot use '-C 2' with '-p'"],
      [["-d", "vale0:e", "-C", "1"], "Cannot use '-C' with '-d': it goes with '-n', '-a'"],
      [["-n", "v0", "-m", "-1"], "Cannot use '-1' for '-m'"],
      [["-p", "vale0:e", "-m", "1"], "Cannot use '-m' with '-p'"],
      [["-n", "v0", "--watch"], "Cannot watch '-n v0': '--watch' is for the list"],
      [["--watch=soon"], "Cannot use 'soon' for '--watch': give seconds"],
      [["vale0"], "Cannot use 'vale0' without an option before it"],
    ];
    for (const [args, message] of cases) {
      assertThrows(() => readOptions(args), UsageError, message);
    }
  });
});
